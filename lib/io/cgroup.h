/*
 * cgroup.h - a cgroup (Linux, version 2) of our own for all commands that we run:
 * what is in it can be killed as one, however it forks and hides, and its number
 * can be limited. Elsewhere there is none; the one file for it.
 *
 * It lies below the cgroup that we ourselves are in, where that is ours to write:
 * as root, or where the service manager delegated it (systemd: Delegate=yes). Its
 * directory outlives us, so that the next start with the same name finds it with
 * what still runs there. Those beside it of the same kind (the name up to its
 * first '-') that are empty and nobody has open are removed by whoever opens one.
 */
#ifndef IO_CGROUP_H
#define IO_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct cgroup;

/* Made, or found. name: an element of a path. pids_max: how many processes there
 * may be in it, 0: any number; where the limit cannot be had, because others
 * share our own cgroup or the system counts elsewhere, cgroup_limits is false
 * and e tells why. NULL and e: there is none to be had. Blocks a moment. */
struct cgroup *cgroup_open(const char *name, int64_t pids_max, struct err *e) MUST;
bool cgroup_limits(const struct cgroup *);
/* The calling process, and what it forks; for a child that was just forked: it
 * tells no error. */
void cgroup_join(const struct cgroup *);
/* KILL for all in it, supervisors too. Not all are dead when it returns: ask
 * cgroup_empty, and kill again (an old kernel kills one after the other). -1
 * and errno: it could not. */
int  cgroup_kill(const struct cgroup *) MUST;
bool cgroup_empty(const struct cgroup *);
/* Closes it; gone: removes its directory, if it is empty. NULL is fine. */
void cgroup_close(struct cgroup *, bool gone);

#endif
