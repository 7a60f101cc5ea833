/*
 * feed.h - a descriptor, read into a body on its way up: files, pipes and
 * terminals alike. The descriptor is only read, never made non-blocking: it
 * may be shared with the shell.
 */
#ifndef CLIENT_FEED_H
#define CLIENT_FEED_H

#include <stdint.h>

#include "base/err.h"
#include "http/body.h"

struct feed;

/* Reads fd (borrowed) until its end. For a regular file the body's length is
 * what is left of it to read, and a file that shrinks meanwhile breaks the
 * body off. name is for errors ("stdin"), borrowed. The body, the reader's
 * end, is in *body: give it to a request. */
struct feed *feed_new(struct loop *, int fd, const char *name,
    struct body **body, struct err *e) MUST;
/* Why reading failed; NULL if it did not. */
const struct err *feed_error(const struct feed *);
uint64_t feed_bytes(const struct feed *);	/* read so far */
/* Stops reading; a body that is not at its end fails. NULL is fine. */
void feed_free(struct feed *);

#endif
