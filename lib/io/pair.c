/*
 * pair.c - two streams that are each other's far end, in one process: for
 * tests, and for adapters that need a stream between two pieces of our code.
 */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/inside.h"

struct pair {
	struct stream	 s;
	struct pair	*other;		/* NULL once either was closed */
};

static void pair_flush(struct stream *);

static struct pair *
of(struct stream *s)
{
	return (struct pair *)s;
}

/* in is filled by the other end's flush. */
static void
pair_pull(struct stream *s)
{
	struct pair *other = of(s)->other;

	if (other != NULL && (buf_len(other->s.out) > 0 || other->s.shut_wanted))
		pair_flush(&other->s);
}

static void
pair_flush(struct stream *s)
{
	struct pair	*p = of(s);
	struct stream	*to;
	size_t		 n, room;

	if (s->closed || s->err != NULL)
		return;
	if (p->other == NULL) {
		if (buf_len(s->out) > 0)
			stream_bottom_error(s, STREAM_RESET,
			    "%s: write: the other end is closed", s->peer);
		else if (s->shut_wanted && !s->shut_done)
			stream_bottom_shut(s);
		return;
	}
	to = &p->other->s;
	room = to->eof ? 0 : stream_room(to);
	if ((n = buf_move(to->in, s->out, room)) > 0) {
		stream_bottom_readable(to, n);
		stream_bottom_wrote(s, n);
	}
	if (buf_len(s->out) == 0 && s->shut_wanted && !s->shut_done) {
		stream_bottom_shut(s);
		stream_bottom_eof(to);
	}
}

static void
pair_close(struct stream *s)
{
	struct pair	*p = of(s);
	struct stream	*to;

	if (p->other == NULL)
		return;
	to = &p->other->s;
	p->other->other = NULL;
	p->other = NULL;
	if (buf_len(s->out) > 0)
		stream_bottom_error(to, STREAM_RESET,
		    "%s: the other end was cut", to->peer);
	else
		stream_bottom_eof(to);
	/* What it still wanted to send has nowhere to go. */
	stream_again(to);
}

static void
pair_destroy(struct stream *s)
{
	free(of(s));
}

static const struct stream_ops pair_ops = {
	.name = "pair",
	.fill = pair_pull,
	.flush = pair_flush,
	.consumed = pair_pull,
	.close = pair_close,
	.destroy = pair_destroy,
};

void
stream_pair(struct loop *l, struct stream *ends[2])
{
	struct pair	*p[2];
	int		 i;

	for (i = 0; i < 2; i++) {
		p[i] = xcalloc(1, sizeof *p[i]);
		stream_init(&p[i]->s, l, &pair_ops, "pair");
		ends[i] = &p[i]->s;
	}
	for (i = 0; i < 2; i++) {
		p[i]->other = p[1 - i];
		stream_bottom_open(ends[i]);
	}
}
