/*
 * echo_server.c - an echo server that nobody can reach: it dials its client,
 * and serves the streams that the client then opens over that connection.
 *
 *	cc echo_server.c $(pkg-config --cflags --libs revdial) -o echo_server
 *	./echo_server HOST PORT		(echo_client says which port)
 *
 * It shows a whole user of librevdial, see revdial(3): a session on a socket,
 * streams that are accepted, back-pressure (it reads no more than it can send
 * back, so a client that does not listen is not read from either), and the end.
 */
#include <err.h>
#include <event2/event.h>
#include <netdb.h>
#include <revdial.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the callbacks share. */
struct server {
	struct event_base	*base;
	unsigned		 served;
	int			 status;	/* of the program */
};

/* --- a stream ---------------------------------------------------------------- */

/* Sends back what there is, as far as there is room for it. Comes again when
 * there is more to read, or more room. */
static void
echo(struct revdial_stream *s, void *arg)
{
	struct server	*server = arg;
	char		 buf[16 * 1024];
	size_t		 room;
	ssize_t		 n;

	while ((room = revdial_stream_room(s)) > 0) {
		n = revdial_stream_read(s, buf, room < sizeof buf ? room : sizeof buf);
		if (n == -1)
			return;		/* EAGAIN; where it was cut, ended() comes */
		if (n == 0) {
			/* All was read and written; the library sends the rest. */
			revdial_stream_finish(s);
			revdial_stream_close(s);
			server->served++;
			return;
		}
		if (revdial_stream_write(s, buf, (size_t)n) != n) {
			warn("write");	/* room was seen, so: no memory */
			revdial_stream_close(s);
			return;
		}
	}
}

static void
ended(struct revdial_stream *s, enum revdial_end end, const char *why, void *arg)
{
	(void)end;
	(void)arg;
	warnx("a stream ended early: %s", why);
	revdial_stream_close(s);
}

static const struct revdial_stream_events stream_events = {
	.readable = echo,
	.writable = echo,
	.ended = ended,
};

/* --- the session ------------------------------------------------------------- */

static void
accepted(struct revdial_session *session, struct revdial_stream *s, void *arg)
{
	(void)session;
	revdial_stream_set_events(s, &stream_events, arg);
}

/* The client is gone, whether it said so or not. A real server would dial
 * again, a little later each time. */
static void
over(struct revdial_session *session, enum revdial_end end, const char *why, void *arg)
{
	struct server *server = arg;

	printf("served %u streams; the session is over: %s\n", server->served, why);
	server->status = end == REVDIAL_PEACE ? 0 : 1;
	revdial_session_free(session);
	event_base_loopbreak(server->base);
}

static const struct revdial_events events = {
	.accepted = accepted,
	.over = over,
};

static int
dial(const char *host, const char *port)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *all, *a;
	int		 fd = -1, error = getaddrinfo(host, port, &hints, &all);

	if (error != 0)
		errx(1, "%s: %s", host, gai_strerror(error));
	for (a = all; a != NULL && fd == -1; a = a->ai_next) {
		if ((fd = socket(a->ai_family, a->ai_socktype, 0)) == -1)
			continue;
		if (connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
			warn("%s port %s", host, port);
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(all);
	return fd;
}

int
main(int argc, char **argv)
{
	struct server	server = { .status = 1 };
	int		fd;

	if (argc != 3)
		errx(2, "usage: echo_server HOST PORT");
	if ((fd = dial(argv[1], argv[2])) == -1)
		return 1;
	/* Here TLS would go, and whatever the two say to know each other: then
	 * make the session by revdial_session_new(), with a transport whose read
	 * and write are SSL_read and SSL_write. */
	if ((server.base = event_base_new()) == NULL)
		errx(1, "no event loop");
	if (revdial_session_fd(server.base, fd, REVDIAL_LISTENER, NULL, &events,
	    &server) == NULL)
		err(1, "session");
	event_base_dispatch(server.base);
	event_base_free(server.base);
	return server.status;
}
