/*
 * deadline.c - the deadlines of streams, without a timer each.
 *
 * A wheel: one list for each tick of the coming seconds, and a sweep that looks
 * at the list whose tick has come. A stream stands where its next deadline may
 * pass, or at the wheel's end if that is farther. A deadline that moves away,
 * as with each byte that comes, moves nothing: the stream is looked at early
 * and put where it belongs then. So thousands of silent streams cost nothing
 * until they have been silent for long.
 */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "io/inside.h"

#define TICK_MS		250
#define DUE		DEADLINE_SLOTS	/* the list being looked at */

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
	if (!late_open(s, now) && s->opened && s->err == NULL && !late_read(s, now))
		(void)late_write(s, now);
}

/* --- the wheel ------------------------------------------------------------------ */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* When the first of its deadlines may pass; 0: none can. */
static int64_t
next_deadline(const struct stream *s)
{
	int64_t	at = s->soft_by;

	if (s->closed || s->err != NULL)
		return s->closed ? 0 : at;
	at = earlier(at, s->open_by);
	if (!s->opened)
		return at;
	if (s->read_ms != 0 && !s->eof && !s->one_way)
		at = earlier(at, s->last_in + s->read_ms);
	if (s->write_ms != 0 && s->writing)
		at = earlier(at, s->last_out + s->write_ms);
	return at;
}

static void
leave(struct loop_io *io, struct stream *s)
{
	if (!s->timed)
		return;
	TAILQ_REMOVE(&io->timed[s->slot], s, timed_entry);
	s->timed = false;
	io->timed_n--;
}

static void
enter(struct loop_io *io, struct stream *s, unsigned slot)
{
	leave(io, s);
	TAILQ_INSERT_TAIL(&io->timed[slot], s, timed_entry);
	s->timed = true;
	s->slot = (unsigned char)slot;
	io->timed_n++;
}

/* How many ticks until that list's turn. */
static int64_t
ahead(const struct loop_io *io, unsigned slot)
{
	int64_t	here = io->tick % DEADLINE_SLOTS;

	return ((int64_t)slot - here + DEADLINE_SLOTS) % DEADLINE_SLOTS;
}

static void
place(struct loop_io *io, struct stream *s, int64_t at)
{
	int64_t	ticks = (at + TICK_MS - 1) / TICK_MS - io->tick;

	if (ticks < 1)
		ticks = 1;
	if (ticks > DEADLINE_SLOTS - 1)
		ticks = DEADLINE_SLOTS - 1;
	if (s->timed && s->slot != DUE && ahead(io, s->slot) <= ticks)
		return;
	enter(io, s, (unsigned)((io->tick + ticks) % DEADLINE_SLOTS));
}

/* Moves those whose turn has come to the list DUE. */
static void
collect(struct loop_io *io, int64_t tick)
{
	struct stream	*s;
	unsigned	 slot;
	int64_t		 n = tick - io->tick;

	if (n > DEADLINE_SLOTS)
		n = DEADLINE_SLOTS;
	for (; n > 0; n--) {
		slot = (unsigned)((tick - n + 1) % DEADLINE_SLOTS);
		while ((s = TAILQ_FIRST(&io->timed[slot])) != NULL)
			enter(io, s, DUE);
	}
	io->tick = tick;
}

static void
on_sweep(void *arg)
{
	struct loop	*l = arg;
	struct loop_io	*io = loop_io(l);
	struct stream	*s;
	int64_t		 at, now = loop_now(l);

	collect(io, now / TICK_MS);
	while ((s = TAILQ_FIRST(&io->timed[DUE])) != NULL) {
		sweep_one(s, now);
		if ((at = next_deadline(s)) == 0)
			leave(io, s);
		else
			place(io, s, at);
	}
	if (io->timed_n > 0)
		timer_set(io->sweep, TICK_MS);
}

static void
wake(struct loop_io *io, struct loop *l)
{
	if (io->sweep == NULL)
		io->sweep = timer_new(l, on_sweep, l);
	if (timer_armed(io->sweep))
		return;
	if (io->timed_n == 0)
		io->tick = loop_now(l) / TICK_MS;
	timer_set(io->sweep, TICK_MS);
}

void
deadline_update(struct stream *s)
{
	struct loop_io	*io = loop_io(s->loop);
	int64_t		 at = next_deadline(s);

	if (at != 0) {
		wake(io, s->loop);
		place(io, s, at);
		return;
	}
	leave(io, s);
	if (io->timed_n == 0 && io->sweep != NULL)
		timer_stop(io->sweep);
}

void
deadline_init(struct loop_io *io)
{
	unsigned i;

	for (i = 0; i <= DEADLINE_SLOTS; i++)
		TAILQ_INIT(&io->timed[i]);
}

/* Those that were left to the loop, and have not come to their end. */
void
stream_drop_soft(struct loop *l)
{
	struct stream	*s, *next;
	unsigned	 i;

	for (i = 0; i <= DEADLINE_SLOTS; i++)
		TAILQ_FOREACH_SAFE(s, &loop_io(l)->timed[i], timed_entry, next)
			if (s->soft)
				stream_close(s);
}

/* --- setting them ----------------------------------------------------------------- */

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
