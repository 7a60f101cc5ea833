/*
 * execs.h - the index of execs: what runs and has run on each instance.
 *
 * The machine knows best; the store is kept in step with it. A machine with
 * API_F_EXECS is asked for what has changed when a request to /execs* of its
 * instance began or ended, when it has joined, and every few seconds while
 * something runs there. What the store knows as running and the machine does
 * not know is lost. What runs renews its instance (execs_busy).
 *
 * When an exec has ended the end of its output is fetched and kept; when an
 * instance ends, that of what still runs, before the machine is wiped. What is
 * learned is written a second later at most: until then the machine has it.
 */
#ifndef COORDINATOR_EXECS_H
#define COORDINATOR_EXECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "coordinator/store.h"

struct core;
struct execs;
struct instance;
struct machine;

/* The user's, as store_execs_of. */
int execs_of(struct core *, const char *user, const char *instance, int64_t limit,
    store_exec_fn, void *arg, struct err *e) MUST;
/* The user's whose id begins with prefix, of any instance (NULL) or that one, at
 * most limit; where one has prefix itself as its id only those that have. */
int execs_find(struct core *, const char *user, const char *prefix,
    const char *instance, int64_t limit, store_exec_fn, void *arg, struct err *e) MUST;
/* Is all known that the user's requests have brought about? If not, it is asked for
 * at once; look again a little later. */
bool execs_settled(struct core *, const char *user);
/* How many run there, as far as we know. */
size_t execs_running(struct core *, const char *instance);

/* Adds their command lines for people, the oldest first, at most max, each cut to
 * bytes (at least 4). */
void execs_lines(struct core *, const char *instance, size_t max, size_t bytes,
    struct strs *out);

/* A request to /execs of that instance has begun or ended: look soon. */
void execs_changed(struct core *, const char *instance);
/* One to forget an exec has worked: that the machine does not know it any more
 * is no surprise. */
void execs_forgotten(struct core *, const char *instance, const char *id);

/* --- for instance and core. */
/* Does it renew the instance? */
bool execs_busy(struct core *, const char *instance);
/* The instance has its machine, for the first time or again. */
void execs_joined(struct core *, struct instance *);
/* The instance has ended, in the store too: m, which holds it as its lease, is
 * released (machine_release) once output was saved, after a few seconds at most. */
void execs_close(struct core *, const char *instance, struct machine *m, const char *why);
/* The same without a machine. */
void execs_drop(struct core *, const char *instance);

struct execs *execs_new(struct core *) MUST;
/* Reads what runs, after the instances. */
int  execs_load(struct execs *, struct err *e) MUST;
void execs_sweep(struct execs *, int64_t now);
void execs_flush(struct execs *);	/* writes now what is known */
void execs_free(struct execs *);	/* NULL is fine; before the machines */

#endif
