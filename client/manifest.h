/*
 * manifest.h - what pushes have put into a directory of an instance: a list of
 * paths in the user's cache directory, one file for each directory of each
 * instance. Push removes only what stands in it, never what the instance made.
 *
 * ${XDG_CACHE_HOME:-~/.cache}/gomote/push/SERVER/INSTANCE/DIR, the three
 * escaped; paths in byte order, each ended by a NUL.
 */
#ifndef CLIENT_MANIFEST_H
#define CLIENT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct manifest;

/* Reads it; empty where there is none. server NULL: direct. */
struct manifest *manifest_open(const char *server, const char *instance,
    const char *dir, struct err *e) MUST;
void manifest_close(struct manifest *);		/* NULL is fine */
bool manifest_has(const struct manifest *, const char *path);
void manifest_clear(struct manifest *);
void manifest_add(struct manifest *, const char *path);
/* Drops every path for which keep says false. */
void manifest_prune(struct manifest *, bool (*keep)(const char *path, void *arg),
    void *arg);
/* Writes it if it changed since it was read or written last. */
int  manifest_save(struct manifest *, struct err *e) MUST;
/* The instance is gone. Errors do not matter. */
void manifest_forget(const char *server, const char *instance);

#endif
