/* record.c - the records of an exec's output (record.h). */
#include "api/record.h"

#include <string.h>

static void
put_be(unsigned char *p, size_t n, uint64_t v)
{
	while (n-- > 0) {
		p[n] = (unsigned char)v;
		v >>= 8;
	}
}

static uint64_t
get_be(const unsigned char *p, size_t n)
{
	uint64_t	v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

void
record_put(unsigned char head[RECORD_HEAD], const struct record *r)
{
	put_be(head, 4, (uint64_t)r->kind << 24);
	put_be(head + 4, 4, r->len);
	put_be(head + 8, 8, (uint64_t)r->time);
}

static bool
len_ok(enum record_kind kind, uint32_t len)
{
	switch (kind) {
	case RECORD_STDOUT:
	case RECORD_STDERR:
		return len > 0 && len <= RECORD_MAX;
	case RECORD_GAP:
		return len == RECORD_GAP_LEN;
	case RECORD_ALIVE:
		return len == 0;
	}
	return false;
}

int
record_get(struct record *r, const unsigned char head[RECORD_HEAD], struct err *e)
{
	uint64_t	word = get_be(head, 4);
	uint32_t	len = (uint32_t)get_be(head + 4, 4);

	if ((word & 0xffffff) != 0 || word >> 24 < RECORD_STDOUT ||
	    word >> 24 > RECORD_ALIVE)
		return err_set(e, "no log of an exec: a record of kind %#llx",
		    (unsigned long long)word);
	r->kind = (enum record_kind)(word >> 24);
	r->len = len;
	r->time = (int64_t)get_be(head + 8, 8);
	if (!len_ok(r->kind, len))
		return err_set(e, "no log of an exec: a record of kind %d and %lu bytes",
		    (int)r->kind, (unsigned long)len);
	return 0;
}

void
record_put_gap(unsigned char payload[RECORD_GAP_LEN], uint64_t next, uint64_t left_out)
{
	put_be(payload, 8, next);
	put_be(payload + 8, 8, left_out);
}

void
record_get_gap(const unsigned char payload[RECORD_GAP_LEN], uint64_t *next,
    uint64_t *left_out)
{
	*next = get_be(payload, 8);
	*left_out = get_be(payload + 8, 8);
}

/* ---- reading ---- */

void
record_reader_init(struct record_reader *rd, uint64_t offset)
{
	memset(rd, 0, sizeof *rd);
	rd->offset = offset;
}

void
record_reader_resume(struct record_reader *rd)
{
	rd->have = 0;
	rd->left = 0;
}

bool
record_reader_whole(const struct record_reader *rd)
{
	return rd->have == 0 && rd->left == 0;
}

/* The head of output has come. */
static int
begin_output(struct record_reader *rd, const struct record *r, struct err *e)
{
	if (rd->offset > UINT64_MAX - RECORD_HEAD - r->len)
		return err_set(e, "no log of an exec: it ends beyond all offsets");
	if (rd->done > 0 && (r->kind != rd->now.kind || r->len != rd->now.len ||
	    r->time != rd->now.time))
		return err_set(e, "not the same log as before: another record at %llu",
		    (unsigned long long)rd->offset);
	rd->now = *r;
	rd->left = r->len;
	return 0;
}

static int
end_gap(struct record_reader *rd, const struct record *r, record_fn fn, void *arg,
    struct err *e)
{
	uint64_t	next, left_out;

	record_get_gap(rd->head + RECORD_HEAD, &next, &left_out);
	if (next < rd->offset)
		return err_set(e, "no log of an exec: a gap from %llu back to %llu",
		    (unsigned long long)rd->offset, (unsigned long long)next);
	if (next > rd->offset) {	/* else the record under way comes after it */
		left_out -= rd->done < left_out ? rd->done : left_out;
		rd->done = 0;
	}
	rd->offset = next;
	rd->left_out = left_out > UINT64_MAX - rd->left_out ? UINT64_MAX :
	    rd->left_out + left_out;
	if (left_out > SIZE_MAX)
		left_out = SIZE_MAX;
	return fn(r, NULL, (size_t)left_out, arg, e);
}

/* All of the head is there, of a gap perhaps all of it. */
static int
on_head(struct record_reader *rd, record_fn fn, void *arg, struct err *e)
{
	struct record	r;

	if (record_get(&r, rd->head, e) == -1)
		return -1;
	if (r.kind == RECORD_GAP && rd->have == RECORD_HEAD)
		return 0;		/* more is to come */
	rd->have = 0;
	if (r.kind == RECORD_GAP)
		return end_gap(rd, &r, fn, arg, e);
	return r.kind == RECORD_ALIVE ? 0 : begin_output(rd, &r, e);
}

static size_t
feed_head(struct record_reader *rd, const unsigned char *p, size_t len)
{
	size_t	want = rd->have < RECORD_HEAD ? RECORD_HEAD : sizeof rd->head;
	size_t	n = want - rd->have < len ? want - rd->have : len;

	memcpy(rd->head + rd->have, p, n);
	rd->have += n;
	return n;
}

static void
end_output(struct record_reader *rd)
{
	if (rd->left > 0)
		return;
	rd->offset += RECORD_HEAD + rd->now.len;
	rd->done = 0;
}

void
record_reader_pass(struct record_reader *rd, size_t len)
{
	rd->left -= len;
	rd->done += len;
	end_output(rd);
}

/* Some of the payload under way. */
static int
feed_output(struct record_reader *rd, const unsigned char *p, size_t len,
    record_fn fn, void *arg, struct err *e)
{
	uint32_t	at = rd->now.len - rd->left;
	size_t		known = rd->done > at ? rd->done - at : 0;

	rd->left -= (uint32_t)len;
	if (known < len) {
		rd->done += (uint32_t)(len - known);
		if (fn(&rd->now, p + known, len - known, arg, e) == -1)
			return -1;
	}
	end_output(rd);
	return 0;
}

int
record_reader_feed(struct record_reader *rd, const void *data, size_t len,
    record_fn fn, void *arg, struct err *e)
{
	const unsigned char	*p = data;
	size_t			 n;

	for (; len > 0; p += n, len -= n) {
		if (rd->left > 0) {
			n = rd->left < len ? rd->left : len;
			if (feed_output(rd, p, n, fn, arg, e) == -1)
				return -1;
			continue;
		}
		n = feed_head(rd, p, len);
		if ((rd->have == RECORD_HEAD || rd->have == sizeof rd->head) &&
		    on_head(rd, fn, arg, e) == -1)
			return -1;
	}
	return 0;
}
