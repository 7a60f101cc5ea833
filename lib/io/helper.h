/*
 * helper.h - slow or dangerous work in a child: the program re-executed in a
 * named role ("PROGRAM -x ROLE ARG..."), joined by pipes with back-pressure,
 * killable (DESIGN, Decisions; STYLE 21).
 *
 * A role reads descriptor 0 and writes descriptor 1. What it wants to say of a
 * failure is one line on descriptor 2, and an exit status: HELPER_BAD for
 * what the request got wrong, anything else for ours.
 */
#ifndef IO_HELPER_H
#define IO_HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "io/stream.h"

#define HELPER_OK	0
#define HELPER_FAILED	1	/* the system refused: disk full, permission */
#define HELPER_BAD	2	/* the input or a name is wrong: a client's fault */

struct helper;

struct helper_role {
	const char	*name;		/* NULL ends a table */
	int		(*run)(int argc, char **argv); /* argv[0] is the role */
};

/* First thing in main(): if argv is "-x ROLE ..." runs it and exits. Also
 * remembers how to execute this program again. */
void helper_main(const struct helper_role *roles, int argc, char **argv);
/* What to execute to run this program again. */
const char *helper_program(void);

/* It ended: status is HELPER_*; text its last line on stderr (cut at ERR_MAX),
 * "" if none. Killed, crashed or idle: HELPER_FAILED, and text says so.
 * Comes after out was read to its end, or was closed. Once. */
typedef void (*helper_end_fn)(struct helper *, int status, const char *text, void *arg);

struct helper_spec {
	const char *const *argv;	/* role and its arguments, NULL-terminated */
	/* Killed when it neither read nor wrote for that long; 0 never. The time
	 * in which it waits for us, for more input or for room, does not count. */
	int64_t		   ms;
	bool		   input;	/* helper_in is a pipe, else it reads /dev/null */
	bool		   ring;	/* and input: the role reads it by ring_join(0) (ring.h) */
	bool		   output;	/* helper_out is a pipe, else /dev/null */
	bool		   wide;	/* and output is much (pipes_widen) */
};

struct helper *helper_start(struct loop *, const struct helper_spec *,
    helper_end_fn, void *arg, struct err *e) MUST;
/* The helper's: borrowed, NULL where the spec wants none. stream_shut ends its
 * input; stream_close is the helper's to call. */
struct stream *helper_in(struct helper *);
struct stream *helper_out(struct helper *);
/* Its whole process group is killed if it lives; no callback comes. The memory
 * goes once it is reaped, for which the loop must run. NULL is fine. */
void helper_free(struct helper *);

#endif
