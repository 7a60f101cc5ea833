/*
 * lib_dir.h - a directory of a test's own, and small files in it.
 */
#ifndef LIB_DIR_H
#define LIB_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct dir {
	char	path[64];
	int	fd;
};

void dir_make(struct dir *);			/* fails the test if it cannot */
void dir_drop(struct dir *);			/* with all that is in it */
void dir_write(const struct dir *, const char *name, const char *text);
char *dir_read(const struct dir *, const char *name);	/* malloc'ed; NULL if it is not there */
bool dir_has(const struct dir *, const char *name);	/* links are not followed */
mode_t dir_mode(const struct dir *, const char *name);	/* whole st_mode, 0 if absent */
int  dir_count(const struct dir *, const char *name);	/* entries; -1 if no directory */
/* A small file system mounted at path/name (made): false where it may not be
 * mounted. dir_drop unmounts it. */
bool dir_mount(const struct dir *, const char *name, const char *options);

#endif
