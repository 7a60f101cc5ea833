/*
 * v2stream.h - a picked-up connection as a stream of its session: what ends
 * with the session, and is counted by it. Inside revdial only.
 *
 * Bytes change hands between the connection's buffers and its own, whole
 * blocks at a time.
 */
#ifndef REVDIAL_V2STREAM_H
#define REVDIAL_V2STREAM_H

#include "base/queue.h"
#include "io/stream.h"

struct v2_stream;
TAILQ_HEAD(v2_stream_list, v2_stream);

/* The streams of one session. */
struct v2_set {
	struct v2_stream_list	 all;
	size_t			 n;
	void			(*heard)(void *arg);	/* bytes came */
	void			(*left)(void *arg);	/* one was closed, or broke */
	void			*arg;
};

void v2_set_init(struct v2_set *, void (*heard)(void *), void (*left)(void *), void *arg);
/* Each gets STREAM_GONE; its connection is closed. */
void v2_set_cut(struct v2_set *, const char *why);

/* Takes conn, which is open. Nothing is sent before what is in its out (an
 * answer of 101) is on its way: it must not share a TLS record with it. */
struct stream *v2_stream_new(struct v2_set *, struct stream *conn, const char *peer) MUST;

#endif
