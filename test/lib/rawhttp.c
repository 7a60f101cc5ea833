/*
 * rawhttp.c - sends bytes as they are and prints what comes back; regress
 * scripts call it through raw_http (test/lib/sh.sh) for what curl would not
 * say: broken heads, wrong lengths, slow senders.
 *
 *	rawhttp [-tls] [-eof] [-slow MS] [-t SECONDS] [-wait TEXT] [HOST:]PORT
 *
 * stdin is sent, then it reads until the peer closes, until the answer holds
 * TEXT, or for SECONDS (10) altogether. -eof ends the sending direction after
 * stdin, -slow sends a byte every MS milliseconds. Exit status 0: closed or
 * TEXT seen, 3: time is up, 1: anything else. A reset counts as closed.
 * It stands on its own, not on lib/, so as not to share its mistakes.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define IN_MAX (4 * 1024 * 1024)	/* of stdin */
#define TAIL_MAX 4096			/* of the answer, kept to look for TEXT */

struct raw {
	int		 fd;
	SSL		*ssl;		/* NULL: plain */
	const char	*wait;
	bool		 tls, eof;
	int		 slow;		/* ms between bytes, 0: all at once */
	int64_t		 deadline;
	char		 tail[TAIL_MAX + 1];
	size_t		 tail_len;
};

static int64_t
now_ms(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
die(const char *what)
{
	fprintf(stderr, "rawhttp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
connect_to(struct raw *r, const char *where)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *ai;
	const char	*colon = strrchr(where, ':');
	char		 host[256] = "127.0.0.1";

	if (colon != NULL)
		snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
	if (getaddrinfo(host, colon != NULL ? colon + 1 : where, &hints, &ai) != 0)
		die(where);
	r->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->fd == -1 || connect(r->fd, ai->ai_addr, ai->ai_addrlen) == -1)
		die(where);
	freeaddrinfo(ai);
}

static void
start_tls(struct raw *r)
{
	SSL_CTX	*ctx = SSL_CTX_new(TLS_client_method());

	r->ssl = SSL_new(ctx);
	SSL_set_fd(r->ssl, r->fd);
	if (SSL_connect(r->ssl) != 1) {
		fprintf(stderr, "rawhttp: TLS handshake failed\n");
		exit(1);
	}
	SSL_CTX_free(ctx);
}

/* True if the socket is ready for events before `until` and the deadline. */
static bool
ready(struct raw *r, short events, int64_t until)
{
	struct pollfd	p = { .fd = r->fd, .events = events };
	int64_t		left = (until < r->deadline ? until : r->deadline) - now_ms();

	if (r->ssl != NULL && (events & POLLIN) && SSL_pending(r->ssl) > 0)
		return true;
	return poll(&p, 1, left > 0 ? (int)left : 0) > 0;
}

/* Prints and remembers. True once TEXT was seen. */
static bool
take(struct raw *r, const char *p, size_t n)
{
	size_t	room;

	fwrite(p, 1, n, stdout);
	fflush(stdout);		/* somebody may be waiting for it */
	if (r->wait == NULL)
		return false;
	while (n > 0) {
		if (r->tail_len == TAIL_MAX) {
			memmove(r->tail, r->tail + TAIL_MAX / 2, TAIL_MAX / 2);
			r->tail_len = TAIL_MAX / 2;
		}
		room = TAIL_MAX - r->tail_len;
		room = n < room ? n : room;
		memcpy(r->tail + r->tail_len, p, room);
		r->tail_len += room;
		p += room;
		n -= room;
		if (memmem(r->tail, r->tail_len, r->wait, strlen(r->wait)) != NULL)
			return true;
	}
	return false;
}

/* After a read or write that moved n bytes: was it only too early? (TLS may
 * have got a record that is not ours to see.) */
static bool
again(struct raw *r, ssize_t n)
{
	int	why;

	if (r->ssl == NULL)
		return n == -1 && errno == EAGAIN;
	why = SSL_get_error(r->ssl, (int)n);
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/* Reads what is there. -1: go on, else the exit status. */
static int
read_some(struct raw *r)
{
	char	buf[16384];
	ssize_t	n;

	if (r->ssl != NULL)
		n = SSL_read(r->ssl, buf, sizeof buf);
	else
		n = read(r->fd, buf, sizeof buf);
	if (n <= 0)
		return again(r, n) ? -1 : 0;
	return take(r, buf, (size_t)n) ? 0 : -1;
}

/* Reads for at most ms; as read_some. */
static int
read_for(struct raw *r, int64_t ms)
{
	int64_t	until = now_ms() + ms;
	int	status;

	while (ready(r, POLLIN, until))
		if ((status = read_some(r)) != -1)
			return status;
	return now_ms() >= r->deadline ? 3 : -1;
}

/* Sends everything, answers meanwhile; as read_some. */
static int
send_all(struct raw *r, const char *p, size_t n)
{
	int	status;
	ssize_t	sent;
	size_t	piece;

	while (n > 0) {
		piece = r->slow > 0 ? 1 : n < 16384 ? n : 16384;
		if (ready(r, POLLIN, 0) && (status = read_some(r)) != -1)
			return status;
		if (now_ms() >= r->deadline)
			return 3;
		if (!ready(r, POLLOUT, now_ms() + 50))
			continue;
		if (r->ssl != NULL)
			sent = SSL_write(r->ssl, p, (int)piece);
		else
			sent = send(r->fd, p, piece, MSG_NOSIGNAL);
		if (sent <= 0 && again(r, sent))
			continue;
		if (sent <= 0)
			return read_for(r, 1000) > 0 ? 3 : 0;
		p += sent;
		n -= (size_t)sent;
		if (r->slow > 0 && (status = read_for(r, r->slow)) != -1)
			return status;
	}
	if (r->eof && r->ssl != NULL)
		SSL_shutdown(r->ssl);
	else if (r->eof)
		shutdown(r->fd, SHUT_WR);
	return -1;
}

static void
options(struct raw *r, int argc, char **argv)
{
	int	i;

	for (i = 1; i < argc - 1; i++) {
		if (strcmp(argv[i], "-tls") == 0)
			r->tls = true;
		else if (strcmp(argv[i], "-eof") == 0)
			r->eof = true;
		else if (strcmp(argv[i], "-slow") == 0 && i + 2 < argc)
			r->slow = (int)strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "-t") == 0 && i + 2 < argc)
			r->deadline = now_ms() + 1000 * strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "-wait") == 0 && i + 2 < argc)
			r->wait = argv[++i];
		else
			break;
	}
	if (i != argc - 1) {
		fprintf(stderr, "usage: rawhttp [-tls] [-eof] [-slow MS] "
		    "[-t SECONDS] [-wait TEXT] [HOST:]PORT\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct raw	 r = { .deadline = now_ms() + 10000 };
	char		*in = malloc(IN_MAX);
	size_t		 n;
	int		 status;

	options(&r, argc, argv);
	if (in == NULL)
		die("memory");
	n = fread(in, 1, IN_MAX, stdin);
	connect_to(&r, argv[argc - 1]);
	if (r.tls)
		start_tls(&r);
	fcntl(r.fd, F_SETFL, O_NONBLOCK);
	sigaction(SIGPIPE, &ignore, NULL);
	status = send_all(&r, in, n);
	if (status == -1)
		status = read_for(&r, r.deadline - now_ms());
	fflush(stdout);
	free(in);
	SSL_free(r.ssl);
	close(r.fd);
	return status == -1 ? 3 : status;
}
