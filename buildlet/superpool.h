/*
 * superpool.h - supervisors (super.h) that wait for a job: forked ahead, since
 * the fork is a good part of what a short command costs, and taken back when the
 * tree of their command is gone. Only execs.c uses it.
 */
#ifndef BUILDLET_SUPERPOOL_H
#define BUILDLET_SUPERPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct cgroup;
struct loop;
struct superpool;

/* A few at most; idle ones are let go after a while but one. */
struct superpool *superpool_new(struct loop *) MUST;
/* What those are put into that are forked from now on: a cgroup (io/cgroup.h),
 * borrowed as long as the pool lives, NULL for none; and how many processes their
 * user may have (RLIMIT_NPROC, which does not bind root), 0 for no such limit. */
void superpool_confine(struct superpool *, const struct cgroup *, int64_t processes);
/* One that waits, or a new one: its pid and our end of its line (non-blocking,
 * close-on-exec). -1 and errno. It holds no other descriptor of ours. */
pid_t superpool_take(struct superpool *, int *line) MUST;
/* One from superpool_take of this process (not one that was found by its "sock")
 * that said SUPER_GONE 0, and all its words were read. Takes line. */
void  superpool_back(struct superpool *, pid_t, int line);
/* The pid ended or will soon: it is reaped, if it is a child of ours. Also for
 * one that was found by its "sock": after an upgrade it may still be a child. */
void  superpool_lost(struct superpool *, pid_t);
void  superpool_free(struct superpool *);	/* NULL is fine; idle ones end */

#endif
