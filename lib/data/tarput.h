/*
 * tarput.h - putting the entries of an archive into a directory tree, safely;
 * the half of tarin that writes (tarin.h has the rules). Names were checked
 * and cleaned by the caller: relative, no "..", not ".".
 *
 * Each function fills e with the reason alone ("is a symbolic link"), EINVAL
 * where the archive is at fault, else an errno.
 */
#ifndef DATA_TARPUT_H
#define DATA_TARPUT_H

#include <sys/types.h>

#include <time.h>

#include "base/err.h"

struct tarput;

struct tarput *tarput_new(int root) MUST;	/* root is borrowed */
/* Gives the directories their modes and mtimes, also after a failure; frees. */
int  tarput_finish(struct tarput *, struct err *e) MUST;

/* A regular file: begin gives a descriptor to write to, then end or drop. */
int  tarput_file_begin(struct tarput *, const char *name, mode_t mode, struct err *e) MUST;
int  tarput_file_end(struct tarput *, const struct timespec *mtime, struct err *e) MUST;
void tarput_file_drop(struct tarput *);
int  tarput_dir(struct tarput *, const char *name, mode_t mode,
    const struct timespec *mtime, struct err *e) MUST;
int  tarput_symlink(struct tarput *, const char *name, const char *target,
    const struct timespec *mtime, struct err *e) MUST;
/* target is a name like name. */
int  tarput_hardlink(struct tarput *, const char *name, const char *target,
    struct err *e) MUST;

#endif
