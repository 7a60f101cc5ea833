/*
 * file.h - small whole files: keys, port files, configuration.
 *
 * These block; they are for start-up, for tests and for programs that have
 * nothing else to do, never for a request.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* The whole file, NUL-terminated, malloc'ed; NULL and e if it is longer than
 * max or cannot be read. len may be NULL. */
char *file_read(const char *path, size_t max, size_t *len, struct err *e) MUST;
/* All of an open regular file, without a NUL, malloc'ed; NULL and errno: EFBIG where
 * it has over max bytes. */
char *file_read_open(int fd, size_t max, size_t *len) MUST;
/* As file_read, white space at both ends cut off (key and token files); a NUL
 * byte inside is an error. */
char *file_read_trimmed(const char *path, size_t max, struct err *e) MUST;
/* Writes beside it, syncs and renames into place: readers see all or nothing.
 * The file gets exactly that mode, whatever the umask; a symlink at path is
 * replaced, not followed. */
int   file_write(const char *path, const void *p, size_t len, mode_t mode,
    struct err *e) MUST;
/* mkdir -p; existing directories are fine and keep their mode. New ones, the
 * parents too, get mode less the umask. */
int   file_mkdirs(const char *path, mode_t mode, struct err *e) MUST;
/* First of all in main: where whoever started us closed 0, 1 or 2, there stands
 * something then whose use fails, rather than what is opened next: a socket
 * or a data base, for what is printed to go to. */
void  file_std(void);
/* Sets FD_CLOEXEC / O_NONBLOCK. Dies if fd is not open. */
void  file_cloexec(int fd);
void  file_nonblock(int fd, bool on);
/* A record lock on the whole of fd, which is open for writing: 0 got it, 1
 * somebody else has it, -1 and errno. It is this process's alone, children do not
 * inherit it, and it ends when the process closes any descriptor of that file. */
int   file_claim(int fd) MUST;
/* All of it, retrying EINTR and short counts; -1 and errno. */
int   file_write_all(int fd, const void *p, size_t len) MUST;
ssize_t file_read_full(int fd, void *p, size_t len) MUST; /* fewer only at EOF */

#endif
