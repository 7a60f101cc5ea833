/*
 * store_int.h - the inside of the store, shared by store.c (the file; users,
 * keys, events, drains), store_known.c (users by token), store_leases.c,
 * store_groups.c and store_execs.c. Nobody else includes it.
 */
#ifndef COORDINATOR_STORE_INT_H
#define COORDINATOR_STORE_INT_H

#include "base/map.h"
#include "coordinator/store.h"
#include "data/db.h"

struct store {
	struct db	*db;
	int64_t		 ntails;	/* rows of tails; -1: to be counted */
	int64_t		 tail_bytes;
	struct map	*known;		/* hash of a token -> struct store_user * */
};

/* Of what store_user_by_token_hash found; forget: a user may be another now. We
 * alone write to the file (coordinator/lock.h). */
bool store_known_find(const struct store *, const char *token_hash,
    struct store_user *out) MUST;
void store_known_add(struct store *, const char *token_hash, const struct store_user *);
void store_known_forget(struct store *);

/* -1, with what was being done put before e: the database's own codes mean
 * nothing to our callers. */
int store_failed(struct err *e, const char *doing);
/* changed: what db_exec said; none is "there is no such thing". */
int store_must_change(int64_t changed, const char *doing, const char *what,
    const char *name, struct err *e) MUST;
/* In a transaction that ends a lease: its execs end with it, and their tails
 * are kept until then. */
int store_execs_end(struct store *, const char *instance, int64_t now, const char *reason,
    int64_t until, struct err *e) MUST;
/* And it is in no group any more. */
int store_groups_end(struct store *, const char *instance, struct err *e) MUST;

#endif
