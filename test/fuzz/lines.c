/*
 * lines.c - fuzzes the cutter of lines that several gomotes say.
 *
 * Exercises lines_feed and lines_end: whatever the pieces, the same lines come
 * out, none holds a newline or is too long, and together they are all bytes. The
 * first byte chooses the pieces; the rest comes many times, for lines beyond the
 * limit.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t	sum, bytes, n;
};

static void
on_line(const char *p, size_t len, void *arg)
{
	struct seen	*s = arg;
	size_t		 i;

	if (len > LINES_MAX || memchr(p, '\n', len) != NULL)
		abort();
	for (i = 0; i < len; i++)
		s->sum = s->sum * 31 + (unsigned char)p[i];
	s->sum = s->sum * 31 + '\n';
	s->bytes += len;
	s->n++;
}

static struct seen
cut(const char *p, size_t len, size_t piece)
{
	struct lines	l;
	struct seen	s = { 0, 0, 0 };
	size_t		at;

	memset(&l, 0, sizeof l);
	for (at = 0; at < len; at += piece)
		lines_feed(&l, p + at, len - at < piece ? len - at : piece, on_line, &s);
	lines_end(&l, on_line, &s);
	lines_release(&l);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		 piece, times, len, i, newlines = 0;
	struct seen	 whole, pieces;
	char		*text;

	if (size < 2 || size > 4096)
		return 0;
	piece = data[0] < 128 ? (size_t)data[0] + 1 : (size_t)data[0] * 300;
	times = data[0] % 8 == 0 ? LINES_MAX * 2 / size + 1 : 1;
	data++;
	size--;
	len = size * times;
	text = malloc(len);
	if (text == NULL)
		return 0;
	for (i = 0; i < len; i++)
		newlines += (text[i] = (char)data[i % size]) == '\n';
	whole = cut(text, len, len);
	pieces = cut(text, len, piece);
	if (memcmp(&whole, &pieces, sizeof whole) != 0 || whole.bytes + newlines != len)
		abort();
	free(text);
	return 0;
}
