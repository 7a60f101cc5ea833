/*
 * lib_mux.h - for the unit tests of the mux: one as the side that is dialed,
 * fed with frames by hand, what it answers, and streams that note what happens.
 */
#ifndef LIB_MUX_H
#define LIB_MUX_H

#include "revdial/frame.h"
#include "revdial/muxstate.h"

#define SYN FRAME_SYN
#define ACK FRAME_ACK
#define FIN FRAME_FIN
#define RST FRAME_RST
#define WINDOW ((uint32_t)FRAME_WINDOW)
#define MS ((int64_t)1000)
#define SECOND ((int64_t)1000000)

/* A stream as its owner sees it. */
struct end {
	struct mux_stream	*ms;
	struct evbuffer		*in, *out;
	size_t			 received, sent;
	bool			 eof, ended;
	enum mux_end		 how;
	char			 why[200];
};

extern struct mux *m;
extern struct evbuffer *wire;		/* to the mux */
extern struct evbuffer *back;		/* from it */
extern struct end ends[300];		/* in the order in which they were opened */
extern size_t ends_n;
void forget_end(void);			/* the only one, which is over */
extern int64_t now_us;
extern bool refuse_all;
extern int pongs, leaves, may_opens, refused;
extern char refused_why[100];	/* of the last one */
extern struct err e;

void mux_setup(void);
void mux_teardown(void);
struct mux_config config(void);
struct mux_config large(void);		/* windows up to 16 MiB */
void begin(const struct mux_config *);	/* a new mux in place of the old one */

/* put: into wire; feed: and into the mux, which takes it. */
void put(enum frame_type, unsigned flags, uint32_t id, uint32_t length);
void feed(enum frame_type, unsigned flags, uint32_t id, uint32_t length);
void feed_data(unsigned flags, uint32_t id, const char *text);
void feed_bulk(uint32_t id, size_t n);
void flush(size_t max);			/* output into back */
struct frame next_frame(void);		/* from back */
/* The next frame is exactly this. */
void expect(enum frame_type, unsigned flags, uint32_t id, uint32_t length);
void expect_data(unsigned flags, uint32_t id, const char *text);
void expect_nothing(void);
/* What was put ends the session: reason, go away, and nothing works any more. */
void expect_failure(const char *why, enum frame_reason);
void put_fails(enum frame_type, unsigned flags, uint32_t id, uint32_t length,
    const char *why);

struct end *end_new(struct mux_stream *);
struct end *opened(uint32_t id);	/* by the peer, and answered */
void send_text(struct end *, const char *text);
void send_bulk(struct end *, size_t n);
void consume(struct end *, size_t n);
void close_end(struct end *);
void measure_rtt(int64_t us);
void rtt_is(int64_t us);		/* and is not measured again */
/* One window's worth is sent and consumed `after` us; the credit for it. */
uint32_t use_window(struct end *, size_t n, int64_t after);

#endif
