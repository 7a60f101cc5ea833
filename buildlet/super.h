/*
 * super.h - the supervisor: the process between the buildlet and one command
 * of an exec. It holds the command's pipes (or pty), appends what comes to
 * the log on disk, writes the end to disk, and looks after the whole tree of
 * processes as its subreaper; so the buildlet can be killed, upgraded and
 * started again meanwhile. It says what happens by words (superlink.h).
 *
 * It is a fork of the buildlet, without an exec of its own, made ahead of need
 * (superpool.h), and takes the next job when its tree is gone. It runs no event
 * loop of libevent, but one poll(2), since it is one thing with five
 * descriptors; it never returns.
 *
 * In the exec's directory it writes, all with names that begin so:
 *	log-OFFSET-OUTPUT	segments (execlog.h)
 *	state			at the end, by rename: struct super_end and texts as JSON
 *				(execstate.h)
 *	sock			where the next buildlet finds it; only after its line broke
 * and holds a lock (flock) on the directory's "spec" (execs.h) for as long as it lives.
 */
#ifndef BUILDLET_SUPER_H
#define BUILDLET_SUPER_H

#include "base/attr.h"

/* In the forked child with all signals blocked; line: its end of the socket
 * pair. Waits for SUPER_JOB; ends when the line ends while it has no job. */
void super_run(int line) NORETURN;

#endif
