/* lib_pub.c - see lib_pub.h. */
#include "lib_pub.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct event_base *pub_base;
struct pub_side opener, server;
int pub_fds[2];

static unsigned
add(unsigned sum, const unsigned char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum = sum * 31 + p[i];
	return sum;
}

unsigned
pub_sum(const char *text)
{
	return add(0, (const unsigned char *)text, strlen(text));
}

static void
read_all(struct pub_user *u)
{
	unsigned char	buf[5000];
	ssize_t		n;

	while ((n = revdial_stream_read(u->st, buf, sizeof buf)) > 0) {
		u->sum = add(u->sum, buf, (size_t)n);
		u->got += (size_t)n;
	}
	if (n == 0)
		u->eof = true;
	else
		ck_assert(errno == EAGAIN || errno == ECONNRESET);
}

static void
on_readable(struct revdial_stream *st, void *arg)
{
	struct pub_user		*u = arg;
	struct revdial_session	*s = revdial_stream_session(st);

	ck_assert_ptr_eq(st, u->st);
	if (u->free_in_read) {
		*(s == opener.s ? &opener.s : &server.s) = NULL;
		revdial_session_free(s);
	}
	if (u->close_in_read)
		pub_close(u);
	else if (!u->paused && !u->free_in_read)
		read_all(u);
}

static void
on_writable(struct revdial_stream *st, void *arg)
{
	struct pub_user *u = arg;

	ck_assert_uint_gt(revdial_stream_room(st), 0);
	u->writable++;
}

static void
on_ended(struct revdial_stream *st, enum revdial_end end, const char *why, void *arg)
{
	struct pub_user *u = arg;

	ck_assert(st == u->st && !u->ended);
	u->ended = true;
	u->end = end;
	snprintf(u->why, sizeof u->why, "%s", why);
}

static const struct revdial_stream_events user_events = {
	.readable = on_readable,
	.writable = on_writable,
	.ended = on_ended,
};

static struct pub_user *
adopt(struct pub_side *side, struct revdial_stream *st)
{
	struct pub_user *u = &side->users[side->n++];

	ck_assert_uint_lt(side->n, PUB_MAX);
	u->st = st;
	u->paused = side->paused;
	revdial_stream_set_events(st, &user_events, u);
	return u;
}

static void
on_accepted(struct revdial_session *s, struct revdial_stream *st, void *arg)
{
	struct pub_side *side = arg;

	ck_assert(!side->over);
	adopt(side, st);
	if (side->free_in_accepted) {
		side->s = NULL;
		revdial_session_free(s);
	}
}

static void
on_may_open(struct revdial_session *s, void *arg)
{
	struct pub_side *side = arg;

	ck_assert_ptr_eq(s, side->s);
	side->may_open++;
}

static void
on_over(struct revdial_session *s, enum revdial_end end, const char *why, void *arg)
{
	struct pub_side	*side = arg;
	size_t		 i;

	ck_assert(s == side->s && !side->over);
	for (i = 0; i < side->n; i++)
		ck_assert(side->users[i].st == NULL || side->users[i].ended);
	side->over = true;
	side->end = end;
	snprintf(side->why, sizeof side->why, "%s", why);
}

const struct revdial_events pub_events = {
	.accepted = on_accepted,
	.may_open = on_may_open,
	.over = on_over,
};

void
pub_setup(void)
{
	memset(&opener, 0, sizeof opener);
	memset(&server, 0, sizeof server);
	pub_base = event_base_new();
	ck_assert_ptr_nonnull(pub_base);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pub_fds), 0);
}

void
pub_begin(const struct revdial_options *od, const struct revdial_options *ol)
{
	opener.s = revdial_session_fd(pub_base, pub_fds[0], REVDIAL_DIALER, od,
	    &pub_events, &opener);
	server.s = revdial_session_fd(pub_base, pub_fds[1], REVDIAL_LISTENER, ol,
	    &pub_events, &server);
	ck_assert(opener.s != NULL && server.s != NULL);
}

void
pub_turn(void)
{
	static const struct timeval	 at_most = { 0, 1000 };

	event_base_loopexit(pub_base, &at_most);
	event_base_loop(pub_base, EVLOOP_ONCE);
}

static void
end_side(struct pub_side *side)
{
	size_t i;

	/* Some before their session, some after it. */
	for (i = 0; i < side->n; i += 2)
		pub_close(&side->users[i]);
	revdial_session_free(side->s);
	side->s = NULL;
	for (i = 1; i < side->n; i += 2)
		pub_close(&side->users[i]);
}

void
pub_teardown(void)
{
	end_side(&opener);
	end_side(&server);
	event_base_free(pub_base);
}

struct pub_user *
pub_open(struct pub_side *side)
{
	struct revdial_stream *st = revdial_stream_open(side->s);

	return st == NULL ? NULL : adopt(side, st);
}

void
pub_close(struct pub_user *u)
{
	struct revdial_stream *st = u->st;

	u->st = NULL;
	revdial_stream_close(st);
}

void
pub_write(struct pub_user *u, const char *text)
{
	ck_assert_int_eq(revdial_stream_write(u->st, text, strlen(text)),
	    (ssize_t)strlen(text));
}
