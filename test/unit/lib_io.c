/* lib_io.c - see lib_io.h. */
#include "lib_io.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t
wait_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
write_down(struct rec *r, char what)
{
	size_t n = strlen(r->order);

	if (n + 1 < sizeof r->order) {
		r->order[n] = what;
		r->order[n + 1] = '\0';
	}
}

static void
on_open(struct stream *s, void *arg)
{
	struct rec *r = arg;

	r->opens++;
	write_down(r, 'o');
	if (r->close_on_open)
		stream_close(s);
}

static void
on_read(struct stream *s, void *arg)
{
	struct rec *r = arg;

	r->reads++;
	write_down(r, 'r');
	if (!r->keep) {
		buf_move(r->got, stream_in(s), SIZE_MAX);
		stream_consumed(s);
	}
	if (r->close_on_read) {
		stream_close(s);
		stream_consumed(s);	/* harmless after the end */
	}
}

static void
on_drained(struct stream *s, void *arg)
{
	struct rec *r = arg;

	(void)s;
	r->drains++;
	write_down(r, 'd');
}

static void
on_eof(struct stream *s, void *arg)
{
	struct rec *r = arg;

	r->eofs++;
	write_down(r, 'e');
	if (r->close_on_eof)
		stream_close(s);
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	struct rec *r = arg;

	r->errors++;
	r->err = *e;
	write_down(r, 'X');
	if (r->close_on_error)
		stream_close(s);
}

static const struct stream_cb rec_cb = {
	.open = on_open,
	.read = on_read,
	.drained = on_drained,
	.eof = on_eof,
	.error = on_error,
};

void
rec_init(struct rec *r, struct stream *s)
{
	memset(r, 0, sizeof *r);
	r->got = buf_new();
	if (s != NULL)
		rec_take(r, s);
}

void
rec_take(struct rec *r, struct stream *s)
{
	r->s = s;
	stream_set_cb(s, &rec_cb, r);
}

void
rec_release(struct rec *r)
{
	if (r->s != NULL)
		stream_close(r->s);
	buf_free(r->got);
}

char *
rec_text(struct rec *r)
{
	return buf_string(r->got, NULL);
}

void
rec_expect(struct rec *r, const char *want)
{
	char *s = rec_text(r);

	ck_assert_str_eq(s, want);
	free(s);
}

void
rec_accept(struct stream *s, void *arg)
{
	rec_take(arg, s);
}

static unsigned char
pattern(size_t i)
{
	return (unsigned char)(i * 31 + i / 251 + i / 65521);
}

void
fill_pattern(struct evbuffer *b, size_t at, size_t len)
{
	unsigned char	block[4096];
	size_t		i, n;

	for (; len > 0; len -= n, at += n) {
		n = len < sizeof block ? len : sizeof block;
		for (i = 0; i < n; i++)
			block[i] = pattern(at + i);
		buf_add(b, block, n);
	}
}

size_t
check_pattern(struct evbuffer *b, size_t at)
{
	unsigned char	block[4096];
	size_t		total = 0, i, n;

	while ((n = buf_take(b, block, sizeof block)) > 0)
		for (i = 0; i < n; i++, total++)
			if (block[i] != pattern(at + total))
				return total;
	return total;
}
