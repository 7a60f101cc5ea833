/*
 * wipe.h - making the machine clean: everything under way is cut, then the
 * work directory is emptied. At start, between leases, at the end.
 */
#ifndef BUILDLET_WIPE_H
#define BUILDLET_WIPE_H

#include <stdbool.h>

#include "base/err.h"

struct buildlet;
struct wipe;

/* why is NULL when it is clean. Work may begin again from then on. */
typedef void (*wipe_done_fn)(struct buildlet *, const struct err *why, void *arg);

/* While one is under way further calls join it: their done comes with its end.
 * reason: what clients whose work is cut are told. furnish: the directories
 * that commands need are made afterwards (not at the end of the program). */
void wipe_start(struct buildlet *, const char *reason, bool furnish,
    wipe_done_fn done, void *arg);
/* Nobody is told any more; for the end of the program. */
void wipe_free(struct wipe *);			/* NULL is fine */
/* For work.c: the last work has ended. */
void wipe_work_ended(struct wipe *);

#endif
