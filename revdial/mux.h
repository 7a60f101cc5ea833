/*
 * mux.h - a yamux session without I/O: bytes in, bytes out, events to a table.
 *
 * carrier.c feeds it what came and sends what it gives; stream.c stands
 * between its streams and their users. Both directions move whole blocks of
 * an evbuffer where they can. Time is asked of the owner, so tests own it.
 *
 * Memory runs out: the session fails with a reason, never the program; what
 * is allocated here comes from config.alloc. What a peer can make us hold is
 * bounded: streams_max streams, memory_max bytes unread (and with a budget
 * what all its sessions may), CONTROL_MAX bytes of answers that it does not
 * read, and only so many frames that do nothing.
 *
 * Events are called from inside mux_input, mux_output and mux_gone. They may
 * call anything here but those three and mux_free, mux_stream_close included.
 */
#ifndef REVDIAL_MUX_H
#define REVDIAL_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mux;
struct mux_stream;
struct evbuffer;
struct revdial_budget;

struct mux_config {
	bool	dialer;		/* opens odd ids; the other side even ones */
	size_t	streams_max;	/* at once, both directions together */
	size_t	accept_max;	/* opened by one side and not yet answered by the other */
	size_t	window_max;	/* a stream's receive window grows up to this */
	size_t	memory_max;	/* of all streams: bytes unread, and windows that grow */
	struct revdial_budget *budget;	/* the same for several sessions; may be NULL */
	void	*(*alloc)(size_t n, size_t size);	/* as calloc; NULL: calloc */
	void	 (*release)(void *);			/* NULL: free */
};

enum mux_end {
	MUX_RESET,	/* the peer cut the stream, or memory_max or the budget made us */
	MUX_REFUSED,	/* the peer never took it */
	MUX_GONE,	/* the session is over */
};

struct mux_ops {
	int64_t (*now_us)(void *arg);
	/* There is output to fetch: call mux_output soon. Often called in vain. */
	void (*want_output)(void *arg);
	/* The peer opened s: bind it and later answer it (mux_stream_accept,
	 * mux_stream_close). false: refused. */
	bool (*opened)(struct mux_stream *s, void *arg);
	/* What the peer opened had no place: why, for the log. */
	void (*refused)(const char *why, void *arg);
	/* An open that found no place may be tried again. */
	void (*may_open)(void *arg);
	void (*received)(struct mux_stream *s, size_t n, void *arg);	/* n more in `in` */
	/* n fewer in `out`; also, perhaps with 0, when our FIN is on its way. */
	void (*sent)(struct mux_stream *s, size_t n, void *arg);
	void (*eof)(struct mux_stream *s, void *arg);	/* the peer's FIN; all is in `in` */
	/* Nothing comes or goes any more; mux_stream_close it. */
	void (*ended)(struct mux_stream *s, enum mux_end, const char *why, void *arg);
	void (*pong)(void *arg);			/* mux_rtt_us is new */
	void (*peer_leaves)(void *arg);			/* go away 0: no opens any more */
};

/* NULL: out of memory. */
struct mux *mux_new(const struct mux_config *, const struct mux_ops *, void *arg) MUST;
void mux_free(struct mux *);		/* and all streams, without events; NULL is fine */

/* Takes all that it can use from in; what is left is the beginning of a header.
 * -1 and e: the session is over. If that was the peer's fault, or for lack of
 * memory, mux_output still gives a go away frame. */
int  mux_input(struct mux *, struct evbuffer *in, struct err *e) MUST;
/* Adds frames to out, control first, then data of the streams in turn, until
 * about max bytes were added or nothing is left. -1 and e: as mux_input. */
int  mux_output(struct mux *, struct evbuffer *out, size_t max, struct err *e) MUST;
bool mux_has_output(const struct mux *);

void mux_ping(struct mux *);		/* unless one is on its way */
int64_t mux_rtt_us(const struct mux *);	/* -1: none answered yet */
/* To be called every few seconds: windows of streams that are idle shrink. */
void mux_tick(struct mux *);
/* Sends go away 0: what the peer opens from now on is refused. */
void mux_leave(struct mux *);
/* Ends every stream: ended(MUX_GONE, why). */
void mux_gone(struct mux *, const char *why);
bool mux_peer_leaves(const struct mux *);	/* it said go away 0 */
bool mux_leaves(const struct mux *);	/* we did: asked to, or all our ids are used up */
/* Either did; we perhaps only since few of our ids are left: while opens still work
 * another session should be made. */
bool mux_ends(const struct mux *);
/* We leave, no stream is left, and the peer has read all that was said of them.
 * To be asked when all output has left us; a ping asks the peer, so pong is when to
 * ask again. Whoever hangs up before that may lose what is on its way. */
bool mux_parted(struct mux *);
int64_t mux_parting_us(const struct mux *);	/* for how long only that ping is missing; or -1 */
size_t mux_streams(const struct mux *);	/* that frames can still be about */

/* A new stream to the peer. NULL and e; code EAGAIN: too many wait for their
 * answer, may_open will tell. It must be bound at once. */
struct mux_stream *mux_open(struct mux *, struct err *e) MUST;
/* in and out are borrowed until mux_stream_close; user is for the owner. */
void mux_stream_bind(struct mux_stream *, struct evbuffer *in, struct evbuffer *out, void *user);
void *mux_stream_user(const struct mux_stream *);
uint32_t mux_stream_id(const struct mux_stream *);
bool mux_stream_finished(const struct mux_stream *);	/* our FIN was sent */
void mux_stream_accept(struct mux_stream *);	/* ACK */
void mux_stream_wrote(struct mux_stream *);	/* bytes were added to out */
void mux_stream_finish(struct mux_stream *);	/* FIN once out is empty */
void mux_stream_consumed(struct mux_stream *);	/* bytes were taken from in */
/* Lets go of it, with RST where it was not finished both ways. */
void mux_stream_close(struct mux_stream *);

/* For tests: dies unless all its accounts add up. */
void mux_check(const struct mux *);

#endif
