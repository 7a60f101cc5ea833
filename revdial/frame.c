/*
 * frame.c - the yamux header.
 */
#include "revdial/frame.h"

#include "base/attr.h"

#define VERSION		0
#define ALL_FLAGS	(FRAME_SYN | FRAME_ACK | FRAME_FIN | FRAME_RST)

static const char *const type_names[] = {
	"data", "window update", "ping", "go away",
};

static const char *const reason_names[] = {
	"normal end", "protocol error", "internal error",
};

static void
put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

void
frame_encode(const struct frame *f, uint8_t out[FRAME_HEADER])
{
	out[0] = VERSION;
	out[1] = (uint8_t)f->type;
	out[2] = (uint8_t)(f->flags >> 8);
	out[3] = (uint8_t)f->flags;
	put32(out + 4, f->id);
	put32(out + 8, f->length);
}

static int
check_stream_frame(const struct frame *f, struct err *e)
{
	if (f->id == 0)
		return err_set(e, "%s frame for stream 0", frame_type_name(f->type));
	if ((f->flags & FRAME_SYN) && (f->flags & FRAME_ACK))
		return err_set(e, "%s frame with SYN and ACK for stream %u",
		    frame_type_name(f->type), (unsigned)f->id);
	return 0;
}

static int
check_session_frame(const struct frame *f, struct err *e)
{
	if (f->id != 0)
		return err_set(e, "%s frame for stream %u",
		    frame_type_name(f->type), (unsigned)f->id);
	if (f->type == FRAME_PING && f->flags != FRAME_SYN && f->flags != FRAME_ACK)
		return err_set(e, "ping frame with flags %#x", (unsigned)f->flags);
	if (f->type == FRAME_GO_AWAY && f->flags != 0)
		return err_set(e, "go away frame with flags %#x", (unsigned)f->flags);
	return 0;
}

int
frame_parse(struct frame *f, const uint8_t in[FRAME_HEADER], struct err *e)
{
	if (in[0] != VERSION)
		return err_set(e, "frame of unknown version %u", (unsigned)in[0]);
	if (in[1] > FRAME_GO_AWAY)
		return err_set(e, "frame of unknown type %u", (unsigned)in[1]);
	f->type = (enum frame_type)in[1];
	f->flags = (uint16_t)(in[2] << 8 | in[3]);
	f->id = get32(in + 4);
	f->length = get32(in + 8);
	if (f->flags & ~ALL_FLAGS)
		return err_set(e, "%s frame with unknown flags %#x",
		    frame_type_name(f->type), (unsigned)f->flags);
	if (f->type == FRAME_DATA || f->type == FRAME_WINDOW_UPDATE)
		return check_stream_frame(f, e);
	return check_session_frame(f, e);
}

const char *
frame_type_name(enum frame_type type)
{
	return (unsigned)type < nitems(type_names) ? type_names[type] : "unknown";
}

const char *
frame_reason_name(uint32_t reason)
{
	return reason < nitems(reason_names) ? reason_names[reason] : "unknown reason";
}
