/* tail.c - the last records of a log. */
#include "coordinator/tail.h"

#include <string.h>

#include "api/record.h"
#include "base/xmalloc.h"

struct piece {			/* a record in the log as it came */
	struct record		 r;
	const unsigned char	*payload;
	size_t			 size;		/* with its head */
};

/* 1, 0 at the end (what is not whole there does not count), -1 and e. */
static int
next_piece(const unsigned char **p, const unsigned char *end, struct piece *out,
    struct err *e)
{
	if (end - *p < RECORD_HEAD)
		return 0;
	if (record_get(&out->r, *p, e) == -1)
		return -1;
	out->size = RECORD_HEAD + out->r.len;
	if ((size_t)(end - *p) < out->size)
		return 0;
	out->payload = *p + RECORD_HEAD;
	*p += out->size;
	return 1;
}

static bool
is_output(const struct piece *p)
{
	return p->r.kind == RECORD_STDOUT || p->r.kind == RECORD_STDERR;
}

static void
put(char *out, size_t *n, const struct record *r, const void *payload)
{
	unsigned char	head[RECORD_HEAD];

	record_put(head, r);
	memcpy(out + *n, head, sizeof head);
	memcpy(out + *n + sizeof head, payload, r->len);
	*n += sizeof head + r->len;
}

/* How many bytes of records there are, gaps included; -1 and e. */
static int64_t
measure(const unsigned char *p, const unsigned char *end, struct err *e)
{
	struct piece	piece;
	int64_t		n = 0;
	int		got;

	while ((got = next_piece(&p, end, &piece, e)) > 0)
		if (piece.r.kind != RECORD_ALIVE)
			n += (int64_t)piece.size;
	return got == -1 ? -1 : n;
}

struct cut {
	int64_t		 left;		/* bytes of records from here on */
	uint64_t	 offset;	/* of the next */
	uint64_t	 known;		/* output in what is kept, or left out by gaps in it */
	char		*out;
	size_t		 n;
};

static void
take_gap(struct cut *c, const struct piece *p)
{
	uint64_t	next, left_out;

	record_get_gap(p->payload, &next, &left_out);
	if (c->n > 0) {
		put(c->out, &c->n, &p->r, p->payload);
		c->known += left_out;
	}
	c->offset = next;	/* else the gap before all tells it */
}

static void
take_output(struct cut *c, struct piece *p)
{
	size_t	over = c->left > TAIL_MAX ? (size_t)(c->left - TAIL_MAX) : 0;

	c->left -= (int64_t)p->size;
	c->offset += p->size;
	if (over >= p->r.len)
		return;
	p->r.len -= (uint32_t)over;
	if (c->n == 0) {		/* room for the gap */
		c->n = RECORD_HEAD + RECORD_GAP_LEN;
		record_put_gap((unsigned char *)c->out + RECORD_HEAD,
		    c->offset - RECORD_HEAD - p->r.len, 0);
	}
	put(c->out, &c->n, &p->r, p->payload + over);
	c->known += p->r.len;
}

/* The gap before all, where there is one; else its room is given back. */
static void
close_front(struct cut *c, uint64_t output)
{
	const size_t		 room = RECORD_HEAD + RECORD_GAP_LEN;
	const struct record	 gap = { RECORD_GAP, RECORD_GAP_LEN, 0 };
	unsigned char		*payload = (unsigned char *)c->out + RECORD_HEAD;
	uint64_t		 next, left_out = output > c->known ? output - c->known : 0;

	if (c->n == 0)
		return;
	record_get_gap(payload, &next, &(uint64_t){ 0 });
	/* A command that runs on has said more than we knew: about so much. */
	if (left_out == 0)
		left_out = next;
	if (left_out == 0) {
		c->n -= room;
		memmove(c->out, c->out + room, c->n);
		return;
	}
	record_put_gap(payload, next, left_out);
	record_put((unsigned char *)c->out, &gap);
}

char *
tail_make(const char *log, size_t len, uint64_t offset, uint64_t output, size_t *out_len,
    struct err *e)
{
	const unsigned char	*p = (const unsigned char *)log, *end = p + len;
	struct cut		 c = { .offset = offset, .left = measure(p, end, e) };
	struct piece		 piece;

	*out_len = 0;
	if (c.left == -1)
		return NULL;
	c.out = xmalloc((size_t)c.left + 2 * (RECORD_HEAD + RECORD_GAP_LEN));
	while (next_piece(&p, end, &piece, e) > 0) {
		if (piece.r.kind == RECORD_GAP) {
			c.left -= (int64_t)piece.size;
			take_gap(&c, &piece);
		} else if (is_output(&piece)) {
			take_output(&c, &piece);
		}
	}
	close_front(&c, output);
	*out_len = c.n;
	return c.out;
}
