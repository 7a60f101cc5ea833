/*
 * splice.h - two streams pumped into each other, both ways: ssh, tcpproxy.
 * Half-closes are passed on; an error of one closes the other.
 */
#ifndef IO_SPLICE_H
#define IO_SPLICE_H

#include "io/stream.h"

struct splice;

/* Takes both streams. done is called once, after both are closed, with how
 * many bytes went each way and why it ended (NULL: both ended in peace).
 * Idle for idle_ms both ways: cut (0: never). */
typedef void (*splice_done_fn)(uint64_t a_to_b, uint64_t b_to_a,
    const struct err *why, void *arg);
/* Called now and then while bytes flow, at most once a second; NULL for none. */
typedef void (*splice_alive_fn)(void *arg);

struct splice *stream_splice(struct stream *a, struct stream *b, int64_t idle_ms,
    splice_alive_fn alive, splice_done_fn done, void *arg);
void splice_cut(struct splice *, const char *why);
/* How many bytes went each way so far. */
void splice_moved(const struct splice *, uint64_t *a_to_b, uint64_t *b_to_a);
/* Gives both streams back, which need new callbacks then; done is not called.
 * False: it is over already, and done is still to come. */
bool splice_release(struct splice *) MUST;

#endif
