/*
 * work.h - what is under way on behalf of clients: commands, uploads, archives,
 * ssh sessions. One list, so that all of it can be cut before the work
 * directory is emptied: nothing of one lease runs on into the next.
 */
#ifndef BUILDLET_WORK_H
#define BUILDLET_WORK_H

#include <stdbool.h>

#include "base/queue.h"

struct buildlet;
struct http_req;
struct work;

/* Must lead to work_end, now or soon: kill what runs, answer or break off the
 * client. Called at most once, from the loop. */
typedef void (*work_cut_fn)(struct work *, const char *why);

struct work {			/* embedded in what it is about */
	TAILQ_ENTRY(work)	 entry;
	struct buildlet		*b;
	work_cut_fn		 cut;
	bool			 cutting;
};

TAILQ_HEAD(work_list, work);

/* Registers w, or answers r with 503 and returns false where the machine is
 * being cleaned or has too much to do. r may be NULL. */
bool work_begin(struct buildlet *, struct work *w, work_cut_fn cut,
    struct http_req *r);
void work_end(struct work *w);
/* Cuts all; each ends by itself. */
void work_cut_all(struct buildlet *, const char *why);
/* The same check as work_begin's, for work that begins later. */
bool work_may(struct buildlet *, struct http_req *r);

#endif
