/*
 * core.h - the coordinator's core as one object: what the faces (HTTP, pages,
 * control socket) stand on. It knows no JSON text, no HTML and no routes.
 *
 *	store    what must survive            catalog   what is offered
 *	auth     who asks                     machines  what is connected
 *	sched    who waits                    instances who has which
 *	pools    where machines come from     execs     what runs there
 *	groups   users' sets of instances     uploads   what they hand to many
 *
 * A face reads the members of struct core and never writes them. One sweep a
 * second looks after every deadline (STYLE 22); time is loop_clock's.
 */
#ifndef COORDINATOR_CORE_H
#define COORDINATOR_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "coordinator/auth.h"
#include "coordinator/bclient.h"
#include "coordinator/catalog.h"
#include "coordinator/execs.h"
#include "coordinator/groups.h"
#include "coordinator/instance.h"
#include "coordinator/machine.h"
#include "coordinator/pool.h"
#include "coordinator/sched.h"
#include "coordinator/store.h"
#include "coordinator/uploads.h"
#include "http/msg.h"
#include "io/loop.h"
#include "revdial/carriers.h"

#define CORE_POOLS 2

/* 0 and NULL take the default in brackets. Copied by core_new, strings too. */
struct core_config {
	const char	*state_dir;	/* required */
	const char	*buildlet;	/* the program of the local pool [none: it cannot start any] */
	const char	*master_key;	/* stock keys are HMACs under it [none are taken] */
	const char	*dev_key;	/* opens every host type [none] */
	int64_t		 grace_ms;	/* a lost machine may come back for so long [5 min] */
	int64_t		 join_ms;	/* first status after registering [10 s] */
	int64_t		 probe_ms;	/* status of v2 machines, every [12 s] */
	int64_t		 status_ms;	/* deadline of those [5 s] */
	int64_t		 clean_ms;	/* wiping a machine [2 min] */
	int64_t		 retry_ms;	/* quarantine, doubling up to 10 min [30 s] */
	int64_t		 forget_ms;	/* a gone machine is shown for so long [10 min] */
	int64_t		 local_start_ms; /* [60 s] */
	int64_t		 local_idle_ms;	/* [5 min] */
	int64_t		 keep_ms;	/* events, ended leases and execs [90 days] */
	int64_t		 tail_keep_ms;	/* the ends of outputs, from a lease's end on [24 h] */
	int64_t		 exec_poll_ms;	/* what runs is asked for, every [5 s] */
	int64_t		 save_ms;	/* fetching outputs at a lease's end [5 s] */
	int64_t		 upload_space;	/* bytes of uploads; -1: none are kept [4 GiB] */
	int64_t		 user_upload_space; /* of one user [2 GiB] */
	int64_t		 upload_keep_ms; /* after the last use [10 min] */
	size_t		 machines_max;	/* records [20,000] */
	size_t		 queue_max;	/* requests that wait, all host types [10,000] */
	size_t		 stream_memory;	/* bytes of all machines' sessions [512 MiB] */
	struct revdial_config revdial;
	struct http_limits limits;	/* of connections to machines */
};

struct core {
	struct loop		*loop;
	struct core_config	 cfg;
	struct catalog		*catalog;	/* swapped by core_set_catalog */
	struct store		*store;
	struct auth		*auth;
	struct machines		*machines;
	struct instances	*instances;
	struct execs		*execs;
	struct uploads		*uploads;	/* NULL: none are kept */
	struct sched		*sched;
	struct revdial_pickups	*pickups;	/* for GET /revdial */
	struct revdial_budget	*budget;	/* of all machines' sessions */
	struct pool		*pools[CORE_POOLS];
	int			 port;		/* 0 until core_serving */
	bool			 stopping;
	struct core_self	*self;		/* core.c's own */
};

/* Takes a reference of its own to the catalog; the store is borrowed and must
 * outlive it. Reads the live instances and takes over local machines that are
 * running. NULL and e. */
struct core *core_new(struct loop *, struct catalog *, struct store *,
    const struct core_config *, struct err *e) MUST;
/* The faces serve on that TCP port now; local machines may dial it. */
void core_serving(struct core *, int port);
void core_set_catalog(struct core *, struct catalog *);
/* Orderly: who waits is refused, last uses are written, local machines that
 * nobody has are stopped; done(arg) once, deferred, within ms. Instances stay. */
void core_shutdown(struct core *, int64_t ms, void (*done)(void *), void *arg);
/* Cuts everything at once. Instances stay. NULL is fine. */
void core_free(struct core *);
void core_sweep(struct core *);		/* what the timer does each second; for tests */

/* One line of history, and of the log. A store that fails is only logged. */
void core_event(struct core *, const char *who, const char *what, const char *object,
    const char *detail, const char *peer);
/* A machine that operators want left alone, or not any more; a restart keeps
 * that. -1 and e: there is none of that name, or it could not be written down. */
int  core_drain(struct core *, const char *machine, bool on, const char *who,
    const char *peer, struct err *e) MUST;
/* Revokes the key and cuts the machine that came by it. */
int  core_key_revoke(struct core *, const char *name, const char *who, struct err *e) MUST;

/* --- for pages: a host type with its machines and queue. */
struct pool_host_row {		/* strings borrowed for the call */
	const struct host_type	*type;
	struct machine_count	 machines;
	struct pool_row		 pool;
	size_t			 waiting;
	int64_t			 oldest_ms;	/* the first of them waits for so long; 0 none */
};
typedef bool (*pool_host_row_fn)(const struct pool_host_row *, void *arg);
void core_host_rows(struct core *, pool_host_row_fn, void *arg);	/* by name; false: stop */

/* --- between the parts of the core. */
void core_describe_pool(struct core *, const char *host_type, struct pool_row *out);
/* Needs of host_type may have changed: pools are told, deferred. */
void core_demand(struct core *, const char *host_type);

#endif
