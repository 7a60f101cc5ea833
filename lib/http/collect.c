/* collect.c - body_collect: a whole short body as one text. */
#include "http/client.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "io/buf.h"

struct collect {
	struct body	*body;
	struct evbuffer	*buf;
	size_t		 max;
	void		(*fn)(char *, size_t, const struct err *, void *);
	void		*arg;
};

static void
collect_finish(struct collect *c, const struct err *why)
{
	size_t	 len = 0;
	char	*text = why == NULL ? buf_string(c->buf, &len) : NULL;

	c->fn(text, len, why, c->arg);
	body_close(c->body);	/* not before: why may be the body's */
	buf_free(c->buf);
	free(c);
}

static void
on_data(struct body *b, void *arg)
{
	struct collect	*c = arg;
	struct err	 e = ERR_INIT;

	buf_move(c->buf, body_buf(b), c->max + 1);
	if (buf_len(c->buf) > c->max) {
		err_code(&e, EMSGSIZE, "body of more than %zu bytes", c->max);
		collect_finish(c, &e);
		return;
	}
	body_took(b);
	if (body_error(b) != NULL)
		collect_finish(c, body_error(b));
	else if (body_done(b))
		collect_finish(c, NULL);
}

void
body_collect(struct body *b, size_t max,
    void (*fn)(char *text, size_t len, const struct err *why, void *arg),
    void *arg)
{
	struct collect	*c = xcalloc(1, sizeof *c);

	c->body = b;
	c->buf = buf_new();
	c->max = max;
	c->fn = fn;
	c->arg = arg;
	body_on_data(b, on_data, c);
}
