/*
 * frame.h - the 12-byte yamux header: codec and the rules that can be checked
 * by looking at one header alone. No I/O, no memory, libc only.
 *
 * From the specification (PROTOCOL 2): all fields big-endian,
 *	version 8 | type 8 | flags 16 | stream id 32 | length 32
 * Length is the payload that follows (data), credit (window update), an
 * opaque value (ping), or a reason (go away).
 */
#ifndef REVDIAL_FRAME_H
#define REVDIAL_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define FRAME_HEADER	12		/* bytes on the wire */
#define FRAME_WINDOW	(256 * 1024)	/* credit of a new stream, each way */

enum frame_type { FRAME_DATA, FRAME_WINDOW_UPDATE, FRAME_PING, FRAME_GO_AWAY };

enum frame_flag {
	FRAME_SYN = 1,	/* opens a stream; a ping that asks */
	FRAME_ACK = 2,	/* accepts it; a ping that answers */
	FRAME_FIN = 4,	/* no more data from this side */
	FRAME_RST = 8,	/* ends the stream at once */
};

enum frame_reason { FRAME_NORMAL, FRAME_PROTOCOL_ERROR, FRAME_INTERNAL_ERROR };

struct frame {
	enum frame_type	type;
	uint16_t	flags;
	uint32_t	id;
	uint32_t	length;
};

void frame_encode(const struct frame *, uint8_t out[FRAME_HEADER]);
/* -1 and e if no sender that keeps to the specification could have sent it:
 * unknown version, type or flag, a stream frame for id 0, a session frame for
 * another, SYN together with ACK, a ping that neither asks nor answers. */
int  frame_parse(struct frame *, const uint8_t in[FRAME_HEADER], struct err *e) MUST;
const char *frame_type_name(enum frame_type);	/* "data" */
const char *frame_reason_name(uint32_t reason);	/* "protocol error" */

#endif
