/* watch.c - descriptors that are no streams, for loop.h. */
#include "io/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/inside.h"

struct watch {
	struct loop	*loop;
	struct event	*ev;
	loop_fn		 fn;
	void		*arg;
};

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	(void)what;
	loop_stir(w->loop);
	w->fn(w->arg);
}

static struct watch *
watch_new(struct loop *l, int fd, short what, loop_fn fn, void *arg)
{
	struct watch *w = xmalloc(sizeof *w);

	w->loop = l;
	w->fn = fn;
	w->arg = arg;
	w->ev = event_new(loop_base(l), fd, what | EV_PERSIST, on_watch, w);
	if (w->ev == NULL || event_add(w->ev, NULL) == -1)
		fatalx("loop: cannot watch descriptor %d", fd);
	return w;
}

struct watch *
watch_readable(struct loop *l, int fd, loop_fn fn, void *arg)
{
	return watch_new(l, fd, EV_READ, fn, arg);
}

struct watch *
watch_writable(struct loop *l, int fd, loop_fn fn, void *arg)
{
	return watch_new(l, fd, EV_WRITE, fn, arg);
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	event_free(w->ev);
	free(w);
}
