/*
 * tail.c - fuzzes what the coordinator keeps of an exec's output.
 *
 * Exercises tail_make with a log as a machine may send it: what comes out is
 * bounded, and a log that can be read from its beginning to its end. The first
 * four bytes choose the offset and how much was said.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/record.h"
#include "coordinator/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	(void)e;
	if (r->kind != RECORD_GAP && (p == NULL || len == 0))
		abort();
	*(size_t *)arg += r->kind == RECORD_GAP ? 0 : len;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_reader	 rd;
	uint64_t		 offset, output;
	size_t			 len, said = 0;
	struct err		 e = ERR_INIT;
	char			*out;

	if (size < 4)
		return 0;
	offset = (uint64_t)data[0] << 8 | data[1];
	output = (uint64_t)data[2] << 8 | data[3];
	out = tail_make((const char *)data + 4, size - 4, offset, output, &len, &e);
	if (out == NULL) {
		if (e.msg[0] == '\0' || len != 0)
			abort();
		return 0;
	}
	if (len > TAIL_MAX + RECORD_HEAD + RECORD_GAP_LEN)
		abort();
	record_reader_init(&rd, 0);
	/* A gap of the machine's own may lead anywhere, even back. */
	if (record_reader_feed(&rd, out, len, on_record, &said, &e) == 0 &&
	    !record_reader_whole(&rd))
		abort();
	if (said > TAIL_MAX || said > size)
		abort();
	free(out);
	return 0;
}
