/*
 * ring.c - the writer's end of a ring: a bottom that copies from `out` into the
 * memory. Bytes that the helper has not taken yet are `below`, so a user who
 * waits until nothing is unsent waits for the helper, and what was moved is what
 * it took.
 */
#include "io/ring.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/inside.h"
#include "io/pipes.h"

#define COUNTS	64	/* read at once */

struct ring_out {
	struct stream	 s;	/* first */
	int		 talk;
	struct event	*ev;
	unsigned char	*memory;
	uint64_t	 put, taken;	/* bytes since the beginning */
	uint64_t	 told;		/* of put, to the helper */
};

static struct ring_out *
of(struct stream *s)
{
	return (struct ring_out *)s;
}

/* --- the end ------------------------------------------------------------------ */

static void
hang_up(struct ring_out *r)
{
	if (r->ev != NULL)
		event_free(r->ev);
	r->ev = NULL;
	pipes_close(&r->talk);
}

static void
fail(struct ring_out *r, enum stream_err code, const char *why)
{
	hang_up(r);
	stream_bottom_error(&r->s, code, "%s: write: %s", r->s.peer, why);
}

/* --- what goes there ------------------------------------------------------------ */

/* Copies the next piece; 0: there is none, or no room. */
static size_t
put_piece(struct ring_out *r)
{
	size_t		 at = r->put % RING_SIZE, len;
	size_t		 room = RING_SIZE - (size_t)(r->put - r->taken);
	const void	*p = buf_peek(r->s.out, &len);

	if (room > RING_SIZE - at)
		room = RING_SIZE - at;
	if (len > room)
		len = room;
	if (len == 0)
		return 0;
	memcpy(r->memory + at, p, len);
	buf_drain(r->s.out, len);
	r->put += len;
	return len;
}

/* A count that found no room goes with the next: as long as there are some
 * unread, there is an answer to come. */
static void
tell(struct ring_out *r)
{
	uint32_t	n = (uint32_t)(r->put - r->told);

	if (n == 0)
		return;
	if (write(r->talk, &n, sizeof n) == (ssize_t)sizeof n)
		r->told = r->put;
	else if (errno != EAGAIN && errno != EINTR)
		fail(r, STREAM_RESET, strerror(errno));
}

static void
ring_flush(struct stream *s)
{
	struct ring_out	*r = of(s);
	size_t		 n = 0, step;

	if (r->talk == -1)
		return;
	while ((step = put_piece(r)) > 0)
		n += step;
	s->below = (size_t)(r->put - r->taken);
	if (n > 0)
		stream_bottom_wrote(s, 0);
	tell(r);
	if (r->talk == -1 || buf_len(s->out) > 0 || r->told != r->put)
		return;
	if (s->shut_wanted && !s->shut_done) {
		(void)shutdown(r->talk, SHUT_WR);
		stream_bottom_shut(s);
	}
}

/* --- what comes back ------------------------------------------------------------- */

static void
helper_left(struct ring_out *r)
{
	if (r->s.shut_done && r->s.below == 0)
		hang_up(r);	/* it had all */
	else
		fail(r, STREAM_RESET, "the reader has gone");
}

static void
on_counts(evutil_socket_t fd, short what, void *arg)
{
	struct ring_out	*r = arg;
	uint32_t	 count[COUNTS];
	ssize_t		 got = read(r->talk, count, sizeof count);
	size_t		 i, n = 0;

	(void)fd;
	(void)what;
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		helper_left(r);
		return;
	}
	for (i = 0; i < (size_t)got / sizeof *count; i++)
		n += count[i];
	if ((size_t)got % sizeof *count != 0 || n > r->put - r->taken) {
		fail(r, STREAM_SYSTEM, "the reader's count is wrong");
		return;
	}
	r->taken += n;
	r->s.below = (size_t)(r->put - r->taken);
	stream_bottom_wrote(&r->s, n);
	stream_again(&r->s);
}

/* --- life -------------------------------------------------------------------------- */

static void
ring_nothing(struct stream *s)
{
	(void)s;	/* nothing is ever read */
}

static void
ring_close(struct stream *s)
{
	struct ring_out *r = of(s);

	hang_up(r);
	munmap(r->memory, RING_SIZE);
}

static void
ring_destroy(struct stream *s)
{
	free(of(s));
}

static const struct stream_ops ring_ops = {
	.name = "ring",
	.fill = ring_nothing,
	.flush = ring_flush,
	.consumed = ring_nothing,
	.close = ring_close,
	.destroy = ring_destroy,
};

/* Of no name; -1 and errno. */
static int
memory_new(void)
{
	int	fd;

#ifdef MFD_CLOEXEC
	fd = memfd_create("ring", MFD_CLOEXEC);
#else
	char	name[40];

	snprintf(name, sizeof name, "/gomote-ring-%ld", (long)getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd != -1)
		shm_unlink(name);
#endif
	if (fd != -1 && ftruncate(fd, RING_SIZE) == -1)
		pipes_close(&fd);
	return fd;
}

/* The first thing that the other end reads. */
static int
memory_send(int talk, int memory)
{
	union {
		struct cmsghdr	 head;
		char		 room[CMSG_SPACE(sizeof(int))];
	}		 control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
			    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char		 byte = 0;
	struct iovec	 v = { &byte, sizeof byte };
	struct msghdr	 m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control, .msg_controllen = sizeof control };

	memcpy(CMSG_DATA(&control.head), &memory, sizeof memory);
	return sendmsg(talk, &m, 0) == (ssize_t)sizeof byte ? 0 : -1;
}

static struct stream *
begin(struct loop *l, const char *peer, int talk, unsigned char *memory)
{
	struct ring_out *r = xcalloc(1, sizeof *r);

	stream_init(&r->s, l, &ring_ops, peer);
	r->s.one_way = true;
	r->talk = talk;
	r->memory = memory;
	file_nonblock(talk, true);
	r->ev = event_new(loop_base(l), talk, EV_READ | EV_PERSIST, on_counts, r);
	if (r->ev == NULL || event_add(r->ev, NULL) == -1)
		fatalx("%s: watch descriptor %d", peer, talk);
	stream_bottom_open(&r->s);
	return &r->s;
}

struct stream *
ring_stream(struct loop *l, const char *peer, int *theirs)
{
	int	 talk[2] = { -1, -1 }, memory = memory_new();
	void	*at = MAP_FAILED;

	if (memory != -1)
		at = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		    memory, 0);
	if (at != MAP_FAILED && pipes_talk(talk) == 0 &&
	    memory_send(talk[0], memory) == 0) {
		pipes_close(&memory);
		*theirs = talk[1];
		return begin(l, peer, talk[0], at);
	}
	pipes_close(&memory);
	pipes_close(&talk[0]);
	pipes_close(&talk[1]);
	if (at != MAP_FAILED)
		munmap(at, RING_SIZE);
	return NULL;
}
