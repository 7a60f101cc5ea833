/*
 * record.c - fuzzes the reader of an exec's output.
 *
 * Exercises record_reader_feed: the input whole and in pieces must be judged
 * alike and give the same bytes, and a break after any of it, followed by the
 * same bytes from the reader's offset on, must lose nothing and double nothing.
 * The first byte chooses the pieces.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t	sum;		/* of output, by place */
	uint64_t	n, gaps;
};

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	struct seen	*s = arg;
	size_t		 i;

	(void)e;
	if (r->kind == RECORD_GAP) {
		if (p != NULL)
			abort();
		s->gaps += len;
		return 0;
	}
	if (len == 0 || len > r->len || (r->kind != RECORD_STDOUT && r->kind != RECORD_STDERR))
		abort();
	for (i = 0; i < len; i++)
		s->sum = s->sum * 31 + ((const unsigned char *)p)[i] + (uint64_t)r->kind;
	s->n += len;
	return 0;
}

static int
feed(struct record_reader *rd, const uint8_t *p, size_t len, size_t piece,
    struct seen *s)
{
	struct err	e = ERR_INIT;
	size_t		n;

	for (; len > 0; p += n, len -= n) {
		n = len < piece ? len : piece;
		if (record_reader_feed(rd, p, n, on_record, s, &e) == -1) {
			if (e.msg[0] == '\0')
				abort();
			return -1;
		}
	}
	return 0;
}

/* The bytes behind a gap lie elsewhere than its offset says: only logs without
 * one can be read again from an offset here. */
static void
check_break(const uint8_t *p, size_t len, size_t at, const struct seen *whole)
{
	struct record_reader	rd;
	struct seen		s = { 0, 0, 0 };

	record_reader_init(&rd, 0);
	if (feed(&rd, p, at, at, &s) == -1 || rd.offset > at)
		abort();
	record_reader_resume(&rd);
	if (feed(&rd, p + rd.offset, len - rd.offset, len, &s) == -1)
		abort();
	if (s.n != whole->n || s.sum != whole->sum)
		abort();
}

static bool
plain(const uint8_t *p, size_t len)
{
	struct record	r;
	struct err	e;

	while (len >= RECORD_HEAD) {
		if (record_get(&r, p, &e) == -1 || r.kind == RECORD_GAP ||
		    r.kind == RECORD_ALIVE)
			return false;
		if (len - RECORD_HEAD < r.len)
			return true;
		p += RECORD_HEAD + r.len;
		len -= RECORD_HEAD + r.len;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_reader	rd;
	struct seen		whole = { 0, 0, 0 }, parts = { 0, 0, 0 };
	size_t			piece;
	int			a, b;

	if (size < 2)
		return 0;
	piece = (size_t)data[0] % 40 + 1;
	data++, size--;
	record_reader_init(&rd, 0);
	a = feed(&rd, data, size, size, &whole);
	record_reader_init(&rd, 0);
	b = feed(&rd, data, size, piece, &parts);
	if (a != b)
		abort();
	if (a == 0 && (parts.n != whole.n || parts.sum != whole.sum ||
	    parts.gaps != whole.gaps))
		abort();
	if (a == 0 && plain(data, size))
		check_break(data, size, piece * 7 % size, &whole);
	return 0;
}
