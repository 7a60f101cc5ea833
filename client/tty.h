/*
 * tty.h - the local terminal while a pty of an instance is shown on it: raw, and
 * as it was again whatever happens to us. While it is raw a small process of
 * ours waits for our end and, should we have been killed, puts it back.
 */
#ifndef CLIENT_TTY_H
#define CLIENT_TTY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct tty;

/* The size of the terminal that stdin, stdout or stderr is; false if none is. */
bool tty_size(unsigned *rows, unsigned *cols) MUST;

/* Makes the terminal at fd (borrowed) raw. NULL and e. */
struct tty *tty_raw(int fd, struct err *e) MUST;
/* As it was before, and raw once more: around a suspension. */
void tty_pause(struct tty *);
void tty_resume(struct tty *);
/* As it was before. NULL is fine. */
void tty_free(struct tty *);

#endif
