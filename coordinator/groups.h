/*
 * groups.h - groups: a user's own names for sets of instances, over which clients
 * fan out. They are kept here, so that two clients never race: each change is one
 * transaction, on disk before it is answered.
 *
 * A group is one user's; nobody else hears of it. An instance can be in several,
 * and is in none from its end on. An empty group stays until it is destroyed.
 * Nothing is lent by them. What is in which group is in the store alone.
 *
 * err.code is of enum store_err: STORE_MISSING where there is no such group, or no
 * such instance of the user's, or it is not in it; the text tells which.
 */
#ifndef COORDINATOR_GROUPS_H
#define COORDINATOR_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct core;
struct user;

#define GROUPS_MAX 100		/* of a user */

/* peer: for the audit. */
int groups_create(struct core *, const struct user *, const char *name, const char *peer,
    struct err *e) MUST;
/* Its instances live on. */
int groups_destroy(struct core *, const struct user *, const char *name, const char *peer,
    struct err *e) MUST;
/* 0 also where it is in it already. */
int groups_add(struct core *, const struct user *, const char *name, const char *instance,
    const char *peer, struct err *e) MUST;
int groups_remove(struct core *, const struct user *, const char *name,
    const char *instance, const char *peer, struct err *e) MUST;

struct group_row {		/* borrowed for the call */
	const char		*name;
	const struct strs	*instances;	/* that live, in the order of their creation */
};
typedef void (*group_row_fn)(const struct group_row *, void *arg);
/* The user's by name, or the one of that name. */
int groups_rows(struct core *, const struct user *, group_row_fn, void *arg,
    struct err *e) MUST;
int groups_row(struct core *, const struct user *, const char *name, group_row_fn,
    void *arg, struct err *e) MUST;
/* Adds the names of those that it is in, sorted. */
int groups_of(struct core *, const char *instance, struct strs *out, struct err *e) MUST;
/* Are all of these there? */
int groups_check(struct core *, const struct user *, const struct strs *names,
    struct err *e) MUST;

/* For instance.c: the lease is granted as part of the same transaction. Those of the
 * names that are not there any more are passed over. */
int groups_join(struct core *, const char *user, const struct strs *names,
    const char *instance, struct err *e) MUST;

#endif
