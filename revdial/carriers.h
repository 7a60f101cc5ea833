/*
 * carriers.h - one accepted connection, turned around, carrying many streams:
 * what our own programs use.
 *
 * A machine behind NAT dials out; after that the side it dialed opens streams
 * to it. Two carriers behind one interface (PROTOCOL 2):
 *   yamux  many streams multiplexed on the one connection (HashiCorp's spec)
 *   v2     stock Go's: a control channel of JSON lines, and a new connection,
 *          picked up by the machine, for every stream
 * The dialer is the side that opens streams (the coordinator), the listener
 * the side that serves them (the buildlet).
 *
 * All from one loop; callbacks are deferred, never inside a call of yours.
 * After `down` none follows; you must still revdial_free().
 */
#ifndef REVDIAL_CARRIERS_H
#define REVDIAL_CARRIERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/stream.h"

struct revdial;
struct revdial_pickups;
struct revdial_budget;

/* 0 takes the default in brackets. */
struct revdial_config {
	int64_t	ping_ms;	/* a heartbeat after so much silence [10 s; v2 dialer: 30 s
				 * always, or what is given if that is less] */
	int64_t	dead_ms;	/* no byte at all for so long: down [30 s]; v2 listener: at
				 * least 90 s; v2 dialer: a stock machine is silent, so none */
	int64_t	open_ms;	/* v2: pick-up given up after [20 s] */
	int64_t	write_ms;	/* nothing could be written for so long: down [10 s] */
	size_t	streams_max;	/* at once, either direction [4096] */
	size_t	accept_max;	/* yamux: opened by the peer and not yet answered [256] */
	size_t	window_max;	/* yamux: receive window of a stream may grow to [16 MiB] */
	size_t	memory_max;	/* yamux: all receive windows of the session together [64 MiB] */
	struct revdial_budget *budget;	/* yamux: bound that it shares with others [none] */
};

/* What the peers of all sessions of one loop may make it keep together, in
 * bytes (0: 512 MiB): windows grow only within it, and beyond it a session has
 * only its equal part. A session without streams takes nothing of it. */
struct revdial_budget *revdial_budget_new(size_t max) MUST;
/* When no new session will use it; those that do keep what they need. */
void revdial_budget_free(struct revdial_budget *);	/* NULL is fine */
size_t revdial_budget_held(const struct revdial_budget *);	/* bytes, now */

struct revdial_cb {
	/* Listener: the peer opened s; it is yours. */
	void (*accept)(struct revdial *, struct stream *s, void *arg);
	/* The session is over; all its streams got STREAM_GONE. why->code is 0
	 * where it ended in peace (drained, or the peer left), else of enum
	 * stream_err; the text begins with the peer's name. */
	void (*down)(struct revdial *, const struct err *why, void *arg);
	/* yamux: the peer takes no new streams and may soon open none either (it is
	 * being drained, or its ids are nearly used up). What is under way goes on:
	 * whoever wants more makes another session beside this one. */
	void (*leaves)(struct revdial *, void *arg);
};

/* Takes carrier, which is open and may hold bytes already read. */
struct revdial *revdial_yamux(struct loop *, struct stream *carrier, bool dialer,
    const struct revdial_config *, const struct revdial_cb *, void *arg) MUST;

/* v2, the side that opens streams. Each open sends a `conn-ready` with a
 * single-use 128-bit secret in its path, which pickups remembers until the
 * machine's new connection comes or open_ms is over. */
struct revdial *revdial_v2_dialer(struct loop *, struct stream *carrier,
    struct revdial_pickups *, const struct revdial_config *,
    const struct revdial_cb *, void *arg) MUST;
struct revdial_pickups *revdial_pickups_new(struct loop *) MUST;
/* After the sessions that use it. */
void revdial_pickups_free(struct revdial_pickups *);
/* A connection came for secret (the value of revdial.dialer in GET /revdial):
 * is it known? Then answer 101 and hand the stream over with
 * revdial_pickup_deliver, once, whatever became of the session meanwhile; the
 * secret is used up by claim. Nothing is sent on it before the 101 has left. */
struct revdial_pickup;
struct revdial_pickup *revdial_pickups_claim(struct revdial_pickups *, const char *secret); /* NULL: unknown */
void revdial_pickup_deliver(struct revdial_pickup *, struct stream *); /* takes s; NULL: it broke */

/* v2, the machine's side: dial gives a new connection to the coordinator each
 * time (as net_dial does); the pick-up handshake (GET, 101 or up to two
 * relative 307 on the same connection) is done here. */
typedef struct stream *(*revdial_dial_fn)(void *dial_arg);
struct revdial *revdial_v2_listener(struct loop *, struct stream *carrier,
    revdial_dial_fn dial, void *dial_arg, const struct revdial_config *,
    const struct revdial_cb *, void *arg) MUST;

/* Dialer: a new stream to the machine. opened is called once, deferred, with
 * the stream (yours), or NULL and why. After revdial_free it is not called. */
typedef void (*revdial_open_fn)(struct stream *s, const struct err *why, void *arg);
void revdial_open(struct revdial *, revdial_open_fn opened, void *arg);

/* Tells the peer (yamux: go away 0) and ends when its streams have (and the peer
 * has answered a ping after that, for which it has dead_ms); then down. */
void revdial_drain(struct revdial *);
/* Cuts everything; no callback follows. Streams still held get STREAM_GONE. */
void revdial_free(struct revdial *);

const char *revdial_name(const struct revdial *);	/* "yamux" or "2" */
size_t  revdial_streams(const struct revdial *);
/* Either side took leave, see the callback: another session may take its place. */
bool    revdial_leaves(const struct revdial *);
int64_t revdial_last_heard(const struct revdial *);	/* clock_mono of the last byte from the peer */
int64_t revdial_rtt_us(const struct revdial *);		/* of the last ping; -1 unknown (v2) */
const char *revdial_peer(const struct revdial *);

#endif
