/*
 * fetch.h - GET of a URL for POST /writetgz: http and https (checked against
 * the system's authorities), at most 5 redirects, deadlines of settings.
 */
#ifndef BUILDLET_FETCH_H
#define BUILDLET_FETCH_H

#include "base/err.h"
#include "buildlet/settings.h"
#include "http/body.h"
#include "io/loop.h"

struct fetch;

/* Once: the body of a 200 (the reader's end, yours), or NULL and why. The
 * connection closes itself when the body is over. */
typedef void (*fetch_done_fn)(struct body *, const struct err *why, void *arg);

/* NULL and e where the URL is wrong. */
struct fetch *fetch_start(struct loop *, const struct settings *, const char *url,
    fetch_done_fn done, void *arg, struct err *e) MUST;
/* Stops it, done is not called; not after done. */
void fetch_free(struct fetch *);

#endif
