/*
 * show.c - output on its way out (show.h).
 *
 * What came is cut into segments that point into it, one contiguous piece at a
 * time; those that follow each other to the same descriptor go in one write.
 */
#include "client/show.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/call.h"
#include "client/out.h"
#include "client/say.h"
#include "client/sink.h"
#include "io/buf.h"
#include "io/loop.h"

#define VECTORS	128	/* of one write */

enum whither { TO_OUT, TO_ERR, TO_NOTE };

struct segment {
	enum whither	 to;
	const char	*p;	/* NULL for TO_NOTE: len bytes were not kept */
	size_t		 len;
};

struct show {
	struct loop		*loop;
	struct show_how		 how;
	struct record_reader	 reader;
	struct evbuffer		*mine;		/* segments point into its first piece */
	size_t			 piece;		/* of that many bytes; 0: none is cut up */
	struct segment		*v;
	size_t			 n, cap, at;	/* v[at] is next */
	struct sink		 sinks[2];	/* TO_OUT, TO_ERR */
	struct watch		*later;		/* the rest is written when it comes */
	enum whither		 full;		/* whose sink it waits for */
	struct str		 held;		/* of a record to stderr under way */
	struct str		 whole;		/* such a one, now in a segment */

	int			 copy;		/* -1: none */
	const char		*copy_name;
	show_tap_fn		 tap;		/* NULL: none */
	void			*tap_arg;

	uint64_t		 output;	/* bytes of it until here, gaps too */
	bool			 again;		/* what was shown before is skipped: */
	uint64_t		 again_at;	/* up to this offset, */
	uint64_t		 again_done;	/* and this far into the record there, */
	uint64_t		 again_output;	/* which were so many bytes */
	uint64_t		 lines;
	bool			 midline[2];	/* of out and err, for times */

	bool			 failed, stopped;
	struct err		 why;
	void			(*on_room)(void *);
	void			(*on_fail)(void *);
	void			*on_arg;
};

static void	on_writable(void *);

struct show *
show_new(struct loop *loop, const struct show_how *how)
{
	struct show	*s = xcalloc(1, sizeof *s);

	s->loop = loop;
	s->how = *how;
	s->mine = buf_new();
	s->copy = -1;
	sink_open(&s->sinks[TO_OUT], how->out);
	sink_open(&s->sinks[TO_ERR], how->err);
	record_reader_init(&s->reader, 0);
	return s;
}

void
show_free(struct show *s)
{
	if (s == NULL)
		return;
	watch_free(s->later);
	sink_close(&s->sinks[TO_OUT]);
	sink_close(&s->sinks[TO_ERR]);
	buf_free(s->mine);
	str_release(&s->held);
	str_release(&s->whole);
	free(s->v);
	free(s);
}

static int
descriptor(const struct show *s, enum whither to)
{
	return s->sinks[to].fd;
}

/* --- cutting up ------------------------------------------------------------- */

static void
add_segment(struct show *s, enum whither to, const void *p, size_t len)
{
	struct segment	*last = s->n > 0 ? &s->v[s->n - 1] : NULL;

	if (last != NULL && last->to == to && p != NULL &&
	    last->p + last->len == (const char *)p) {
		last->len += len;
		return;
	}
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 64 : s->cap * 2;
		s->v = xreallocarray(s->v, s->cap, sizeof *s->v);
	}
	s->v[s->n++] = (struct segment){ to, p, len };
}

/* What of a record's part was shown before. */
static size_t
shown_before(struct show *s, size_t len)
{
	uint64_t	pos = s->reader.offset, first = s->reader.done - len;

	if (!s->again)
		return 0;
	if (pos < s->again_at)
		return len;
	if (pos > s->again_at || first >= s->again_done) {
		s->again = false;
		return 0;
	}
	return s->again_done - first < len ? (size_t)(s->again_done - first) : len;
}

static void
on_gap(struct show *s, uint64_t left_out)
{
	s->output += left_out;
	if (s->again && s->reader.offset <= s->again_at)
		return;		/* all of it was shown */
	if (s->again) {
		s->again = false;
		left_out = s->output - s->again_output;
	}
	if (left_out > 0)
		add_segment(s, TO_NOTE, NULL,
		    left_out < SIZE_MAX ? (size_t)left_out : SIZE_MAX);
}

/* Of p, how much belongs to lines that are to be skipped; counts all lines. */
static size_t
count_lines(struct show *s, const char *p, size_t len)
{
	const char	*at = p, *end = p + len, *nl;
	size_t		 skip = s->lines < s->how.skip_lines ? len : 0;

	while ((nl = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at = nl + 1;
		if (++s->lines == s->how.skip_lines)
			skip = (size_t)(at - p);
	}
	return skip;
}

/* Between two writes to stderr a note of ours may come: never within a record,
 * which mostly is a line. */
static void
hold(struct show *s, const char *p, size_t len)
{
	str_addn(&s->held, p, len);
	if (s->reader.left > 0)
		return;
	str_release(&s->whole);
	s->whole = s->held;
	str_init(&s->held);
	if (s->whole.len > 0)
		add_segment(s, TO_ERR, s->whole.s, s->whole.len);
}

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	struct show	*s = arg;
	enum whither	 to = r->kind == RECORD_STDERR ? TO_ERR : TO_OUT;
	size_t		 skip;

	(void)e;
	if (r->kind == RECORD_GAP) {
		on_gap(s, len);
		return 0;
	}
	skip = shown_before(s, len);
	s->output += len;
	if (r->time < s->how.since)
		return 0;
	if (s->how.skip_lines > 0 || s->how.count)
		skip += count_lines(s, (const char *)p + skip, len - skip);
	if (s->how.count || descriptor(s, to) == -1)
		return 0;
	if (to == TO_ERR && (s->reader.left > 0 || s->held.len > 0))
		hold(s, (const char *)p + skip, len - skip);
	else if (skip < len)
		add_segment(s, to, (const char *)p + skip, len - skip);
	return 0;
}

/* --- writing ---------------------------------------------------------------- */

/* The segments from at on that go to the same place, as vectors. */
static int
gather(const struct show *s, struct iovec *v, int max)
{
	const struct segment	*seg = &s->v[s->at];
	enum whither		 to = seg->to;
	int			 n = 0;

	for (; n < max && seg < s->v + s->n && seg->to == to; seg++, n++) {
		v[n].iov_base = (void *)seg->p;
		v[n].iov_len = seg->len;
	}
	return n;
}

static void
give_up_copy(struct show *s)
{
	say_note("no copy of the output: %s: %s", s->copy_name, strerror(errno));
	s->copy = -1;
}

/* What was written, to whoever else wants it. */
static void
also(struct show *s, const char *p, size_t len)
{
	if (s->copy != -1 && out_write(s->copy, p, len) == -1)
		give_up_copy(s);
	if (s->tap != NULL)
		s->tap(p, len, s->tap_arg);
}

/* n bytes of the segments have been written. */
static void
advance(struct show *s, size_t n)
{
	struct segment	*seg;

	while (n > 0) {
		seg = &s->v[s->at];
		also(s, seg->p, n < seg->len ? n : seg->len);
		if (n < seg->len) {
			seg->p += n;
			seg->len -= n;
			return;
		}
		n -= seg->len;
		s->at++;
	}
}

static void
note_gap(struct show *s, size_t len)
{
	say_note("%llu bytes of output were not kept", (unsigned long long)len);
	if (s->tap != NULL)
		s->tap(NULL, len, s->tap_arg);
}

/* 1: not now. -1 and e. */
static int
write_some(struct show *s, struct err *e)
{
	struct iovec	 v[VECTORS];
	enum whither	 to = s->v[s->at].to;
	ssize_t		 n;

	if (to == TO_NOTE) {
		note_gap(s, s->v[s->at++].len);
		return 0;
	}
	if (s->how.quiet) {
		advance(s, s->v[s->at].len);
		return 0;
	}
	n = sink_write(&s->sinks[to], v, gather(s, v, VECTORS));
	if (n >= 0) {
		advance(s, (size_t)n);
		return 0;
	}
	if (errno == EINTR && !s->sinks[to].waits)
		return 0;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
		s->full = to;
		return 1;
	}
	return err_errno(e, "write %s", to == TO_ERR ? "stderr" : "stdout");
}

/* "2026-11-21T19:46:38.255Z text": only logs wants it, so it may be slow. */
static int
write_timed(struct show *s, const struct record *r, const char *p, size_t len)
{
	bool		*mid = &s->midline[r->kind == RECORD_STDERR];
	struct str	 text = STR_INIT;
	char		 when[CLOCK_TEXT_MAX];
	const char	*nl;
	size_t		 n;
	int		 ret;

	for (; len > 0; p += n, len -= n) {
		nl = memchr(p, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - p) + 1;
		if (!*mid)
			str_addf(&text, "%s ", clock_rfc3339(r->time, true, when));
		str_addn(&text, p, n);
		*mid = nl == NULL;
	}
	ret = out_write(r->kind == RECORD_STDERR ? s->how.err : s->how.out,
	    text.s, text.len);
	str_release(&text);
	return ret;
}

/* on_record, and at once out. */
static int
on_timed_record(const struct record *r, const void *p, size_t len, void *arg,
    struct err *e)
{
	struct show	*s = arg;
	size_t		 i;
	int		 ret = on_record(r, p, len, arg, e);

	for (i = 0; ret == 0 && i < s->n; i++) {
		if (s->v[i].to == TO_NOTE)
			note_gap(s, s->v[i].len);
		else if (write_timed(s, r, s->v[i].p, s->v[i].len) == -1)
			ret = err_errno(e, "write %s",
			    r->kind == RECORD_STDERR ? "stderr" : "stdout");
	}
	s->n = 0;
	return ret;
}

/* The next contiguous piece, cut up. */
static int
cut_piece(struct show *s, struct err *e)
{
	const void	*p = buf_peek(s->mine, &s->piece);

	s->n = s->at = 0;
	if (p == NULL)
		return 0;
	if (s->how.plain) {
		add_segment(s, TO_OUT, p, s->piece);
		return 0;
	}
	return record_reader_feed(&s->reader, p, s->piece,
	    s->how.times ? on_timed_record : on_record, s, e);
}

/* All that is in mine, until a signal comes. */
static int
write_all(struct show *s, struct err *e)
{
	int	ret;

	for (;;) {
		while (s->at < s->n)
			if ((ret = write_some(s, e)) != 0)
				return ret;
		buf_drain(s->mine, s->piece);
		s->piece = 0;
		if (buf_len(s->mine) == 0)
			return 0;
		if (cut_piece(s, e) == -1)
			return -1;
	}
}

/* As write_all, and what goes wrong is kept: whoever asks next hears it. */
static int
push(struct show *s)
{
	int	ret;

	if (s->failed)
		return -1;
	if (s->stopped) {
		buf_drain(s->mine, buf_len(s->mine));
		s->piece = s->n = s->at = 0;
		return 0;
	}
	if ((ret = write_all(s, &s->why)) == -1)
		s->failed = true;
	return ret;
}

static void
push_later(struct show *s)
{
	if (s->later == NULL)
		s->later = watch_writable(s->loop, s->sinks[s->full].fd, on_writable, s);
}

static void
no_later(struct show *s)
{
	watch_free(s->later);
	s->later = NULL;
}

static void
on_writable(void *arg)
{
	struct show	*s = arg;
	int		 ret;

	no_later(s);
	if ((ret = push(s)) == 1)
		push_later(s);
	else if (ret == -1 && s->on_fail != NULL)
		s->on_fail(s->on_arg);
	else if (ret == 0 && s->on_room != NULL)
		s->on_room(s->on_arg);
}

int
show_take(struct show *s, struct evbuffer *b, struct err *e)
{
	int	ret;

	if (s->later != NULL)
		return 0;
	buf_move(s->mine, b, buf_len(b));
	if ((ret = push(s)) == 1)
		push_later(s);
	if (ret == -1)
		*e = s->why;
	return ret == -1 ? -1 : 0;
}

/* The record broke off, for good. */
static int
finish_held(struct show *s)
{
	if (!s->how.quiet && out_write(s->how.err, s->held.s, s->held.len) == -1) {
		s->failed = true;
		return err_errno(&s->why, "write stderr");
	}
	also(s, s->held.s, s->held.len);
	return 0;
}

int
show_finish(struct show *s, struct err *e)
{
	int	ret;

	while ((ret = push(s)) == 1) {
		push_later(s);
		loop_turn(s->loop, 1000);
	}
	no_later(s);
	if (ret == 0 && s->held.len > 0 && !s->stopped)
		ret = finish_held(s);
	str_clear(&s->held);
	if (ret == -1)
		*e = s->why;
	return ret;
}

void
show_stop(struct show *s)
{
	s->stopped = true;
	no_later(s);
}

void
show_on(struct show *s, void (*room)(void *), void (*fail)(void *), void *arg)
{
	s->on_room = room;
	s->on_fail = fail;
	s->on_arg = arg;
}

void
show_copy(struct show *s, int fd, const char *name)
{
	s->copy = fd;
	s->copy_name = name;
}

bool
show_copied(const struct show *s)
{
	return s->copy != -1;
}

void
show_tap(struct show *s, show_tap_fn fn, void *arg)
{
	s->tap = fn;
	s->tap_arg = arg;
}

static int
on_answer(struct evbuffer *b, void *arg, struct err *e)
{
	return show_take(arg, b, e);
}

static void
on_answer_room(void *call)
{
	call_again(call);
}

static void
on_answer_fail(void *call)
{
	call_cut(call);
}

int
show_answer(struct show *s, struct call *c, struct err *e)
{
	int	ret;

	show_on(s, on_answer_room, on_answer_fail, c);
	ret = call_read(c, on_answer, s, e);
	show_on(s, NULL, NULL, NULL);
	if (ret == 0 || e->code == CALL_CUT)
		ret = show_finish(s, e);
	return ret;
}

/* --- where it stands -------------------------------------------------------- */

uint64_t
show_offset(const struct show *s)
{
	return s->reader.offset;
}

void
show_start(struct show *s, uint64_t offset)
{
	record_reader_init(&s->reader, offset);
}

void
show_resume(struct show *s)
{
	record_reader_resume(&s->reader);
}

void
show_again(struct show *s)
{
	s->again = true;
	s->again_at = s->reader.offset;
	s->again_done = s->reader.done;
	s->again_output = s->output;
	s->output = 0;
	record_reader_init(&s->reader, 0);
}

uint64_t
show_lines(const struct show *s)
{
	return s->lines;
}
