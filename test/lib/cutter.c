/*
 * cutter.c -port-file FILE [-times N] [-after N] [-rate N -free FILE] PORT - a link that
 * breaks where one wants it, or is slow: listens on a free port of 127.0.0.1 and
 * passes connections on to PORT there. Of the first -times of them (all) only
 * -after bytes (0) come back from there, then they are cut; with -rate none is
 * cut unless -times says so, and each carries at most so many bytes a second, but
 * while FILE is there as many as it can. A process for each connection; all end
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

/* Or the kernel would take in at once what shall go slowly. */
static void
little_room(int fd)
{
	int	bytes = 32 * 1024;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == -1)
		die("buffers");
}

static int
listen_here(const char *port_file, bool slow)
{
	struct sockaddr_in	sin = here(0);
	socklen_t		len = sizeof sin;
	struct err		e = ERR_INIT;
	char			text[16];
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd != -1 && slow)
		little_room(fd);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		die("listen");
	snprintf(text, sizeof text, "%d\n", ntohs(sin.sin_port));
	if (file_write(port_file, text, strlen(text), 0644, &e) == -1)
		die(e.msg);
	return fd;
}

struct speed {
	long long	 rate;		/* bytes a second; 0: no limit */
	const char	*free;		/* no limit while it is there */
};

/* As long as n bytes take. */
static void
take_time(ssize_t n, const struct speed *v)
{
	if (v->rate > 0 && access(v->free, F_OK) == -1)
		(void)poll(NULL, 0, (int)(n * 1000LL / v->rate));
}

/* One piece; false: this is the end of the connection. left -1: no limit. */
static bool
pass(int from, int to, long long *left, const struct speed *v)
{
	char	buf[16384];
	ssize_t	n;

	if (*left == 0)
		return false;
	n = read(from, buf, *left > 0 && *left < (long long)sizeof buf ?
	    (size_t)*left : sizeof buf);
	if (n <= 0 || file_write_all(to, buf, (size_t)n) == -1)
		return false;
	take_time(n, v);
	if (*left > 0)
		*left -= n;
	return *left != 0;
}

static void
serve(int client, int port, long long after,
    const struct speed *v)
{
	struct sockaddr_in	sin = here(port);
	int			server = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd		p[2] = { { .fd = client, .events = POLLIN },
		{ .fd = server, .events = POLLIN } };
	long long		none = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (server != -1 && v->rate > 0)
		little_room(server);
	if (connect(server, (struct sockaddr *)&sin, sizeof sin) == -1)
		_exit(0);
	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			die("poll");
		if (p[0].revents != 0 && !pass(client, server, &none, v))
			break;
		if (p[1].revents != 0 && !pass(server, client, &after, v))
			break;
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	const struct sigaction	 no_zombies = { .sa_handler = SIG_IGN };
	const char		*port_file = NULL;
	long long		 times = -2, after = 0;
	struct speed		 v = { 0, "" };
	int			 i, fd, client;

	for (i = 1; i + 1 < argc - 1; i += 2) {
		if (strcmp(argv[i], "-port-file") == 0)
			port_file = argv[i + 1];
		else if (strcmp(argv[i], "-times") == 0)
			times = strtoll(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "-after") == 0)
			after = strtoll(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "-rate") == 0)
			v.rate = strtoll(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "-free") == 0)
			v.free = argv[i + 1];
	}
	if (port_file == NULL) {
		fprintf(stderr, "usage: cutter -port-file FILE [-times N] [-after N] "
		    "[-rate N -free FILE] PORT\n");
		return 2;
	}
	if (times == -2)
		times = v.rate > 0 ? 0 : -1;
	if (sigaction(SIGCHLD, &no_zombies, NULL) == -1)
		die("SIGCHLD");
	fd = listen_here(port_file, v.rate > 0);
	for (;; close(client)) {
		if ((client = accept(fd, NULL, NULL)) == -1)
			die("accept");
		if (fork() == 0)
			serve(client, (int)strtol(argv[argc - 1], NULL, 10),
			    times == 0 ? -1 : after, &v);
		if (times > 0)
			times--;
	}
}
