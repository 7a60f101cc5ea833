/*
 * outlet.h - lines to stdout and stderr in one order, written from the loop: a
 * reader that is slow is waited for, never the loop.
 */
#ifndef CLIENT_OUTLET_H
#define CLIENT_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct loop;
struct outlet;

/* Above this one should not add more, until room is called: it is down to a
 * quarter then. */
#define OUTLET_HIGH (256 * 1024)

/* From the loop; room may be called without need. After fail, once, all that is
 * added is dropped. */
struct outlet *outlet_new(struct loop *, void (*room)(void *),
    void (*fail)(const struct err *, void *), void *arg) MUST;
void outlet_free(struct outlet *);	/* NULL is fine; what waits is dropped */

/* PREFIX, "name: " where name is not NULL, and the line, with a newline. */
void outlet_line(struct outlet *, bool to_stderr, const char *name, const char *p,
    size_t len);
bool outlet_full(const struct outlet *);
bool outlet_empty(const struct outlet *);	/* all is written, or dropped */
void outlet_drop(struct outlet *);		/* all that waits, and all that comes */

#endif
