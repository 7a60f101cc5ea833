/*
 * splice.c - see splice.h. Bytes move as whole blocks from one stream's `in`
 * to the other's `out`; the other's fullness is the back-pressure.
 */
#include "io/splice.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"

#define ALIVE_MS	1000
#define LINGER_MS	10000	/* for the last bytes to be taken */

struct side {
	struct splice	*sp;
	struct stream	*s;
	struct side	*other;
	uint64_t	 moved;		/* read here, given to the other */
	bool		 eof;		/* passed on */
};

struct splice {
	struct side	 side[2];
	struct loop	*loop;
	splice_alive_fn	 alive;
	splice_done_fn	 done;
	void		*arg;
	struct timer	*idle;		/* NULL: for ever */
	int64_t		 idle_ms;
	int64_t		 last, told;	/* clock_mono: bytes moved, alive called */
	struct err	 why;
	bool		 failed;
	bool		 over;
};

static void
finish(void *arg)
{
	struct splice *sp = arg;

	timer_free(sp->idle);
	if (sp->done != NULL)
		sp->done(sp->side[0].moved, sp->side[1].moved,
		    sp->failed ? &sp->why : NULL, sp->arg);
	free(sp);
}

static void
end_peace(struct splice *sp)
{
	sp->over = true;
	stream_close_soft(sp->side[0].s, LINGER_MS);
	stream_close_soft(sp->side[1].s, LINGER_MS);
	loop_defer(sp->loop, finish, sp);
}

/* What one side had said before it broke may still reach the other. */
static void
end_broken(struct splice *sp, const struct side *broken)
{
	int i;

	sp->over = sp->failed = true;
	for (i = 0; i < 2; i++) {
		if (&sp->side[i] != broken && broken != NULL &&
		    stream_unsent(sp->side[i].s) > 0)
			stream_close_soft(sp->side[i].s, LINGER_MS);
		else
			stream_close(sp->side[i].s);
	}
	loop_defer(sp->loop, finish, sp);
}

static void
moved(struct splice *sp)
{
	sp->last = loop_now(sp->loop);
	if (sp->alive == NULL || sp->last - sp->told < ALIVE_MS)
		return;
	sp->told = sp->last;
	sp->alive(sp->arg);
}

static void
pass_eof(struct side *from)
{
	if (from->eof || !stream_at_eof(from->s))
		return;
	from->eof = true;
	stream_shut(from->other->s);
	if (from->other->eof)
		end_peace(from->sp);
}

static void
pump(struct side *from)
{
	struct stream	*to = from->other->s;
	size_t		 n;

	if (from->sp->over)
		return;
	if (buf_len(stream_in(from->s)) > 0 && !stream_full(to)) {
		/* All of it: cutting a block would copy it, and `in` is bounded. */
		n = buf_move(stream_out(to), stream_in(from->s), SIZE_MAX);
		from->moved += n;
		stream_consumed(from->s);
		stream_wrote(to);
		moved(from->sp);
	}
	if (!from->sp->over)
		pass_eof(from);
}

static void
on_read(struct stream *s, void *arg)
{
	(void)s;
	pump(arg);
}

static void
on_drained(struct stream *s, void *arg)
{
	struct side *to = arg;

	(void)s;
	pump(to->other);
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	struct side *broken = arg;

	(void)s;
	if (broken->sp->over)
		return;
	broken->sp->why = *e;
	end_broken(broken->sp, broken);
}

static const struct stream_cb side_cb = {
	.read = on_read,
	.drained = on_drained,
	.eof = on_read,
	.error = on_error,
};

static void
on_idle(void *arg)
{
	struct splice	*sp = arg;
	int64_t		 left = sp->last + sp->idle_ms - loop_now(sp->loop);
	char		 text[CLOCK_TEXT_MAX];

	if (left > 0) {
		timer_set(sp->idle, left);
		return;
	}
	err_code(&sp->why, STREAM_TIMEOUT, "idle for %s",
	    clock_duration(sp->idle_ms, text));
	end_broken(sp, NULL);
}

struct splice *
stream_splice(struct stream *a, struct stream *b, int64_t idle_ms,
    splice_alive_fn alive, splice_done_fn done, void *arg)
{
	struct splice	*sp = xcalloc(1, sizeof *sp);
	int		 i;

	sp->loop = stream_loop(a);
	sp->alive = alive;
	sp->done = done;
	sp->arg = arg;
	sp->idle_ms = idle_ms;
	sp->last = loop_now(sp->loop);
	for (i = 0; i < 2; i++) {
		sp->side[i].sp = sp;
		sp->side[i].s = i == 0 ? a : b;
		sp->side[i].other = &sp->side[1 - i];
		stream_set_cb(sp->side[i].s, &side_cb, &sp->side[i]);
	}
	if (idle_ms > 0) {
		sp->idle = timer_new(sp->loop, on_idle, sp);
		timer_set(sp->idle, idle_ms);
	}
	return sp;
}

void
splice_moved(const struct splice *sp, uint64_t *a_to_b, uint64_t *b_to_a)
{
	*a_to_b = sp->side[0].moved;
	*b_to_a = sp->side[1].moved;
}

bool
splice_release(struct splice *sp)
{
	static const struct stream_cb	none;
	int				i;

	if (sp->over)
		return false;
	for (i = 0; i < 2; i++)
		stream_set_cb(sp->side[i].s, &none, NULL);
	timer_free(sp->idle);
	free(sp);
	return true;
}

void
splice_cut(struct splice *sp, const char *why)
{
	if (sp->over)
		return;
	err_set(&sp->why, "%s", why);
	end_broken(sp, NULL);
}
