/*
 * cutter.c -port-file FILE [-times N] [-after N] PORT - a link that breaks where
 * one wants it: listens on a free port of 127.0.0.1 and passes connections on
 * to PORT there. Of the first -times of them (all) only -after bytes (0) come
 * back from there, then they are cut. A process for each connection; all end
 * with this one.
 *
 * It stands on its own, not on lib/, so as not to share its mistakes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

static void
die(const char *what)
{
	fprintf(stderr, "cutter: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in
here(int port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	sin.sin_port = htons((unsigned short)port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sin;
}

static int
listen_here(const char *port_file)
{
	struct sockaddr_in	sin = here(0);
	socklen_t		len = sizeof sin;
	struct err		e = ERR_INIT;
	char			text[16];
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		die("listen");
	snprintf(text, sizeof text, "%d\n", ntohs(sin.sin_port));
	if (file_write(port_file, text, strlen(text), 0644, &e) == -1)
		die(e.msg);
	return fd;
}

/* One piece; false: this is the end of the connection. left -1: no limit. */
static bool
pass(int from, int to, long long *left)
{
	char	buf[65536];
	ssize_t	n;

	if (*left == 0)
		return false;
	n = read(from, buf, *left > 0 && *left < (long long)sizeof buf ?
	    (size_t)*left : sizeof buf);
	if (n <= 0 || file_write_all(to, buf, (size_t)n) == -1)
		return false;
	if (*left > 0)
		*left -= n;
	return *left != 0;
}

static void
serve(int client, int port, long long after)
{
	struct sockaddr_in	sin = here(port);
	int			server = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd		p[2] = { { .fd = client, .events = POLLIN },
		{ .fd = server, .events = POLLIN } };
	long long		none = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (connect(server, (struct sockaddr *)&sin, sizeof sin) == -1)
		_exit(0);
	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			die("poll");
		if (p[0].revents != 0 && !pass(client, server, &none))
			break;
		if (p[1].revents != 0 && !pass(server, client, &after))
			break;
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	const struct sigaction	 no_zombies = { .sa_handler = SIG_IGN };
	const char		*port_file = NULL;
	long long		 times = -1, after = 0;
	int			 i, fd, client;

	for (i = 1; i + 1 < argc - 1; i += 2) {
		if (strcmp(argv[i], "-port-file") == 0)
			port_file = argv[i + 1];
		else if (strcmp(argv[i], "-times") == 0)
			times = strtoll(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "-after") == 0)
			after = strtoll(argv[i + 1], NULL, 10);
	}
	if (port_file == NULL) {
		fprintf(stderr, "usage: cutter -port-file FILE [-times N] [-after N] PORT\n");
		return 2;
	}
	if (sigaction(SIGCHLD, &no_zombies, NULL) == -1)
		die("SIGCHLD");
	fd = listen_here(port_file);
	for (;; close(client)) {
		if ((client = accept(fd, NULL, NULL)) == -1)
			die("accept");
		if (fork() == 0)
			serve(client, (int)strtol(argv[argc - 1], NULL, 10),
			    times == 0 ? -1 : after);
		if (times > 0)
			times--;
	}
}
