/*
 * pump.h - between bodies and streams: a body into a helper's input, a
 * helper's or command's output into a body.
 */
#ifndef HTTP_PUMP_H
#define HTTP_PUMP_H

#include "http/body.h"
#include "io/stream.h"

struct pump;

/* Once: why NULL: all bytes passed, and the end too. The stream's callbacks
 * are free for the caller again. */
typedef void (*pump_done_fn)(const struct err *why, void *arg);

/* Reads b to its end into s and half-closes s; closes b when done. Takes over
 * the callbacks of s, not s itself. If s fails or its peer stops reading, the
 * rest of b is not read (b is closed) and done tells why. */
struct pump *pump_to_stream(struct body *b, struct stream *s, pump_done_fn done, void *arg) MUST;
/* Reads s until EOF into b; does not end b: done decides between body_end and
 * body_fail. If the reader of b closes, done is called with a reason. */
struct pump *pump_from_stream(struct stream *s, struct body *b, pump_done_fn done, void *arg) MUST;
/* Stops at once; done is not called. Before or after done; NULL is fine. */
void pump_free(struct pump *);

#endif
