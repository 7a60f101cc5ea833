/*
 * store.h - what outlives the coordinator: users, machine keys, leases, groups,
 * execs, drains, events.
 *
 * Whole operations, each one transaction that is on disk when it returns 0
 * (DESIGN, Durability; but see store_batch_begin_lazy), so that another database can stand behind it one day.
 * Only hashes of secrets are kept. Times are wall ms. Names are judged here
 * (str_name_ok), since the command line uses the store directly when no
 * daemon runs. All from the loop thread; every statement is short and indexed.
 * Functions given to walk rows (store_*_fn) must not call the store.
 */
#ifndef COORDINATOR_STORE_H
#define COORDINATOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/secret.h"

struct store;

#define STORE_NAME_MAX	64	/* users, keys */
#define STORE_LEASE_MAX	192	/* instance name with NUL */
#define STORE_MACHINE_MAX 256	/* machine name (identity) with NUL */

/* err.code of the operations below. */
enum store_err {
	STORE_FAILED = 1,	/* the database or the disk; nothing was changed */
	STORE_EXISTS,
	STORE_MISSING,
	STORE_BAD_NAME,
	STORE_FULL,		/* there may be no more of them */
};

/* Opens or makes the file (mode 0600) and brings its schema up. */
struct store *store_open(const char *path, struct err *e) MUST;
void store_close(struct store *);		/* NULL is fine */

/* Several operations as one transaction; if commit fails nothing was done. */
int  store_batch_begin(struct store *, struct err *e) MUST;
/* For what is no loss if the power fails right after it: commit does not wait
 * for the disk. */
int  store_batch_begin_lazy(struct store *, struct err *e) MUST;
int  store_batch_commit(struct store *, struct err *e) MUST;
void store_batch_abort(struct store *);

/* --- users. Names without the "user-" that stock clients put before them; a
 * name that begins so is refused. */
struct store_user {
	char	 name[STORE_NAME_MAX + 1];
	bool	 disabled;
	int64_t	 created;
	int64_t	 instances_max;		/* -1: as the catalog says */
	bool	 is_operator;		/* may see what is others' */
};
typedef bool (*store_user_fn)(const struct store_user *, void *arg);	/* false: stop */

int store_user_add(struct store *, const char *name, const char *token_hash,
    int64_t now, struct err *e) MUST;
int store_user_set_token(struct store *, const char *name, const char *token_hash,
    struct err *e) MUST;
int store_user_set_disabled(struct store *, const char *name, bool disabled,
    struct err *e) MUST;
int store_user_set_limit(struct store *, const char *name, int64_t instances_max,
    struct err *e) MUST;
int store_user_set_operator(struct store *, const char *name, bool is_operator,
    struct err *e) MUST;
int store_users(struct store *, store_user_fn, void *arg, struct err *e) MUST; /* by name */
/* 1 found, 0 not, -1 and e. */
int store_user_by_token_hash(struct store *, const char *token_hash,
    struct store_user *out, struct err *e) MUST;
int store_user_find(struct store *, const char *name, struct store_user *out,
    struct err *e) MUST;

/* --- machine keys. The name is the machine's identity and unique. */
enum store_key_kind {
	STORE_KEY_MACHINE,	/* made by an operator for a dedicated machine */
	STORE_KEY_LOCAL,	/* made for a machine that a pool started */
};
struct store_key {
	char	 name[STORE_NAME_MAX + 1];
	char	 host_type[STORE_NAME_MAX + 1];
	enum store_key_kind kind;
	int64_t	 created;
	int64_t	 revoked;	/* 0: it is good */
	int64_t	 last_used;	/* 0: never */
};
typedef bool (*store_key_fn)(const struct store_key *, void *arg);

/* A name whose key was revoked may be given again; a good one is STORE_EXISTS. */
int store_key_add(struct store *, const char *name, const char *host_type,
    enum store_key_kind, const char *key_hash, int64_t now, struct err *e) MUST;
int store_key_revoke(struct store *, const char *name, int64_t now, struct err *e) MUST;
int store_key_delete(struct store *, const char *name, struct err *e) MUST; /* missing is fine */
int store_key_used(struct store *, const char *name, int64_t now, struct err *e) MUST;
int store_keys(struct store *, store_key_fn, void *arg, struct err *e) MUST; /* by name */
/* 1 found (revoked ones too: look), 0 not, -1 and e. */
int store_key_by_hash(struct store *, const char *key_hash, struct store_key *out,
    struct err *e) MUST;

/* --- leases: what users call instances. The name is "user-USER-BUILDER-N";
 * N counts up for ever for each "user-USER-BUILDER". */
struct store_lease {		/* strings borrowed for the call */
	const char	*name;
	const char	*user;		/* "alice" */
	const char	*builder_type;
	const char	*host_type;
	const char	*machine;	/* its identity */
	const char	*boot;		/* NULL: a stock machine */
	int64_t		 created, last_use, expires, idle_ms;
	bool		 granted;	/* it was handed to the user */
	int64_t		 ended;		/* 0: it lives */
	const char	*reason;	/* of the end; NULL while it lives */
	int64_t		 limit_at;	/* it ends then, whatever happens; 0: no limit */
	int64_t		 keep_until;	/* asked for by its user; 0: not so */
	const char	*request;	/* key by which its user asked for it; NULL: none */
};
typedef bool (*store_lease_fn)(const struct store_lease *, void *arg);

/* Takes the next number and inserts, not granted. name, granted, ended and
 * reason of l are not looked at. name gets the name. */
int store_lease_begin(struct store *, const struct store_lease *l,
    char name[STORE_LEASE_MAX], struct err *e) MUST;
int store_lease_grant(struct store *, const char *name, const char *boot,
    int64_t last_use, int64_t expires, struct err *e) MUST;
int store_lease_touch(struct store *, const char *name, int64_t last_use,
    int64_t expires, struct err *e) MUST;
int store_lease_keep(struct store *, const char *name, int64_t keep_until,
    int64_t expires, struct err *e) MUST;
/* Once: an end that is there already stays. What ran there ends with it, the
 * output that is kept of it is so until tails_until, and it leaves its groups. */
int store_lease_end(struct store *, const char *name, int64_t now,
    const char *reason, int64_t tails_until, struct err *e) MUST;
int store_leases_live(struct store *, store_lease_fn, void *arg, struct err *e) MUST; /* by name */
int store_leases_ended(struct store *, store_lease_fn, void *arg, int64_t limit,
    struct err *e) MUST;	/* the last that ended first */
int store_leases_ended_of(struct store *, const char *user, store_lease_fn, void *arg,
    int64_t limit, struct err *e) MUST;
/* Calls fn if there is such a one: 1, else 0; -1 and e. */
int store_lease_find(struct store *, const char *name, store_lease_fn, void *arg,
    struct err *e) MUST;

/* --- groups: a user's names for sets of live instances. */
int store_group_add(struct store *, const char *user, const char *name, int64_t now,
    int64_t max, struct err *e) MUST;	/* STORE_FULL: the user has max of them */
int store_group_delete(struct store *, const char *user, const char *name,
    struct err *e) MUST;
/* 1 found, 0 not, -1 and e. */
int store_group_find(struct store *, const char *user, const char *name,
    struct err *e) MUST;
/* 1 it is in it from now on; 0 nothing has changed: it was in it, or the user has
 * no such group or no such live instance; -1 and e. */
int store_group_join(struct store *, const char *user, const char *name,
    const char *instance, struct err *e) MUST;
/* STORE_MISSING: it was not in it, or there is no such group. */
int store_group_leave(struct store *, const char *user, const char *name,
    const char *instance, struct err *e) MUST;
typedef bool (*store_group_fn)(const char *name, const char *instance, void *arg);
/* By name, in each the instances by their creation; an empty group comes once, with
 * NULL. name NULL: all of the user's. */
int store_groups(struct store *, const char *user, const char *name, store_group_fn,
    void *arg, struct err *e) MUST;
int store_groups_of(struct store *, const char *instance, store_group_fn, void *arg,
    struct err *e) MUST;		/* by name */

/* --- execs: the record of commands, found by instance and id. */
#define STORE_WHY_INSTANCE "instance"	/* why of one that ended with its instance */

struct store_exec {		/* strings borrowed for the call */
	const char	*instance, *id;
	const char	*user;		/* whose instance: "alice" */
	const char	*who;		/* who began it: "user-alice" */
	const char	*cmd;
	const void	*args;		/* each with a NUL behind it */
	size_t		 args_len;
	int64_t		 created;
	int64_t		 ended;		/* 0: it runs */
	bool		 lost;		/* ended: nobody knows how */
	const char	*status, *why;	/* as in types.h */
	bool		 saved;		/* the end of its output was fetched, or there is none */
	int64_t		 kept;		/* so much is there of it; not looked at by put */
};
typedef bool (*store_exec_fn)(const struct store_exec *, void *arg);

/* New, or what became of it. */
int store_exec_put(struct store *, const struct store_exec *, struct err *e) MUST;
int store_execs_running(struct store *, store_exec_fn, void *arg, struct err *e) MUST;
/* Calls fn if there is such a one: 1, else 0; -1 and e. */
int store_exec_get(struct store *, const char *instance, const char *id, store_exec_fn,
    void *arg, struct err *e) MUST;
/* The newest first: what runs and what has ended, at most limit of each;
 * instance NULL: of all. */
int store_execs_of(struct store *, const char *user, const char *instance,
    int64_t limit, store_exec_fn, void *arg, struct err *e) MUST;
/* Those of the user whose id begins so ([0-9a-z]). */
int store_execs_find(struct store *, const char *user, const char *prefix, int64_t limit,
    store_exec_fn, void *arg, struct err *e) MUST;

/* The end of an exec's output, put once; len 0: there is none. Beyond max those
 * go first that would go first anyway, by their until. */
struct store_tail_max { int64_t n, bytes; };
#define STORE_UNTIL_END INT64_MAX	/* of the lease: see store_lease_end */
typedef void (*store_tail_fn)(const void *data, size_t len, void *arg);
int store_tail_put(struct store *, const char *instance, const char *id, int64_t until,
    const void *data, size_t len, const struct store_tail_max *, struct err *e) MUST;
/* 1 and fn is called, 0 there is none, -1 and e. */
int store_tail_get(struct store *, const char *instance, const char *id, store_tail_fn,
    void *arg, struct err *e) MUST;
/* Forgets tails that were kept until now, execs that ended before that time, and
 * ended ones but the newest `keep` of all; some at a time. */
int store_execs_prune(struct store *, int64_t now, int64_t before, int64_t keep,
    struct err *e) MUST;

/* --- drains: machines that operators want left alone. */
typedef bool (*store_drain_fn)(const char *machine, const char *host_type, void *arg);
int store_drain_set(struct store *, const char *machine, const char *host_type,
    int64_t now, struct err *e) MUST;
int store_drain_delete(struct store *, const char *machine, struct err *e) MUST;
int store_drains(struct store *, store_drain_fn, void *arg, struct err *e) MUST;

/* --- events: the audit and history log. */
struct store_event {		/* strings borrowed for the call; NULL becomes "" */
	int64_t		 id;
	int64_t		 at;
	const char	*who;		/* "user-alice", "operator", "machine NAME", "coordinator" */
	const char	*what;		/* "instance.create" */
	const char	*object;	/* name of what it was done to */
	const char	*detail;	/* one line for people */
	const char	*peer;		/* address it came from */
};
typedef bool (*store_event_fn)(const struct store_event *, void *arg);

int store_event_add(struct store *, const struct store_event *, struct err *e) MUST;
int store_events(struct store *, store_event_fn, void *arg, int64_t limit,
    struct err *e) MUST;	/* newest first */

/* Forgets events and ended leases from before that time, at most limit rows of
 * each (names stay unique all the same). */
int store_prune(struct store *, int64_t before, int64_t limit, struct err *e) MUST;

#endif
