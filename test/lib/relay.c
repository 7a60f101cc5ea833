/*
 * relay.c -port-file FILE [-port N] ADDRESS - a link that can be cut: listens on
 * a free port of 127.0.0.1, or that one, and passes every connection on to ADDRESS. Killed, its
 * connections break; stopped (SIGSTOP), they stand and nothing comes through, as
 * when a cable is pulled.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/splice.h"

struct relay {
	struct loop	*loop;
	const char	*to;
};

static void
on_done(uint64_t there, uint64_t back, const struct err *why, void *arg)
{
	(void)arg;
	log_info("over: %llu bytes there, %llu back%s%s", (unsigned long long)there,
	    (unsigned long long)back, why == NULL ? "" : ": ", why == NULL ? "" : why->msg);
}

static void
on_connection(struct stream *s, void *arg)
{
	struct relay		*r = arg;
	const struct net_dial	 d = { .address = r->to, .ms = 10000 };

	stream_splice(s, net_dial(r->loop, &d), 0, NULL, on_done, NULL);
}

int
main(int argc, char **argv)
{
	char			 address[32], port[16];
	const struct net_listen	 how = { .address = address };
	struct err		 e = ERR_INIT;
	struct relay		 r = { .to = argv[argc - 1] };
	struct listener		*l;

	if (argc < 4 || strcmp(argv[1], "-port-file") != 0 ||
	    (argc != 4 && (argc != 6 || strcmp(argv[3], "-port") != 0))) {
		fprintf(stderr, "usage: relay -port-file FILE [-port N] ADDRESS\n");
		return 2;
	}
	snprintf(address, sizeof address, "127.0.0.1:%s", argc == 6 ? argv[4] : "0");
	log_init("relay", LOG_INFO);
	r.loop = loop_new(&e);
	l = r.loop == NULL ? NULL : net_listen(r.loop, &how, on_connection, &r, &e);
	if (l != NULL)
		snprintf(port, sizeof port, "%d\n", listener_port(l));
	if (l == NULL || file_write(argv[2], port, strlen(port), 0644, &e) == -1) {
		log_error("%s", e.msg);
		return 1;
	}
	loop_run(r.loop);
	return 0;
}
