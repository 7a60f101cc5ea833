/*
 * lib_io.h - for the tests of streams: one that writes down what it is told,
 * and waiting for a condition by turning the loop.
 */
#ifndef LIB_IO_H
#define LIB_IO_H

#include <check.h>
#include <stdbool.h>

#include "io/buf.h"
#include "io/loop.h"
#include "io/stream.h"

#define WAIT_MS	20000

/* Turns the loop until cond holds; fails the test when it never does. */
#define WAIT(loop, cond) do {						\
	int64_t wait_end_ = wait_now() + WAIT_MS;			\
	while (!(cond) && wait_now() < wait_end_)			\
		loop_turn((loop), 20);					\
	ck_assert_msg((cond), "waited in vain for: %s", #cond);		\
} while (0)

int64_t wait_now(void);		/* ms of a clock that no test moves */

/* A user of a stream. */
struct rec {
	struct stream	*s;
	struct evbuffer	*got;		/* all that was read */
	int		 opens, reads, drains, eofs, errors;
	char		 order[64];	/* "oreX": open, read, eof, error, d drained */
	struct err	 err;
	bool		 keep;		/* leave the bytes in the stream */
	bool		 close_on_read, close_on_eof, close_on_error, close_on_open;
};

void rec_init(struct rec *, struct stream *);	/* s may be NULL: rec_take later */
void rec_take(struct rec *, struct stream *);
void rec_release(struct rec *);			/* closes the stream */
char *rec_text(struct rec *);			/* what was got, malloc'ed */
void rec_expect(struct rec *, const char *);	/* that it is this */

/* net_accept_fn whose arg is a struct rec: takes the (last) connection. */
void rec_accept(struct stream *, void *arg);

/* len bytes of a pattern that shows what is lost or doubled. */
void fill_pattern(struct evbuffer *, size_t at, size_t len);
/* How many leading bytes of b continue the pattern at `at`; drains them. */
size_t check_pattern(struct evbuffer *b, size_t at);

#endif
