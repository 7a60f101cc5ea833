/*
 * swap.c -port-file FILE ADDRESS FROM TO - a relay like relay.c that puts TO for
 * FROM, a text of the same length, in what ADDRESS answers, if it comes in one
 * piece. So a peer can be made to look like an older one. What ADDRESS is sent goes
 * to stdout, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"

struct swap {
	struct loop	*loop;
	const char	*to, *old, *new;
};

/* Of one connection: the client's end is 0. */
struct link {
	const struct swap	*all;
	struct stream		*s[2];
};

static void
link_free(struct link *l)
{
	stream_close(l->s[0]);
	stream_close(l->s[1]);
	free(l);
}

static struct stream *
other(const struct link *l, const struct stream *s)
{
	return l->s[s == l->s[0]];
}

static void
on_read(struct stream *s, void *arg)
{
	struct link	*l = arg;
	size_t		 len = buf_len(stream_in(s)), n = strlen(l->all->old), at;
	char		*p = xmalloc(len + 1);

	len = buf_take(stream_in(s), p, len);
	for (at = 0; s == l->s[1] && at + n <= len; at++)
		if (memcmp(p + at, l->all->old, n) == 0)
			memcpy(p + at, l->all->new, n);
	if (s == l->s[0] && file_write_all(STDOUT_FILENO, p, len) == -1)
		log_warn("stdout does not take it");
	stream_consumed(s);
	stream_write(other(l, s), p, len);
	free(p);
}

static void
on_eof(struct stream *s, void *arg)
{
	stream_shut(other(arg, s));
}

static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	(void)s;
	(void)why;
	link_free(arg);
}

static const struct stream_cb link_cb = { .read = on_read, .eof = on_eof,
	.error = on_error };

static void
on_connection(struct stream *s, void *arg)
{
	const struct swap	*w = arg;
	const struct net_dial	 d = { .address = w->to, .ms = 10000 };
	struct link		*l = xcalloc(1, sizeof *l);

	l->all = w;
	l->s[0] = s;
	l->s[1] = net_dial(w->loop, &d);
	stream_set_cb(l->s[0], &link_cb, l);
	stream_set_cb(l->s[1], &link_cb, l);
}

int
main(int argc, char **argv)
{
	static const struct net_listen	 how = { .address = "127.0.0.1:0" };
	struct err			 e = ERR_INIT;
	struct swap			 w = { .loop = NULL };
	struct listener			*l = NULL;
	char				 port[16];

	if (argc != 6 || strcmp(argv[1], "-port-file") != 0 ||
	    strlen(argv[4]) != strlen(argv[5]) || *argv[4] == '\0') {
		fprintf(stderr, "usage: swap -port-file FILE ADDRESS FROM TO\n");
		return 2;
	}
	w = (struct swap){ loop_new(&e), argv[3], argv[4], argv[5] };
	log_init("swap", LOG_INFO);
	if (w.loop != NULL)
		l = net_listen(w.loop, &how, on_connection, &w, &e);
	if (l != NULL)
		snprintf(port, sizeof port, "%d\n", listener_port(l));
	if (l == NULL || file_write(argv[2], port, strlen(port), 0644, &e) == -1) {
		log_error("%s", e.msg);
		return 1;
	}
	loop_run(w.loop);
	return 0;
}
