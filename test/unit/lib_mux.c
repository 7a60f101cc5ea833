/* lib_mux.c - what the unit tests of the mux share. */
#include "lib_mux.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/buf.h"

struct mux *m;
struct evbuffer *wire;		/* to the mux */
struct evbuffer *back;		/* from it */
struct end ends[300];
size_t ends_n;
int64_t now_us;
bool refuse_all;
int pongs, leaves, may_opens, refused;
char refused_why[100];
struct err e;

struct end *
end_new(struct mux_stream *ms)
{
	struct end *x = &ends[ends_n++];

	x->ms = ms;
	x->in = buf_new();
	x->out = buf_new();
	mux_stream_bind(ms, x->in, x->out, x);
	return x;
}

static int64_t on_now(void *arg) { (void)arg; return now_us; }
static void on_want(void *arg) { (void)arg; }
static void on_may_open(void *arg) { (void)arg; may_opens++; }
static void on_pong(void *arg) { (void)arg; pongs++; }
static void on_leaves(void *arg) { (void)arg; leaves++; }

static bool
on_opened(struct mux_stream *ms, void *arg)
{
	(void)arg;
	if (refuse_all)
		return false;
	end_new(ms);
	return true;
}

static void
on_refused(const char *why, void *arg)
{
	(void)arg;
	refused++;
	snprintf(refused_why, sizeof refused_why, "%s", why);
}

static void
on_received(struct mux_stream *ms, size_t n, void *arg)
{
	(void)arg;
	((struct end *)mux_stream_user(ms))->received += n;
}

static void
on_sent(struct mux_stream *ms, size_t n, void *arg)
{
	(void)arg;
	((struct end *)mux_stream_user(ms))->sent += n;
}

static void
on_eof(struct mux_stream *ms, void *arg)
{
	struct end *x = mux_stream_user(ms);

	(void)arg;
	ck_assert(!x->eof && !x->ended);
	x->eof = true;
}

static void
on_ended(struct mux_stream *ms, enum mux_end how, const char *why, void *arg)
{
	struct end *x = mux_stream_user(ms);

	(void)arg;
	ck_assert(!x->ended);
	x->ended = true;
	x->how = how;
	snprintf(x->why, sizeof x->why, "%s", why);
	x->ms = NULL;
	mux_stream_close(ms);
}

static const struct mux_ops ops = {
	.now_us = on_now, .want_output = on_want, .opened = on_opened,
	.refused = on_refused, .may_open = on_may_open, .received = on_received, .sent = on_sent,
	.eof = on_eof, .ended = on_ended, .pong = on_pong, .peer_leaves = on_leaves,
};

struct mux_config
config(void)
{
	struct mux_config c = { .dialer = false, .streams_max = 200,
	    .accept_max = 100, .window_max = 4 << 20, .memory_max = 64 << 20 };

	return c;
}

void
begin(const struct mux_config *c)
{
	mux_free(m);
	m = mux_new(c, &ops, NULL);
	ck_assert_ptr_nonnull(m);
	m->ping_us = now_us;	/* no ping of its own in the next second */
}

void
forget_end(void)
{
	buf_free(ends[0].in);
	buf_free(ends[0].out);
	memset(&ends[0], 0, sizeof ends[0]);
	ends_n = 0;
}

void
mux_setup(void)
{
	struct mux_config c = config();

	memset(&e, 0, sizeof e);
	memset(ends, 0, sizeof ends);
	ends_n = 0;
	now_us = 1000000;
	refuse_all = false;
	pongs = leaves = may_opens = refused = 0;
	wire = buf_new();
	back = buf_new();
	m = NULL;
	begin(&c);
}

void
mux_teardown(void)
{
	size_t i;

	mux_free(m);
	m = NULL;
	for (i = 0; i < ends_n; i++) {
		buf_free(ends[i].in);
		buf_free(ends[i].out);
	}
	buf_free(wire);
	buf_free(back);
}

/* --- feeding and expecting ------------------------------------------------------- */

void
put(enum frame_type type, unsigned flags, uint32_t id, uint32_t length)
{
	struct frame f = { type, (uint16_t)flags, id, length };
	uint8_t raw[FRAME_HEADER];

	frame_encode(&f, raw);
	buf_add(wire, raw, sizeof raw);
}

void
feed(enum frame_type type, unsigned flags, uint32_t id, uint32_t length)
{
	put(type, flags, id, length);
	ck_assert_msg(mux_input(m, wire, &e) == 0, "%s", e.msg);
	mux_check(m);
}

void
feed_data(unsigned flags, uint32_t id, const char *text)
{
	put(FRAME_DATA, flags, id, (uint32_t)strlen(text));
	buf_adds(wire, text);
	ck_assert_msg(mux_input(m, wire, &e) == 0, "%s", e.msg);
	mux_check(m);
}

void
feed_bulk(uint32_t id, size_t n)
{
	char *p = calloc(1, n);

	put(FRAME_DATA, 0, id, (uint32_t)n);
	buf_add(wire, p, n);
	free(p);
	ck_assert_msg(mux_input(m, wire, &e) == 0, "%s", e.msg);
	mux_check(m);
}

void
flush(size_t max)
{
	ck_assert_msg(mux_output(m, back, max, &e) == 0, "%s", e.msg);
	mux_check(m);
}

struct frame
next_frame(void)
{
	struct frame f;
	uint8_t raw[FRAME_HEADER];

	ck_assert_uint_eq(buf_take(back, raw, sizeof raw), sizeof raw);
	ck_assert_msg(frame_parse(&f, raw, &e) == 0, "%s", e.msg);
	return f;
}

/* The next frame is exactly this. */
void
expect(enum frame_type type, unsigned flags, uint32_t id, uint32_t length)
{
	struct frame f;

	flush(1 << 20);
	f = next_frame();
	ck_assert_msg(f.type == type && f.flags == flags && f.id == id &&
	    f.length == length, "got %s flags %u stream %u length %u",
	    frame_type_name(f.type), f.flags, f.id, f.length);
}

void
expect_data(unsigned flags, uint32_t id, const char *text)
{
	char got[100] = "";

	expect(FRAME_DATA, flags, id, (uint32_t)strlen(text));
	buf_take(back, got, strlen(text));
	ck_assert_str_eq(got, text);
}

void
expect_nothing(void)
{
	flush(1 << 20);
	ck_assert_uint_eq(buf_len(back), 0);
}

/* What was put ends the session: reason, go away, and nothing works any more. */
void
expect_failure(const char *why, enum frame_reason reason)
{
	struct frame f = { FRAME_PING, 0, 0, 0 };

	ck_assert_int_eq(mux_input(m, wire, &e), -1);
	ck_assert_msg(strstr(e.msg, why) != NULL, "%s", e.msg);
	flush(1 << 20);
	while (buf_len(back) > 0) {
		f = next_frame();
		if (f.type == FRAME_DATA)
			buf_drain(back, f.length);
	}
	ck_assert_int_eq(f.type, FRAME_GO_AWAY);
	ck_assert_uint_eq(f.length, reason);
	ck_assert_int_eq(mux_input(m, wire, &e), -1);
	ck_assert_ptr_null(mux_open(m, &e));
}

void
put_fails(enum frame_type type, unsigned flags, uint32_t id, uint32_t length,
    const char *why)
{
	put(type, flags, id, length);
	expect_failure(why, FRAME_PROTOCOL_ERROR);
}

/* The peer opens id and is answered. */
struct end *
opened(uint32_t id)
{
	feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
	mux_stream_accept(ends[ends_n - 1].ms);
	expect(FRAME_WINDOW_UPDATE, ACK, id, 0);
	return &ends[ends_n - 1];
}

void
send_text(struct end *x, const char *text)
{
	buf_adds(x->out, text);
	mux_stream_wrote(x->ms);
}

void
send_bulk(struct end *x, size_t n)
{
	char *p = calloc(1, n);

	buf_add(x->out, p, n);
	free(p);
	mux_stream_wrote(x->ms);
}

void
consume(struct end *x, size_t n)
{
	buf_drain(x->in, n);
	mux_stream_consumed(x->ms);
	mux_check(m);
}

void
close_end(struct end *x)
{
	mux_stream_close(x->ms);
	x->ms = NULL;
	mux_check(m);
}

void
measure_rtt(int64_t us)
{
	uint32_t value;

	mux_ping(m);
	flush(1 << 20);
	value = next_frame().length;
	now_us += us;
	feed(FRAME_PING, ACK, 0, value);
	ck_assert_int_eq(mux_rtt_us(m), us);
}

void
rtt_is(int64_t us)
{
	measure_rtt(us);
	m->ping_us = now_us + 1000 * SECOND;
}

uint32_t
use_window(struct end *x, size_t n, int64_t after)
{
	struct frame f;

	feed_bulk(mux_stream_id(x->ms), n);
	now_us += after;
	consume(x, n);
	flush(1 << 20);
	f = next_frame();
	ck_assert_int_eq(f.type, FRAME_WINDOW_UPDATE);
	return f.length;
}

struct mux_config
large(void)
{
	struct mux_config c = config();

	c.window_max = 16 << 20;
	return c;
}
