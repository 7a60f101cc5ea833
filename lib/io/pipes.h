/*
 * pipes.h - descriptors for children: close-on-exec, and above 2, so that no
 * dup2 onto a child's standard descriptors can hit one of them. Each returns -1
 * and errno.
 */
#ifndef IO_PIPES_H
#define IO_PIPES_H

#include <stddef.h>
#include <sys/types.h>

int pipes_open(int fd[2]);		/* fd[0] is read from */
int pipes_talk(int fd[2]);		/* both ways */
int pipes_null(int flags);		/* /dev/null */
void pipes_widen(int fd);		/* as far as the system lets us: for bulk */
/* Bytes that lie in it; 0 where that cannot be told. */
size_t pipes_filled(int fd);
/* Moves up to len bytes that lie in the pipe to where file stands, without a
 * copy of ours: how many. EINVAL, and nothing was moved: not here, or not into
 * such a file. */
ssize_t pipes_move(int pipe, int file, size_t len);
void pipes_close(int *fd);		/* -1 is fine; becomes -1 */

#endif
