/*
 * instance.h - instances: leases of machines by users.
 *
 * An instance is preparing (its machine is being wiped for it), live, or lost
 * (its machine is not connected; it waits the grace time for it); then it has
 * ended, and only the store knows its name and the reason. Every proxied request
 * holds it while it lasts, and every exec while it runs (execs.h), which renews it;
 * the sweep ends what was not used for its idle time, and what has reached the
 * lifetime of its builder type. Last use and expiry reach the disk a few seconds
 * later at most, and a restart gives some of that time back.
 */
#ifndef COORDINATOR_INSTANCE_H
#define COORDINATOR_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/types.h"
#include "base/err.h"
#include "coordinator/machine.h"

struct bclient;
struct builder_type;
struct core;
struct instance;
struct instances;
struct instance_hold;
struct user;

enum instance_state { INSTANCE_PREPARING, INSTANCE_LIVE, INSTANCE_LOST, INSTANCE_STATES };
const char *instance_state_name(enum instance_state);

/* err.code of instance_find. */
enum instance_err {
	INSTANCE_UNKNOWN = 1,	/* never was, or ended: the text says why it ended */
	INSTANCE_FOREIGN,	/* somebody else's */
};

/* The user's instance of that name; NULL and e. Renews it. */
struct instance *instance_find(struct core *, const struct user *, const char *name,
    struct err *e) MUST;
/* The same without renewing. */
struct instance *instance_look(struct core *, const struct user *, const char *name,
    struct err *e) MUST;
/* The one that the user got by that key (sched_request), if it lives; NULL. */
struct instance *instance_of_request(struct core *, const char *user, const char *request);
/* As operators may: whoever's it is, without renewing; NULL. */
struct instance *instance_peek(struct core *, const char *name);
/* The way to its machine; NULL and e ("instance X: its machine M is away: why;
 * last heard 12s ago"). Use it at once, do not keep it. */
struct bclient *instance_client(struct instance *, struct err *e) MUST;

/* In use from now until release. cut(arg) is called, once, if the instance ends
 * before: stop at once whatever you have going on its machine (why lives for
 * the call), then release as usual. After release no cut comes. */
typedef void (*instance_cut_fn)(const char *why, void *arg);
struct instance_hold *instance_hold(struct instance *, instance_cut_fn cut, void *arg) MUST;
void instance_release(struct instance_hold *);	/* NULL is fine */
void instance_touch(struct instance *);		/* used just now */
/* It does not end as unused within ms (at most INSTANCE_EXTEND_MS) from now;
 * its hard limit stays. On disk when it returns 0; -1 and e. */
#define INSTANCE_EXTEND_MS ((int64_t)7 * 24 * 3600 * 1000)
int  instance_extend(struct instance *, int64_t ms, struct err *e) MUST;
/* The end, with a reason people will read. who: "user-alice", "operator", "coordinator".
 * The pointer is dead afterwards. Its machine is cleaned and free again. */
void instance_end(struct instance *, const char *who, const char *why);
/* The same for somebody who is told that it has ended: where that cannot be
 * written down, -1 and e, and it goes on. */
int  instance_give_back(struct instance *, const char *who, const char *why,
    struct err *e) MUST;

/* Its user knows of it: was told so, or has used it. */
void instance_claim(struct instance *);
bool instance_claimed(const struct instance *);

const char *instance_name(const struct instance *);

/* Environment and bootstrap come from the catalog by builder_type. */
struct instance_row {		/* strings borrowed for the call, never NULL */
	const char	*name;
	const char	*user;		/* "alice" */
	const char	*user_key;	/* "user-alice" */
	const char	*builder_type, *host_type, *machine;
	enum instance_state state;
	int64_t		 created, last_use, expires;	/* wall */
	int64_t		 limit;		/* wall: its hard end; 0: it has none */
	int64_t		 idle_ms;
	int64_t		 heard;		/* wall: its machine's last sign of life; 0 not since our start */
	size_t		 holds;		/* requests under way */
	size_t		 running;	/* execs */
};
typedef bool (*instance_row_fn)(const struct instance_row *, void *arg);	/* false: stop */
void instance_row_of(struct instance *, struct instance_row *out);
/* By name; user (as in struct user) NULL: all. Those still preparing only for
 * NULL. fn must not end instances. */
void instance_rows(struct core *, const char *user, instance_row_fn, void *arg);
size_t instance_count(struct core *, const char *user);	/* NULL: all */
size_t instance_count_type(struct core *, const char *host_type);
bool instance_on(struct core *, const char *machine);	/* is there one on that machine? */

/* --- for sched and core. */

/* m is idle: writes the lease down and makes the instance, preparing. request: its
 * user's key for it, NULL none. NULL and e. */
struct instance *instance_begin(struct core *, const char *user,
    const struct builder_type *, struct machine *m, const char *request,
    struct err *e) MUST;
/* Its machine is ready: live from now, and in those groups of its user's. -1 and e:
 * the store failed; end it. */
int instance_grant(struct instance *, const struct strs *groups, struct err *e) MUST;
/* m has joined: decides by what both sides know, adopts or releases m. */
void instances_reconcile(struct instances *, struct machine *m, const struct api_status *);
void instances_lost(struct instances *, struct machine *m, const char *why);
/* The machine of that name is known to be dead: no use to wait for it. */
void instances_dead(struct instances *, const char *machine, const char *why);

struct instances *instances_new(struct core *) MUST;
/* Reads the live leases; they are lost until their machines dial back. */
int  instances_load(struct instances *, struct err *e) MUST;
void instances_sweep(struct instances *, int64_t now);
void instances_flush(struct instances *);	/* writes last uses now */
void instances_free(struct instances *);	/* NULL is fine; nothing ends by it */

#endif
