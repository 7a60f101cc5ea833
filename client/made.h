/*
 * made.h - a request body that a helper makes (the program once more): what it
 * is told goes into its stdin, what it prints is streamed.
 */
#ifndef CLIENT_MADE_H
#define CLIENT_MADE_H

#include <stdint.h>

#include "base/err.h"
#include "http/body.h"

struct evbuffer;
struct loop;
struct made;

/* argv: role and arguments. words are taken empty. The reader's end is in *body:
 * give it to a request. */
struct made *made_start(struct loop *, const char *const *argv,
    struct evbuffer *words, struct body **body, struct err *e) MUST;
/* Why it could not be made; NULL if that did not happen. A reader that closed the
 * body early is none of it. */
const struct err *made_error(const struct made *);
uint64_t made_bytes(const struct made *);	/* of the product, so far */
void made_free(struct made *);			/* kills the helper; NULL is fine */

#endif
