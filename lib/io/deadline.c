/*
 * deadline.c - the deadlines of streams, looked after by one sweep of the loop
 * over those that have any, instead of a timer each.
 */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "io/inside.h"

#define SWEEP_MS	250

static bool
late_open(struct stream *s, int64_t now)
{
	char buf[CLOCK_TEXT_MAX];

	if (s->open_by == 0 || now < s->open_by)
		return false;
	stream_bottom_error(s, STREAM_TIMEOUT, "timed out after %s",
	    clock_duration(s->open_ms, buf));
	return true;
}

static bool
late_read(struct stream *s, int64_t now)
{
	char buf[CLOCK_TEXT_MAX];

	if (s->read_ms == 0 || s->eof || s->one_way)
		return false;
	if (stream_room(s) == 0)	/* our own user is slow, not the peer */
		s->last_in = now;
	if (now - s->last_in < s->read_ms)
		return false;
	stream_bottom_error(s, STREAM_TIMEOUT, "%s: nothing received for %s",
	    s->peer, clock_duration(s->read_ms, buf));
	return true;
}

static bool
late_write(struct stream *s, int64_t now)
{
	char buf[CLOCK_TEXT_MAX];

	if (s->write_ms == 0 || !s->writing || now - s->last_out < s->write_ms)
		return false;
	stream_bottom_error(s, STREAM_TIMEOUT,
	    "%s: took nothing of what was sent for %s",
	    s->peer, clock_duration(s->write_ms, buf));
	return true;
}

static void
sweep_one(struct stream *s, int64_t now)
{
	if (s->soft_by != 0 && now >= s->soft_by) {
		stream_close(s);
		return;
	}
	if (late_open(s, now))
		deadline_update(s);
	else if (s->opened && s->err == NULL &&
	    (late_read(s, now) || late_write(s, now)))
		deadline_update(s);
}

static void
on_sweep(void *arg)
{
	struct loop	*l = arg;
	struct loop_io	*io = loop_io(l);
	struct stream	*s, *next;
	int64_t		 now = loop_now(l);

	TAILQ_FOREACH_SAFE(s, &io->timed, timed_entry, next)
		sweep_one(s, now);
	if (!TAILQ_EMPTY(&io->timed))
		timer_set(io->sweep, SWEEP_MS);
}

/* Puts it on the sweep's list, or takes it off. */
void
deadline_update(struct stream *s)
{
	struct loop_io	*io = loop_io(s->loop);
	bool		 want;

	want = !s->closed && (s->soft_by != 0 || (s->err == NULL &&
	    (s->open_by != 0 || s->read_ms != 0 || s->write_ms != 0)));
	if (want == s->timed)
		return;
	s->timed = want;
	if (!want) {
		TAILQ_REMOVE(&io->timed, s, timed_entry);
		if (TAILQ_EMPTY(&io->timed))
			timer_stop(io->sweep);
		return;
	}
	TAILQ_INSERT_TAIL(&io->timed, s, timed_entry);
	if (io->sweep == NULL)
		io->sweep = timer_new(s->loop, on_sweep, s->loop);
	if (!timer_armed(io->sweep))
		timer_set(io->sweep, SWEEP_MS);
}

void
stream_timeout(struct stream *s, int64_t read_ms, int64_t write_ms)
{
	if (s->closed)
		return;
	s->read_ms = read_ms > 0 ? read_ms : 0;
	s->write_ms = write_ms > 0 ? write_ms : 0;
	s->last_in = s->last_out = loop_now(s->loop);
	deadline_update(s);
}

void
stream_open_by(struct stream *s, int64_t ms, const char *doing)
{
	free(s->doing);
	s->doing = xstrdup(doing);
	s->open_ms = ms;
	s->open_by = ms > 0 ? clock_mono(loop_clock(s->loop)) + ms : 0;
	deadline_update(s);
}
