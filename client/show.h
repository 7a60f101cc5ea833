/*
 * show.h - the output of a command on its way out: records of a log, or plain
 * bytes, to stdout and stderr, and in the same order to a copy.
 *
 * A reader that is slow slows the sender down, not us: what stdout or stderr
 * does not take is written from the loop.
 */
#ifndef CLIENT_SHOW_H
#define CLIENT_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/record.h"
#include "base/err.h"

struct call;
struct evbuffer;
struct loop;
struct show;

struct show_how {
	int		 out, err;	/* descriptors, borrowed; -1: drop what belongs there */
	bool		 plain;		/* bytes (POST /exec), no records */
	bool		 times;		/* each line begins with its time */
	int64_t		 since;		/* wall ms: nothing older; 0: all */
	uint64_t	 skip_lines;	/* of out and err together, at the beginning */
	bool		 count;		/* write nothing: only show_lines is of interest */
	bool		 quiet;		/* only the copy and the tap get it, not out and err */
};

struct show *show_new(struct loop *, const struct show_how *) MUST;
void show_free(struct show *);		/* NULL is fine */
/* From now on all goes there, too. fd is borrowed; a copy that cannot be
 * written is told of and given up. */
void show_copy(struct show *, int fd, const char *name);
/* Has the copy all that was shown? */
bool show_copied(const struct show *);
/* From now on fn gets all that is shown, in the same order; p NULL: len bytes
 * are missing here. */
typedef void (*show_tap_fn)(const void *p, size_t len, void *arg);
void show_tap(struct show *, show_tap_fn, void *arg);

/* Takes all of b, or nothing where what it took before is not written yet: room
 * is told then. -1 and e: no log, or stdout or stderr cannot be written. */
int  show_take(struct show *, struct evbuffer *b, struct err *e) MUST;
/* Runs the loop until all that was taken is written. The same errors. */
int  show_finish(struct show *, struct err *e) MUST;
/* Nothing is written from now on, and nothing fails. */
void show_stop(struct show *);
/* From the loop: there is room again; that failed, and show_finish tells why.
 * Either may be NULL. */
void show_on(struct show *, void (*room)(void *), void (*fail)(void *), void *arg);

/* All of an answer that has begun, read and written. */
int  show_answer(struct show *, struct call *, struct err *e) MUST;

/* Where it stands, for the next request after a break (record_reader_resume). */
uint64_t show_offset(const struct show *);
void show_start(struct show *, uint64_t offset);
void show_resume(struct show *);
/* The log comes once more from its kept beginning: what was shown is left out. */
void show_again(struct show *);
uint64_t show_lines(const struct show *);	/* that came by, skipped ones too */

#endif
