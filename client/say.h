/*
 * say.h - what gomote says to the person at the terminal: errors, and notes
 * that begin with '#', both on stderr, so that stdout is only ever the answer.
 *
 * Texts may come from a server: control characters are shown as '?'. A terminal
 * that is raw (tty.h) gets the carriage return that it needs.
 */
#ifndef CLIENT_SAY_H
#define CLIENT_SAY_H

#include "base/attr.h"

/* "gomote: TEXT" */
void say_error(const char *fmt, ...) PRINTF(1, 2);
/* "# TEXT" */
void say_note(const char *fmt, ...) PRINTF(1, 2);
/* A line that stands on the terminal, for it is one, until something else is
 * said, another one comes, or it is taken away (NULL); cut where it would not
 * fit. Nothing happens while we are in the background. A signal that ends or
 * stops us because nobody catches it takes the line away first. */
void say_status(const char *text);
/* What a terminal would obey becomes '?', in place: for what goes to stdout. */
void say_tame(char *s);

#endif
