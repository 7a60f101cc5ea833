/*
 * frame.c - fuzzes the yamux header.
 *
 * Exercises frame_parse and frame_encode: what is taken must encode to the
 * same bytes, and must keep to what frame.h promises of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "revdial/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct frame *f)
{
	bool stream = f->type == FRAME_DATA || f->type == FRAME_WINDOW_UPDATE;

	if (stream != (f->id != 0))
		abort();
	if ((f->flags & FRAME_SYN) && (f->flags & FRAME_ACK))
		abort();
	if (f->type == FRAME_PING && f->flags != FRAME_SYN && f->flags != FRAME_ACK)
		abort();
	if (strcmp(frame_type_name(f->type), "unknown") == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame	f;
	struct err	e = ERR_INIT;
	uint8_t		again[FRAME_HEADER];

	for (; size >= FRAME_HEADER; data += FRAME_HEADER, size -= FRAME_HEADER) {
		if (frame_parse(&f, data, &e) == -1) {
			if (e.msg[0] == '\0')
				abort();
			continue;
		}
		check(&f);
		frame_encode(&f, again);
		if (memcmp(again, data, sizeof again) != 0)
			abort();
	}
	return 0;
}
