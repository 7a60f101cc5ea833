/* call_text.c - requests whose answer is a text, or of which nobody wants to know. */
#include "client/call.h"

#include "base/str.h"
#include "io/buf.h"

struct collect {
	struct str	*out;	/* NULL: dropped */
	size_t		 left;
	bool		 over;	/* there was more */
};

static int
collect_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct collect	*to = arg;
	const void	*p;
	size_t		 len;

	while ((p = buf_peek(b, &len)) != NULL) {
		to->over = len > to->left;
		if (to->over)
			return err_set(e, "the answer is too long");
		to->left -= len;
		if (to->out != NULL)
			str_addn(to->out, p, len);
		buf_drain(b, len);
	}
	return 0;
}

int
call_collect(struct call *c, size_t max, struct str *out, struct err *e)
{
	struct collect	to = { out, max, false };
	int		ret = call_read(c, collect_sink, &to, e);

	return ret == -1 && to.over ? err_wrap(e, "%s", call_hop(c)) : ret;
}

int
call_text(struct call *c, const struct call_request *q, size_t max,
    struct str *out, struct err *e)
{
	if (call_send(c, q, e) == -1)
		return -1;
	return call_collect(c, max, out, e);
}
