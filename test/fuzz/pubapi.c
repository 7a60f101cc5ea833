/*
 * pubapi.c - fuzzes the public library as a user does who calls anything from
 * anywhere: two sessions in one loop, joined by transports in memory.
 *
 * Exercises all of revdial.h but descriptors: opening, reading, writing, finishing,
 * closing, draining, freeing, changing events, outside of callbacks and inside of each,
 * with a transport that takes and gives little at a time or breaks, and with
 * allocations that fail. After every step:
 *	- no callback comes for what was closed or freed, or after the last one
 *	- what is read is what was written, in order, and no more
 *	- a stream's end, and a session's, is told once
 *	- a transport is closed once, and not called after that
 *	- streams that both users let go of are soon gone from both sessions
 * and at the end nothing is left (the leak checker looks).
 *
 * Input: a byte for the kind (which allocation fails), then operations: a byte for
 * what is done, a byte for the stream and how much. Callbacks take theirs from the
 * same input, while there is some.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "revdial/revdial.h"

#define PIPE_MAX	40000	/* bytes on the way */
#define STREAMS		24
#define DEPTH		3	/* actions in one callback */

#define must(what) do {							\
	if (!(what))							\
		__builtin_trap();					\
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
	struct revdial_session	*s;		/* NULL: freed, or never made */
	struct side		*peer;
	struct evbuffer		*pipe;		/* to this side */
	int			 wants;
	bool			 closed, over, broken;
};

/* A stream of either side, as its user has it. */
struct user {
	struct revdial_stream	*st;		/* NULL: closed, the place is free */
	struct side		*side;
	uint64_t		 wrote, got;
	bool			 ended, ready;	/* ready: has events */
	bool			 late;		/* since the session was over */
};

static struct event_base *base;
static struct side sides[2];
static struct user users[STREAMS];
static const uint8_t *input;
static size_t input_n;
static long fail_in;		/* so many allocations from now one fails; 0: none does */
static int depth;

static uint8_t
take(void)
{
	if (input_n == 0)
		return 0;
	input_n--;
	return *input++;
}

static void *
alloc(size_t n, size_t size)
{
	return fail_in > 0 && --fail_in == 0 ? NULL : calloc(n, size);
}

/* --- transports --------------------------------------------------------------- */

static ssize_t
pipe_read(void *buf, size_t len, void *t)
{
	struct side	*side = t;
	size_t		 n = evbuffer_get_length(side->pipe);

	must(!side->closed);
	if (side->broken) {
		errno = ECONNRESET;
		return -1;
	}
	if (n == 0 && side->peer->closed)
		return 0;
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	n = n < len ? n : len;
	return evbuffer_remove(side->pipe, buf, n < 5000 ? n : 5000);
}

static ssize_t
pipe_write(const void *buf, size_t len, void *t)
{
	struct side	*side = t;
	size_t		 room = PIPE_MAX - evbuffer_get_length(side->peer->pipe);

	must(!side->closed && len > 0);
	if (side->broken || side->peer->closed) {
		errno = side->broken ? EIO : EPIPE;
		return -1;
	}
	if (room == 0) {
		errno = EAGAIN;
		return -1;
	}
	len = len < room ? len : room;
	evbuffer_add(side->peer->pipe, buf, len);
	return (ssize_t)len;
}

static void
pipe_wants(int what, void *t)
{
	struct side *side = t;

	must(!side->closed && what != side->wants);
	side->wants = what;
}

static void
pipe_close(void *t)
{
	struct side *side = t;

	must(!side->closed);
	side->closed = true;
}

static const struct revdial_transport transport = {
	pipe_read, pipe_write, pipe_wants, pipe_close,
};

/* --- what users do ---------------------------------------------------------------- */

static void act(struct user *);
static void adopt(struct side *, struct revdial_stream *);

static uint8_t
pattern(uint64_t at)
{
	return (uint8_t)((at * 0x9e3779b97f4a7c15) >> 56);
}

static void
let_go(struct user *u)
{
	struct revdial_stream *st = u->st;

	u->st = NULL;
	revdial_stream_close(st);
}

static void
read_some(struct user *u, size_t max)
{
	static unsigned char	buf[1 << 16];
	ssize_t			n, i;

	if ((n = revdial_stream_read(u->st, buf, max < sizeof buf ? max : sizeof buf)) > 0)
		for (i = 0; i < n; i++)
			must(buf[i] == pattern(u->got++));
	else
		must(n == 0 || errno == EAGAIN || errno == ECONNRESET);
}

static void
write_some(struct user *u, size_t n)
{
	static unsigned char	buf[255 << 8];
	size_t			i, room = revdial_stream_room(u->st);
	ssize_t			r;

	for (i = 0; i < n; i++)
		buf[i] = pattern(u->wrote + i);
	r = revdial_stream_write(u->st, buf, n);
	must(r == -1 ? errno == EAGAIN || errno == EPIPE || errno == ECONNRESET ||
	    errno == ENOMEM : (size_t)r == (n < room ? n : room));
	if (r > 0)
		u->wrote += (uint64_t)r;
}

static void
free_session(struct side *side)
{
	struct revdial_session *s = side->s;

	side->s = NULL;
	revdial_session_free(s);
	must(s == NULL || side->closed);
}

static void
open_one(struct side *side)
{
	struct revdial_stream *st;

	if (side->s == NULL)
		return;
	if ((st = revdial_stream_open(side->s)) != NULL)
		adopt(side, st);
	else
		must(errno == EAGAIN || errno == EMFILE || errno == ESHUTDOWN ||
		    errno == ENOMEM);
}

/* --- events ------------------------------------------------------------------------ */

static void
on_readable(struct revdial_stream *st, void *arg)
{
	struct user *u = arg;

	must(u->st == st);
	must(u->side->s != NULL);
	must(!u->ended);
	must(!u->side->over || u->late);
	act(u);
}

static void
on_writable(struct revdial_stream *st, void *arg)
{
	struct user *u = arg;

	must(u->st == st && u->side->s != NULL && !u->ended);
	act(u);
}

static void
on_ended(struct revdial_stream *st, enum revdial_end end, const char *why, void *arg)
{
	struct user *u = arg;

	must(u->st == st && u->side->s != NULL && !u->ended && *why != '\0');
	must(end == REVDIAL_RESET || end == REVDIAL_REFUSED || end == REVDIAL_GONE);
	u->ended = true;
	act(u);
}

static const struct revdial_stream_events user_events = {
	on_readable, on_writable, on_ended,
};

static void
adopt(struct side *side, struct revdial_stream *st)
{
	struct user	*u = users;

	while (u < users + STREAMS && u->st != NULL)
		u++;
	if (u == users + STREAMS) {
		revdial_stream_close(st);
		return;
	}
	memset(u, 0, sizeof *u);
	u->st = st;
	u->side = side;
	must(revdial_stream_session(st) == side->s);
	if (take() & 1) {
		u->ready = true;
		revdial_stream_set_events(st, &user_events, u);
	}
	act(u);
}

static void
on_accepted(struct revdial_session *s, struct revdial_stream *st, void *arg)
{
	struct side *side = arg;

	must(side->s == s && !side->over);
	adopt(side, st);
}

static void
on_may_open(struct revdial_session *s, void *arg)
{
	struct side *side = arg;

	must(side->s == s && !side->over);
	open_one(side);
}

static void
on_over(struct revdial_session *s, enum revdial_end end, const char *why, void *arg)
{
	struct side	*side = arg;
	struct user	*u;

	(void)end;
	must(side->s == s && !side->over && side->closed && *why != '\0');
	side->over = true;
	for (u = users; u < users + STREAMS; u++)
		must(u->st == NULL || u->side != side || !u->ready || u->ended ||
		    revdial_stream_session(u->st) != s);
	if (take() & 1)
		free_session(side);
}

static const struct revdial_events session_events = {
	on_accepted, on_may_open, on_over,
};

/* --- the story ------------------------------------------------------------------------ */

static void
do_one(struct user *u, unsigned what, unsigned p)
{
	switch (what) {
	case 0: case 1:
		read_some(u, what == 0 ? SIZE_MAX : p + 1);
		break;
	case 2: case 3:
		write_some(u, what == 2 ? p : p << 8);
		break;
	case 4:
		revdial_stream_finish(u->st);
		break;
	case 5:
		let_go(u);
		break;
	case 6:
		revdial_stream_finish(u->st);
		let_go(u);
		break;
	case 7:
		if (!u->ended) {
			u->late |= !u->ready && u->side->over;
			u->ready = true;
			revdial_stream_set_events(u->st, &user_events, u);
		}
		break;
	default:
		break;
	}
}

static void
do_session(struct side *side, unsigned what, unsigned p)
{
	switch (what) {
	case 8: case 9: case 10:
		open_one(side);
		break;
	case 11:
		if (side->s != NULL)
			revdial_session_drain(side->s);
		break;
	case 12:
		if (p % 16 == 0)
			free_session(side);
		break;
	case 13:
		side->broken |= p % 64 == 0;
		break;
	case 14:
		fail_in = p;
		break;
	default:
		break;
	}
}

/* From inside of a callback of u, too: on u, any other, or the sessions. */
static void
act(struct user *u)
{
	unsigned	 what, p;
	int		 i;

	if (depth == DEPTH)
		return;
	depth++;
	for (i = 0; i < DEPTH && input_n > 0; i++) {
		what = take();
		p = take();
		if (what & 0x40)
			break;
		if (u == NULL || (what & 0x80))
			u = &users[p % STREAMS];
		if ((what & 15) >= 8)
			do_session(&sides[p & 1], what & 15, p >> 1);
		else if (u->st != NULL)
			do_one(u, what & 15, p);
	}
	depth--;
}

/* As whoever watches a descriptor would say it. */
static void
tell_ready(struct side *side)
{
	int what = 0;

	if (side->s == NULL || side->closed)
		return;
	if ((side->wants & REVDIAL_READ) && (evbuffer_get_length(side->pipe) > 0 ||
	    side->peer->closed || side->broken))
		what |= REVDIAL_READ;
	if ((side->wants & REVDIAL_WRITE) &&
	    (evbuffer_get_length(side->peer->pipe) < PIPE_MAX || side->peer->closed))
		what |= REVDIAL_WRITE;
	if (what != 0)
		revdial_session_ready(side->s, what);
}

static void
turn(int n)
{
	while (n-- > 0) {
		tell_ready(&sides[0]);
		tell_ready(&sides[1]);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
}

static void
begin(int i)
{
	struct revdial_options	 o = { .alloc = alloc, .release = free, .accept_max = 4,
	    .streams_max = 10, .memory_max = 1 << 20, .window_max = 1 << 19 };
	struct side		*side = &sides[i];

	side->peer = &sides[!i];
	side->pipe = evbuffer_new();
	side->s = revdial_session_new(base, &transport, side, i == 0 ? REVDIAL_DIALER :
	    REVDIAL_LISTENER, &o, &session_events, side);
	if (side->s == NULL) {
		must(errno == ENOMEM);
		side->closed = true;
	}
}

static size_t
open_streams(const struct side *side)
{
	return side->s == NULL || side->over ? 0 : revdial_session_streams(side->s);
}

/* Everybody lets go of all, of what is accepted meanwhile, too. */
static void
settle(void)
{
	int i, left = 500;

	do {
		for (i = 0; i < STREAMS; i++)
			let_go(&users[i]);
		turn(1);
	} while (left-- > 0 && open_streams(&sides[0]) + open_streams(&sides[1]) > 0);
	must(open_streams(&sides[0]) == 0 && open_streams(&sides[1]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int i;

	input = data;
	input_n = size;
	memset(sides, 0, sizeof sides);
	memset(users, 0, sizeof users);
	depth = 0;
	base = event_base_new();
	fail_in = take();
	begin(0);
	begin(1);
	while (input_n > 0) {
		act(NULL);
		turn(1);
	}
	fail_in = 0;
	turn(20);
	if (size > 0 && (*data & 1))
		settle();
	/* Some streams go before their session, some after it. */
	for (i = 0; i < STREAMS; i += 2)
		let_go(&users[i]);
	turn(2);
	free_session(&sides[0]);
	free_session(&sides[1]);
	for (i = 0; i < STREAMS; i++)
		let_go(&users[i]);
	must(sides[0].closed && sides[1].closed);
	evbuffer_free(sides[0].pipe);
	evbuffer_free(sides[1].pipe);
	event_base_free(base);
	return 0;
}
