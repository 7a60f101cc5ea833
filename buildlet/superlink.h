/*
 * superlink.h - what a supervisor (super.h) and the buildlet say to each other
 * over a stream socket: words of a fixed head and a payload, host byte order,
 * both ends on one machine. The format stays as it is as long as
 * SUPERLINK_VERSION does: a buildlet that was upgraded talks to supervisors
 * that the old one forked.
 *
 * The line first is the socket pair that the supervisor was forked with. When
 * it breaks, because the buildlet died or was replaced, the supervisor listens
 * on "sock" in its exec's directory for the next buildlet.
 */
#ifndef BUILDLET_SUPERLINK_H
#define BUILDLET_SUPERLINK_H

#include <stddef.h>
#include <stdint.h>

#define SUPERLINK_VERSION	1
#define SUPERLINK_PAYLOAD_MAX	(512 * 1024)

struct superlink_word {
	uint32_t what;
	uint32_t len;		/* of the payload that follows */
	uint64_t value;
};

enum superlink_what {
	/* --- to the supervisor */
	SUPER_JOB = 1,		/* value: version; payload: struct super_job, texts;
				 * SCM_RIGHTS: the exec's directory [, a file for stdin] */
	/* Tell the state of all at once (answer: STARTED if it is so, STDIN_GOT, LOG,
	 * ENDED if it is so), then what changes, as always. The first word on "sock". */
	SUPER_HELLO,		/* value: version */
	/* A follower has read up to value: while one is there, the log is not cut before
	 * what it has not read, and the command waits instead (for at most
	 * SUPER_PATIENCE_MS without a new word of this). UINT64_MAX: nobody follows. */
	SUPER_READ,
	SUPER_STDIN,		/* payload: bytes for stdin, at most the credit */
	SUPER_STDIN_EOF,
	SUPER_RESIZE,		/* value: rows << 16 | cols */
	SUPER_SIGNAL,		/* value: number, to the process group (of a pty: its
				 * foreground group) */
	/* TERM to the group now; to all that is left of the tree KILL after value ms,
	 * or at once when it comes a second time or value is 0. */
	SUPER_KILL,
	/* Tell me, once, by SUPER_LOG, when the log is longer than value (at once if
	 * it is so). One of these is taken as said at the beginning, for value 0. */
	SUPER_MORE,

	/* --- from the supervisor */
	SUPER_STARTED = 64,	/* value: pid */
	SUPER_LOG,		/* value: the log's end; only as SUPER_MORE asked */
	SUPER_STDIN_GOT,	/* value: bytes of stdin taken in all; credit is that + SUPER_STDIN_WINDOW */
	SUPER_STDIN_CLOSED,	/* the command reads no more */
	/* The log is final and the state on disk; payload: struct super_end, text. */
	SUPER_ENDED,
	/* No process of the tree is left (value 0), or value could not be killed. The last
	 * word; then, if value is 0, it waits for the next SUPER_JOB on this line. */
	SUPER_GONE,
};
#define SUPER_STDIN_WINDOW	(256 * 1024)
#define SUPER_PATIENCE_MS	60000

struct super_job {
	uint64_t log_limit;	/* bytes on disk, heads included */
	uint64_t log_head;	/* of these the first so many are always kept */
	int64_t	 timeout_ms;	/* 0: none */
	int64_t	 grace_ms;	/* between TERM and KILL of the timeout */
	int64_t	 drain_ms;	/* for output after the command's end */
	uint32_t flags;
	uint16_t rows, cols;
	uint32_t argc, envc;	/* texts follow, each with its NUL: path, dir, argv.., env.. */
};
enum {
	SUPER_PTY = 1,
	SUPER_MERGE = 2,	/* stderr is stdout */
	SUPER_STDIN_OPEN = 4,	/* a pipe that SUPER_STDIN feeds; else the file, or /dev/null */
	/* Of POST /exec: the end of the line kills the tree; no state is written;
	 * what is left of the tree after the end is killed. */
	SUPER_TRANSIENT = 8,
	/* One more text at the end: it comes first in the log, as from stdout. */
	SUPER_SAYS = 16,
};

enum super_why {		/* why it was ended, if not by itself */
	SUPER_WHY_NONE, SUPER_WHY_KILLED, SUPER_WHY_TIMEOUT, SUPER_WHY_LINE, SUPER_WHY_DISK,
};
struct super_end {
	int64_t	 started, ended;	/* wall ms */
	uint64_t log_end;		/* offset */
	uint64_t output, dropped;	/* bytes of output in all, and of these not kept */
	uint32_t why;			/* enum super_why */
	uint32_t left;			/* processes that still run; their names in the text */
	uint32_t state_len, left_len;	/* texts: Process-State, "sleep, server" */
};

#endif
