/*
 * echo_client.c - the client of a server that it cannot reach: it waits until
 * echo_server dials in, then opens streams to it over that one connection.
 *
 *	cc echo_client.c $(pkg-config --cflags --libs revdial) -o echo_client
 *	./echo_client FILE...
 *
 * It prints the port to dial, sends each FILE on a stream of its own, all at once,
 * and writes what comes back to FILE.echo.
 */
#include <err.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <revdial.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct client {
	struct event_base	*base;
	struct revdial_session	*session;
	int			 left, status;	/* files under way; of the program */
};

/* A file on its way, there and back. */
struct job {
	struct client	*client;
	FILE		*from, *to;
};

static void
job_done(struct job *job, struct revdial_stream *s)
{
	revdial_stream_close(s);
	fclose(job->from);
	job->client->status |= fclose(job->to) != 0;
	if (--job->client->left == 0)
		revdial_session_drain(job->client->session);
	free(job);
}

/* From the file into the stream while there is room; called again when there
 * is some more. */
static void
send_some(struct revdial_stream *s, void *arg)
{
	struct job	*job = arg;
	char		 buf[16 * 1024];
	size_t		 room, n;

	while ((room = revdial_stream_room(s)) > 0) {
		n = fread(buf, 1, room < sizeof buf ? room : sizeof buf, job->from);
		if (n > 0 && revdial_stream_write(s, buf, n) != (ssize_t)n)
			err(1, "write");	/* room was seen, so: no memory */
		if (n == 0)
			revdial_stream_finish(s);	/* room is 0 from here on */
	}
}

static void
receive(struct revdial_stream *s, void *arg)
{
	struct job	*job = arg;
	char		 buf[16 * 1024];
	ssize_t		 n;

	while ((n = revdial_stream_read(s, buf, sizeof buf)) > 0)
		job->client->status |= fwrite(buf, 1, (size_t)n, job->to) != (size_t)n;
	if (n == 0)
		job_done(job, s);	/* else EAGAIN: called again for more */
}

static void
ended(struct revdial_stream *s, enum revdial_end end, const char *why, void *arg)
{
	struct job *job = arg;

	warnx("a stream ended early: %s (%d)", why, end);
	job->client->status = 1;
	job_done(job, s);
}

static const struct revdial_stream_events stream_events = {
	.readable = receive,
	.writable = send_some,
	.ended = ended,
};

static void
start(struct client *client, const char *name)
{
	struct revdial_stream	*s = revdial_stream_open(client->session);
	struct job		*job = calloc(1, sizeof *job);
	char			 back[4096];

	snprintf(back, sizeof back, "%s.echo", name);
	if (s == NULL || job == NULL || (job->from = fopen(name, "r")) == NULL ||
	    (job->to = fopen(back, "w")) == NULL)
		err(1, "%s", name);
	job->client = client;
	revdial_stream_set_events(s, &stream_events, job);
	send_some(s, job);
}

static void
over(struct revdial_session *session, enum revdial_end end, const char *why, void *arg)
{
	struct client *client = arg;

	printf("the session is over: %s\n", why);
	client->status |= end != REVDIAL_PEACE;
	revdial_session_free(session);
	event_base_loopbreak(client->base);
}

static const struct revdial_events events = { .over = over };

/* Waits for the one connection that all goes over. */
static int
wait_for_server(void)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof sin;
	int			fd, l = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(l, (struct sockaddr *)&sin, sizeof sin) == -1 || listen(l, 1) == -1)
		err(1, "listen");
	getsockname(l, (struct sockaddr *)&sin, &len);
	printf("port %d\n", ntohs(sin.sin_port));
	fflush(stdout);
	if ((fd = accept(l, NULL, NULL)) == -1)
		err(1, "accept");
	return fd;
}

int
main(int argc, char **argv)
{
	struct client	client = { .left = argc - 1 };
	int		fd = wait_for_server();

	/* Here TLS would go: see echo_server.c. */
	client.base = event_base_new();
	client.session = revdial_session_fd(client.base, fd, REVDIAL_DIALER, NULL,
	    &events, &client);
	if (client.session == NULL)
		err(1, "session");
	while (--argc > 0)
		start(&client, *++argv);
	event_base_dispatch(client.base);
	event_base_free(client.base);
	return client.status;
}
