/*
 * stream.h - a stream of a yamux session as a `struct stream`: the bottom
 * between a mux stream and its user. Inside revdial only.
 */
#ifndef REVDIAL_STREAM_H
#define REVDIAL_STREAM_H

#include "io/stream.h"
#include "revdial/mux.h"

struct loop;

/* Binds ms. Not open before rd_stream_open; bytes may come before. The mux
 * stream lives until the stream is closed or the mux says that it ended. */
struct stream *rd_stream_new(struct loop *, struct mux_stream *ms, const char *peer) MUST;
/* Opens it for its user; accepts it where the peer opened it. */
void rd_stream_open(struct stream *);
bool rd_stream_alive(const struct stream *);	/* did not end before its user got it */

/* The mux's events, see mux.h. */
void rd_stream_received(struct mux_stream *, size_t n, void *arg);
void rd_stream_sent(struct mux_stream *, size_t n, void *arg);
void rd_stream_eof(struct mux_stream *, void *arg);
void rd_stream_ended(struct mux_stream *, enum mux_end, const char *why, void *arg);

#endif
