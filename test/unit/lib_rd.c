/* lib_rd.c - what the unit tests of revdial share. */
#include "lib_rd.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/buf.h"

struct loop *loop;
struct side dialer, listener;
static struct user *users[RD_MAX];
static size_t users_n;

static void
on_read(struct stream *s, void *arg)
{
	struct user *u = arg;

	if (u->paused)
		return;
	buf_move(u->got, stream_in(s), SIZE_MAX);
	stream_consumed(s);
}

static void
on_drained(struct stream *s, void *arg)
{
	(void)s;
	((struct user *)arg)->drained = true;
}

static void
on_eof(struct stream *s, void *arg)
{
	(void)s;
	((struct user *)arg)->eof = true;
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	struct user *u = arg;

	u->why = *e;
	u->s = NULL;
	stream_close(s);
}

const struct stream_cb user_cb = {
	.read = on_read, .drained = on_drained, .eof = on_eof, .error = on_error,
};

struct user *
user_new(void)
{
	struct user *u = xcalloc(1, sizeof *u);

	u->got = buf_new();
	ck_assert_uint_lt(users_n, RD_MAX);
	users[users_n++] = u;
	return u;
}

void
user_adopt(struct user *u, struct stream *s)
{
	u->s = s;
	stream_set_cb(s, &user_cb, u);
}

static void
on_opened(struct stream *s, const struct err *why, void *arg)
{
	struct user *u = arg;

	ck_assert(!u->answered);
	u->answered = true;
	if (s != NULL)
		user_adopt(u, s);
	else
		u->why = *why;
}

struct user *
user_open(struct revdial *r)
{
	struct user *u = user_new();

	revdial_open(r, on_opened, u);
	return u;
}

void
user_close(struct user *u)
{
	stream_close(u->s);
	u->s = NULL;
}

bool
user_got(struct user *u, const char *text)
{
	size_t len = strlen(text);

	return buf_len(u->got) == len &&
	    (len == 0 || memcmp(buf_pullup(u->got, len), text, len) == 0);
}

static void
on_accept(struct revdial *r, struct stream *s, void *arg)
{
	struct side *e = arg;
	struct user *u = user_new();

	e->accepted[e->n++] = u;
	user_adopt(u, s);
	if (!e->free_in_accept)
		return;
	revdial_free(r);
	e->r = NULL;
}

static void
on_down(struct revdial *r, const struct err *why, void *arg)
{
	struct side *e = arg;

	ck_assert(!e->down);
	e->down = true;
	e->why = *why;
	if (!e->free_in_down)
		return;
	revdial_free(r);
	e->r = NULL;
}

const struct revdial_cb side_cb = { .accept = on_accept, .down = on_down };

void
say(struct stream *s, const char *text)
{
	stream_write(s, text, strlen(text));
}

char *
read_line(struct stream *s)
{
	char *line = NULL;
	int too_long = 0, left = RD_TURNS;

	while ((line = buf_line(stream_in(s), 4096, &too_long)) == NULL && left-- > 0)
		loop_turn(loop, 1);
	ck_assert_ptr_nonnull(line);
	stream_consumed(s);
	return line;
}

void
line_is(struct stream *s, const char *text)
{
	char *line = read_line(s);

	ck_assert_str_eq(line, text);
	free(line);
}

void
turns(int n)
{
	while (n-- > 0)
		loop_turn(loop, 0);
}

void
rd_setup(void)
{
	struct err e = ERR_INIT;

	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	memset(&dialer, 0, sizeof dialer);
	memset(&listener, 0, sizeof listener);
	users_n = 0;
}

void
rd_teardown(void)
{
	size_t i;

	for (i = 0; i < users_n; i++) {
		if (users[i]->s != NULL)
			stream_close(users[i]->s);
		buf_free(users[i]->got);
		free(users[i]);
	}
	revdial_free(dialer.r);
	revdial_free(listener.r);
	turns(3);
	loop_free(loop);
}
