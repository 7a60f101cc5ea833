/*
 * input.h - our stdin to the stdin of an exec, by PUT /execs/ID/stdin: in
 * pieces, each kept until the buildlet says that it has it, so that a break
 * neither loses nor doubles a byte. Nothing is read beyond what is kept.
 */
#ifndef CLIENT_INPUT_H
#define CLIENT_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/cred.h"
#include "base/err.h"

struct input;
struct loop;

#define INPUT_WINDOW	(1024 * 1024)	/* bytes of a piece, at most; two are kept */

/* Is anything to come from there? False for what is closed, /dev/null, a
 * directory, a file or pipe that is at its end already. Reads nothing. */
bool input_is_there(int fd);

/* fd is borrowed, never made non-blocking, and becomes /dev/null when the
 * command has closed its stdin, so that whoever writes there hears of it.
 * offset: how much that stdin has had already. NULL and e. Reading begins with
 * the first input_go. */
struct input *input_new(struct loop *, const struct cred *, const char *instance,
    const char *id, int fd, uint64_t offset, struct err *e) MUST;
void input_go(struct input *);		/* the exec is there; there again after a break */
void input_free(struct input *);	/* NULL is fine; what is under way is dropped */

#endif
