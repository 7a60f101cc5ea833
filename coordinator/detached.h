/*
 * detached.h - a process that outlives us, in a directory of its own:
 *
 *	DIR/pid  DIR/log  DIR/lock
 *
 * It holds a lock on DIR/lock as long as it lives (as its standard input), by
 * which a later coordinator finds out whether pid still is that process. For
 * pool_local.c; blocking, but only for a fork and small files.
 */
#ifndef COORDINATOR_DETACHED_H
#define COORDINATOR_DETACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct detached {
	pid_t	pid;		/* 0: it is dead, or nobody knows */
	bool	nameless;	/* nobody knows: it lives, and cannot be signalled */
	bool	child;		/* ours, so we reap it */
	int	status;		/* as waitpid said, once dead; -1 unknown */
};

/* Starts argv[0] in a session of its own, output to DIR/log; one that was started
 * there before is dead. -1 and e. */
int  detached_start(struct detached *, const char *dir, char *const *argv,
    char *const *env, struct err *e) MUST;
/* What of our environment is fit for such a program. */
void detached_env(struct strs *env);
/* One that an earlier coordinator started there. False: it is dead. It is nameless
 * where that one was killed before it had written the pid down. */
bool detached_find(struct detached *, const char *dir);
/* Looks after it; false: it is dead, d->status tells how it ended. */
bool detached_alive(struct detached *, const char *dir);
void detached_signal(struct detached *, const char *dir, int signo);
/* "exited with status 1", "was killed by signal 9", "ended". buf holds ERR_MAX. */
const char *detached_end(const struct detached *, char *buf);
/* The last line of its log, "" if there is none. buf holds ERR_MAX. */
const char *detached_last_words(const char *dir, char *buf);
/* Its log does not grow for ever: of one beyond DETACHED_LOG_MAX bytes only the end
 * stays, and what it writes at that very moment may be lost. */
#define DETACHED_LOG_MAX	(1024 * 1024)
void detached_trim_log(const char *dir);
/* Removes DIR and all below it, in a child of its own; gives its pid, to be
 * reaped by the caller, -1 where we cannot fork. */
pid_t detached_remove(const char *dir);

#endif
