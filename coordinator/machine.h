/*
 * machine.h - the registry of machines: connected buildlets, one way in for
 * all of them (DESIGN, idea 3).
 *
 *	joining ──status──▶ reconcile ──▶ leased (both sides know the lease)
 *	   │                    └───────▶ cleaning ──▶ idle ──prepare──▶ leased
 *	   ▼                                │  ▲         └──▶ draining (operator)
 *	  gone ◀── session over, any state  ▼  │retry
 *	                                 quarantined
 *
 * Each registration under a name raises the epoch and evicts the older session
 * at once; only where that takes leave (revdial_leaves) the same process goes on in
 * the new session as if it were the old one. A struct machine stays while it is
 * connected or leased, and for a while after that; keep a pointer only through a
 * callback of yours or while you own its lease. A const char * from an accessor
 * lives until the loop's next turn.
 */
#ifndef COORDINATOR_MACHINE_H
#define COORDINATOR_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/types.h"
#include "base/err.h"
#include "revdial/carriers.h"

struct bclient;
struct core;
struct machine;
struct machines;

enum machine_state {
	MACHINE_JOINING,	/* connected, its status was asked for */
	MACHINE_IDLE,		/* clean, may be lent */
	MACHINE_CLEANING,	/* being wiped, after a lease or for the next */
	MACHINE_LEASED,
	MACHINE_DRAINING,	/* clean, but an operator wants it left alone */
	MACHINE_QUARANTINED,	/* could not be cleaned; tried again later */
	MACHINE_GONE,		/* not connected */
	MACHINE_STATES
};
const char *machine_state_name(enum machine_state);

struct machine_join {		/* all copied */
	const char	*name;		/* from auth_machine */
	const char	*host_type;
	const char	*hostname;	/* "" if it said none */
	const char	*peer;
	int		 version;	/* what its header said, 0 unknown */
	bool		 yamux;		/* else version 2 */
};

/* The 101 has left and carrier is turned around: takes it, even on error.
 * -1 and e where there are too many. */
int machine_register(struct core *, const struct machine_join *,
    struct stream *carrier, struct err *e) MUST;

const char *machine_name(const struct machine *);
const char *machine_host_type(const struct machine *);
enum machine_state machine_state(const struct machine *);
uint64_t machine_epoch(const struct machine *);
const char *machine_boot(const struct machine *);	/* NULL: stock, or not yet known */
const char *machine_lease(const struct machine *);	/* NULL: none */
bool machine_connected(const struct machine *);
bool machine_has(const struct machine *, const char *feature);	/* API_F_* */
int64_t machine_heard(const struct machine *);	/* clock_mono of the last sign of life */
/* Its HTTP client; NULL while it is not connected. */
struct bclient *machine_client(struct machine *);

struct machine *machine_find(struct machines *, const char *name);	/* NULL */
/* Longest idle first; NULL. */
struct machine *machine_first_idle(struct machines *, const char *host_type);
struct machine_count {
	size_t in[MACHINE_STATES];
	size_t connected;
};
void machine_counts(struct machines *, const char *host_type, struct machine_count *);

/* --- lending, for sched and instance. */

/* From idle: makes m ready for lease (wiped, told the name). ready comes once,
 * deferred, whatever happens: why NULL: m is leased now. Otherwise m is
 * quarantined or gone, and not leased. */
typedef void (*machine_ready_fn)(struct machine *, const struct err *why, void *arg);
void machine_prepare(struct machine *, const char *lease, machine_ready_fn ready, void *arg);
/* In `joined`: it holds that lease still, and its user may go on. */
void machine_adopt(struct machine *, const char *lease);
/* The lease, if any, is over. From leased and in `joined`: cuts every request
 * to it; it is wiped and then idle again. One that is gone or has yet to join
 * will be wiped when it joins. */
void machine_release(struct machine *, const char *why);

/* --- what operators do. */
/* After its lease, if it has one. In memory only: core_drain is for operators. */
void machine_drain(struct machine *, bool on);
void machine_disconnect(struct machine *, const char *why);	/* cut; it may dial again */
/* From idle or draining: POST /halt; it goes and should not come back. False if it
 * was in no state to. */
bool machine_halt(struct machine *, const char *why);
int64_t machine_retry_at(const struct machine *);	/* quarantined: clock_mono of the next try */

/* --- for pages. */
struct machine_row {		/* strings borrowed for the call, never NULL but where said */
	const char	*name, *host_type, *hostname, *peer;
	enum machine_state state;
	bool		 drain;
	const char	*reason;	/* of quarantine, of being gone; of rivals; "" */
	const char	*lease;		/* NULL: none */
	const char	*boot;		/* NULL: unknown */
	const char	*revdial;	/* "yamux", "2", "" */
	int		 version;
	uint64_t	 epoch;
	int64_t		 connected;	/* wall; 0 not connected */
	int64_t		 heard;		/* wall */
	int64_t		 since;		/* wall: in this state */
	int64_t		 rtt_us;	/* -1 unknown */
	size_t		 streams;
};
typedef bool (*machine_row_fn)(const struct machine_row *, void *arg);	/* false: stop */
/* By name; host_type NULL: all. */
void machine_rows(struct machines *, const char *host_type, machine_row_fn, void *arg);

/* --- for core.c. Callbacks come on a clean stack. */
struct machine_events {
	/* Its status is known: call machine_adopt or machine_release. */
	void (*joined)(struct machine *, const struct api_status *, void *arg);
	void (*idle)(struct machine *, void *arg);	/* became so */
	void (*busy)(struct machine *, void *arg);	/* is idle no more, but connected */
	/* Its session is over, with why; machine_lease tells what it held. */
	void (*lost)(struct machine *, const char *why, void *arg);
};
struct machines *machines_new(struct core *, const struct machine_events *, void *arg) MUST;
/* Makes records of those that are to be drained, from the store. */
int  machines_load(struct machines *, struct err *e) MUST;
void machines_sweep(struct machines *, int64_t now);
void machines_free(struct machines *);	/* cuts all sessions, no callbacks; NULL is fine */

#endif
