/*
 * stream.h - the byte stream: the one thing that HTTP, TLS users, revdial and
 * pumps are written against (DESIGN, idea 2). Users cannot tell plain TCP,
 * TLS, a Unix socket, a pipe or a reverse-dialed stream apart.
 *
 * A stream has two buffers. The bottom fills `in` until it holds
 * STREAM_IN_HIGH bytes; the user takes from it and says stream_consumed().
 * The user puts into `out` and says stream_wrote(); above STREAM_OUT_HIGH the
 * user should stop (stream_full) until `drained`.
 *
 * Callbacks come from the loop, never from inside the user's own call; they
 * may call anything here, stream_close too: resources go at once, memory
 * later. After stream_close no callback comes.
 */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct stream;
struct loop;
struct evbuffer;

#define STREAM_IN_HIGH	(256 * 1024)	/* fill stops here */
#define STREAM_OUT_HIGH	(256 * 1024)	/* stream_full from here on */
#define STREAM_OUT_LOW	(64 * 1024)	/* drained is called here, once a crossing */

/* err.code of the error callback; the text names the hop and the reason. */
enum stream_err {
	STREAM_RESET = 1,	/* the peer cut it, or a write after it had closed */
	STREAM_REFUSED,		/* connect: nobody there, or not resolvable */
	STREAM_TIMEOUT,		/* one of the deadlines passed */
	STREAM_TLS,		/* handshake or record error; certificate refused */
	STREAM_SYSTEM,		/* errno of ours */
	STREAM_GONE,		/* the carrier under a mux stream went away */
};

struct stream_cb {
	/* Connected, handshake done. Accepted plain streams get it too. */
	void (*open)(struct stream *, void *arg);
	/* New bytes in `in`. What is left there stays; call stream_read_again
	 * to be called for it once more without new bytes. */
	void (*read)(struct stream *, void *arg);
	/* out fell to STREAM_OUT_LOW after having been above it, or became
	 * empty; once a crossing. */
	void (*drained)(struct stream *, void *arg);
	/* The peer half-closed, all its bytes are in `in`; we may still write. */
	void (*eof)(struct stream *, void *arg);
	/* Once, last. The stream is dead; you must still stream_close it. */
	void (*error)(struct stream *, const struct err *, void *arg);
};

/* cb is borrowed and const; members may be NULL. May be changed at any time,
 * which is how a stream changes hands: what is in `in` and not yet told will
 * be told to the new owner (read, and eof or error if they came). */
void stream_set_cb(struct stream *, const struct stream_cb *, void *arg);

struct evbuffer *stream_in(struct stream *);	/* borrowed; take from the front */
struct evbuffer *stream_out(struct stream *);	/* borrowed; add to the end */
void stream_consumed(struct stream *);		/* after taking from in */
void stream_wrote(struct stream *);		/* after adding to out */
void stream_write(struct stream *, const void *p, size_t len); /* add + wrote */
bool stream_full(const struct stream *);	/* out >= STREAM_OUT_HIGH */
size_t stream_unsent(const struct stream *);	/* bytes of out not yet given to the system */
void stream_read_again(struct stream *);	/* read will be called if in is not empty */
bool stream_at_eof(const struct stream *);	/* peer half-closed and in is empty */
/* The end (or error) came without the TLS goodbye, so bytes may be missing
 * where the protocol above cannot tell. */
bool stream_truncated(const struct stream *);
bool stream_is_open(const struct stream *);	/* connected, not dead, not closed */

/* Half-close: once out is empty the peer sees EOF; reading goes on. */
void stream_shut(struct stream *);
/* Drops it: what is unsent may be lost, a TLS or mux peer may see a reset. */
void stream_close(struct stream *);
/* Sends what is in out, half-closes, reads and drops what still comes, and
 * closes when the peer has closed or after ms, or when the loop is freed. No
 * callback any more. */
void stream_close_soft(struct stream *, int64_t ms);

/* Deadlines: an error STREAM_TIMEOUT when nothing was received for read_ms,
 * or when out was not empty and nothing could be written for write_ms.
 * 0 = none. Checked by the loop's sweep, so up to half a second late. */
void stream_timeout(struct stream *, int64_t read_ms, int64_t write_ms);

/* Who is at the other end, for logs and the audit ("127.0.0.1:4711",
 * "unix", "machine alice-box"). Borrowed. */
const char *stream_peer(const struct stream *);
void stream_set_peer(struct stream *, const char *name);
struct loop *stream_loop(const struct stream *);
bool stream_is_tls(const struct stream *);

/* Bytes moved since it was made. */
uint64_t stream_bytes_in(const struct stream *);
uint64_t stream_bytes_out(const struct stream *);

/* Two ends in this process, for tests and for adapters. */
void stream_pair(struct loop *, struct stream *ends[2]);

/* A stream over descriptors that it then owns: a pipe pair, a socket, a pty.
 * rfd or wfd may be -1 for a one-way stream, and may be the same. */
struct stream *stream_from_fd(struct loop *, int rfd, int wfd, const char *peer) MUST;

#endif
