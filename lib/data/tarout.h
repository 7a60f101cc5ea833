/*
 * tarout.h - packing trees as .tar.gz, .tar.zst or .tar (pax where needed:
 * long names, large files, sub-second times are kept). Names are relative;
 * entries come in lexical order, parents before children. Keeps symbolic and
 * hard links, modes, mtimes, empty directories; sockets, fifos and devices are
 * skipped. Names are bytes, kept as they are. Equal trees give equal archives:
 * owners are left out, gzip carries no time. Runs in a helper, or in the
 * client, which may block.
 */
#ifndef DATA_TAROUT_H
#define DATA_TAROUT_H

#include <sys/types.h>

#include "base/err.h"

struct tarout;

enum tarout_format { TAROUT_TAR, TAROUT_TAR_GZ, TAROUT_TAR_ZST };

/* Takes what the archive consists of; 0, or -1 to stop with an error (errno). */
typedef int (*tarout_write_fn)(void *arg, const void *p, size_t len);

/* level 0: the default of the format (fast). */
struct tarout *tarout_new(enum tarout_format, int level, tarout_write_fn, void *arg,
    struct err *e) MUST;
/* Adds one file system object: name in the archive, and where it is: path is
 * relative to dirfd and not followed if a link. A file that shrinks while it
 * is read is an error, and the archive can only be thrown away; after any
 * other error of a single object (err.code an errno: ENOENT, EACCES, ...)
 * nothing of it is in the archive, which goes on. A directory is added without
 * what it holds. */
int  tarout_add(struct tarout *, int dirfd, const char *path, const char *name,
    struct err *e) MUST;
/* A regular file with given contents. */
int  tarout_add_data(struct tarout *, const char *name, mode_t mode, const void *p,
    size_t len, struct err *e) MUST;
/* Everything below dirfd, names relative to it. What vanishes meanwhile is
 * left out. */
int  tarout_add_tree(struct tarout *, int dirfd, struct err *e) MUST;
int  tarout_finish(struct tarout *, struct err *e) MUST;	/* writes the end */
void tarout_free(struct tarout *);		/* NULL is fine; without finish: broken off */

/* write fn for a descriptor; arg is int *. */
int  tarout_to_fd(void *arg, const void *p, size_t len);

#endif
