/* outlet.c - writing without waiting, in one order (outlet.h). */
#include "client/outlet.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/queue.h"
#include "base/xmalloc.h"
#include "client/sink.h"
#include "io/buf.h"
#include "io/loop.h"

#define OUTLET_LOW	(OUTLET_HIGH / 4)
#define TURN_MAX	(64 * 1024)	/* written a turn: signals come in between */

/* What goes to one of the two, until something goes to the other. */
struct chunk {
	TAILQ_ENTRY(chunk)	 entry;
	int			 to;
	struct evbuffer		*b;
};

TAILQ_HEAD(chunk_list, chunk);

struct outlet {
	struct loop		*loop;
	void			(*room)(void *);
	void			(*fail)(const struct err *, void *);
	void			*arg;
	struct sink		 sinks[2];
	struct chunk_list	 chunks;
	size_t			 len;
	struct watch		*watch;		/* until the first chunk can be written */
	bool			 due;		/* on_due is deferred */
	bool			 was_full;
	bool			 dropped;
};

struct outlet *
outlet_new(struct loop *loop, void (*room)(void *),
    void (*fail)(const struct err *, void *), void *arg)
{
	struct outlet	*o = xcalloc(1, sizeof *o);

	o->loop = loop;
	o->room = room;
	o->fail = fail;
	o->arg = arg;
	TAILQ_INIT(&o->chunks);
	sink_open(&o->sinks[0], STDOUT_FILENO);
	sink_open(&o->sinks[1], STDERR_FILENO);
	return o;
}

static void
chunk_free(struct outlet *o, struct chunk *c)
{
	TAILQ_REMOVE(&o->chunks, c, entry);
	buf_free(c->b);
	free(c);
}

static void
stop_watching(struct outlet *o)
{
	watch_free(o->watch);
	o->watch = NULL;
}

void
outlet_drop(struct outlet *o)
{
	struct chunk	*c;

	stop_watching(o);
	while ((c = TAILQ_FIRST(&o->chunks)) != NULL)
		chunk_free(o, c);
	o->len = 0;
	o->was_full = false;
	o->dropped = true;
}

static void	on_due(void *);

void
outlet_free(struct outlet *o)
{
	if (o == NULL)
		return;
	outlet_drop(o);
	loop_undefer(o->loop, on_due, o);
	sink_close(&o->sinks[0]);
	sink_close(&o->sinks[1]);
	free(o);
}

/* --- writing ---------------------------------------------------------------- */

static void
go_on_later(struct outlet *o)
{
	if (o->due)
		return;
	o->due = true;
	loop_defer(o->loop, on_due, o);
}

static void
on_writable(void *arg)
{
	struct outlet	*o = arg;

	stop_watching(o);
	go_on_later(o);
}

/* Of the first chunk; how much, 0: not now, -1: failed. */
static ssize_t
write_some(struct outlet *o, struct chunk *c)
{
	struct iovec	 v;
	ssize_t		 n;

	v.iov_base = (void *)(uintptr_t)buf_peek(c->b, &v.iov_len);
	n = sink_write(&o->sinks[c->to], &v, 1);
	if (n >= 0) {
		buf_drain(c->b, (size_t)n);
		o->len -= (size_t)n;
		return n;
	}
	if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
		return 0;
	return -1;
}

static void
failed(struct outlet *o, const struct chunk *c)
{
	struct err	e = ERR_INIT;

	err_errno(&e, "write %s", c->to == 1 ? "stderr" : "stdout");
	outlet_drop(o);
	o->fail(&e, o->arg);
}

static void
on_due(void *arg)
{
	struct outlet	*o = arg;
	struct chunk	*c;
	size_t		 done = 0;
	ssize_t		 n = 1;

	o->due = false;
	while ((c = TAILQ_FIRST(&o->chunks)) != NULL && done < TURN_MAX) {
		if ((n = write_some(o, c)) <= 0)
			break;
		done += (size_t)n;
		if (buf_len(c->b) == 0)
			chunk_free(o, c);
	}
	if (n == -1) {
		failed(o, c);
		return;
	}
	if (c != NULL && n == 0 && o->watch == NULL)
		o->watch = watch_writable(o->loop, o->sinks[c->to].fd, on_writable, o);
	else if (c != NULL)
		go_on_later(o);
	if (o->was_full && o->len <= OUTLET_LOW) {
		o->was_full = false;
		o->room(o->arg);
	}
}

/* --- what comes ------------------------------------------------------------- */

static struct chunk *
chunk_for(struct outlet *o, int to)
{
	struct chunk	*c = TAILQ_LAST(&o->chunks, chunk_list);

	if (c != NULL && c->to == to)
		return c;
	c = xcalloc(1, sizeof *c);
	c->to = to;
	c->b = buf_new();
	TAILQ_INSERT_TAIL(&o->chunks, c, entry);
	return c;
}

void
outlet_line(struct outlet *o, bool to_stderr, const char *name, const char *p,
    size_t len)
{
	struct evbuffer	*b;
	size_t		 before;

	if (o->dropped)
		return;
	b = chunk_for(o, to_stderr ? 1 : 0)->b;
	before = buf_len(b);
	if (name != NULL) {
		buf_adds(b, name);
		buf_adds(b, ": ");
	}
	buf_add(b, p, len);
	buf_adds(b, "\n");
	o->len += buf_len(b) - before;
	o->was_full = o->was_full || o->len >= OUTLET_HIGH;
	if (o->watch == NULL)
		go_on_later(o);
}

bool
outlet_full(const struct outlet *o)
{
	return o->was_full;
}

bool
outlet_empty(const struct outlet *o)
{
	return TAILQ_EMPTY(&o->chunks);
}
