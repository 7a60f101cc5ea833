/* superorder.c - see superorder.h. */
#include "buildlet/superorder.h"

#ifdef __linux__

#include <sys/inotify.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	4096

static int
watch_pipe(const struct superorder *o, int fd)
{
	char	path[40];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return inotify_add_watch(o->fd, path, IN_MODIFY);
}

void
superorder_watch(struct superorder *o, const int pipes[2])
{
	o->runs = 0;
	if (o->fd == -1)
		o->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (o->fd == -1)
		return;
	o->watch[0] = watch_pipe(o, pipes[0]);
	o->watch[1] = watch_pipe(o, pipes[1]);
	if (o->watch[0] == -1 || o->watch[1] == -1)
		superorder_unwatch(o);
}

/* The pipes may live on, held by somebody who writes and writes. */
void
superorder_unwatch(struct superorder *o)
{
	int	i;

	if (o->watch[0] == -1 && o->watch[1] == -1)
		return;
	for (i = 0; i < 2; i++) {
		if (o->watch[i] != -1)
			inotify_rm_watch(o->fd, o->watch[i]);
		o->watch[i] = -1;
	}
	while (superorder_look(o))
		continue;
	o->runs = 0;
}

static void
add_run(struct superorder *o, int which)
{
	int	last = o->runs % 2 == 1 ? o->next : !o->next;

	if (o->runs == 0)
		o->next = which;
	else if (last == which)
		return;
	o->runs++;
}

bool
superorder_look(struct superorder *o)
{
	union {
		struct inotify_event	first;
		char			room[BLOCK];
	}			 buf;
	struct inotify_event	 ev;
	ssize_t			 n, at;

	if (o->fd == -1)
		return false;
	n = read(o->fd, &buf, sizeof buf);
	for (at = 0; at + (ssize_t)sizeof ev <= n; at += (ssize_t)(sizeof ev + ev.len)) {
		memcpy(&ev, buf.room + at, sizeof ev);
		if ((ev.mask & IN_MODIFY) != 0 && ev.wd != -1 &&
		    (ev.wd == o->watch[0] || ev.wd == o->watch[1]))
			add_run(o, ev.wd == o->watch[1]);
	}
	return n > 0;
}

#else

void
superorder_watch(struct superorder *o, const int pipes[2])
{
	(void)pipes;
	o->runs = 0;
}

void
superorder_unwatch(struct superorder *o)
{
	o->runs = 0;
}

bool
superorder_look(struct superorder *o)
{
	(void)o;
	return false;
}

#endif
