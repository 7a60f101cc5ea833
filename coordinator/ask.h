/*
 * ask.h - small whole calls (bclient_query) over bclient's calls: the answer is
 * collected, one deadline stands over all of it. For bclient.c alone.
 */
#ifndef COORDINATOR_ASK_H
#define COORDINATOR_ASK_H

#include "coordinator/bclient.h"

struct asks;

struct asks *asks_new(struct bclient *, struct loop *, const char *name) MUST; /* name borrowed */
void asks_send(struct asks *, const struct bclient_query *, bclient_answer_fn, void *arg);
/* The head that is about to be told came over that connection; 0: told. */
void asks_answering(struct asks *, uint64_t conn);
void asks_sweep(struct asks *, int64_t now);
/* After the bclient's calls were failed: answers under way are still told. */
void asks_free(struct asks *);

/* In bclient.c: ends that connection, if it is there, with all that goes over it. */
void bclient_cut_conn(struct bclient *, uint64_t conn);

#endif
