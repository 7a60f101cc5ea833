/*
 * pushkept.h - what a push that broke off had staged: whole files, by digest,
 * for the next one to use. For helpers, with the lock of the push held.
 */
#ifndef BUILDLET_PUSHKEPT_H
#define BUILDLET_PUSHKEPT_H

#include "buildlet/pushdir.h"

/* Takes what lies staged into what is kept, as much as there is room for. */
void pushkept_adopt(struct pushdir *);

typedef void (*pushkept_fn)(const unsigned char digest[INV_DIGEST], void *arg);
void pushkept_each(struct pushdir *, pushkept_fn, void *arg);

/* Moves the file of that digest to name in the directory dir. 1; 0: there is
 * none; -1 and e. */
int  pushkept_use(struct pushdir *, const unsigned char digest[INV_DIGEST],
    int dir, const char *name, struct err *e) MUST;

#endif
