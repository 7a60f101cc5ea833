/*
 * control.h - the control socket STATE/control.sock (mode 0600): verbs for the
 * running daemon, as POST /verb with a form field "word" for each word. The
 * answer is what is to be printed; 409 and one line where it did not work.
 */
#ifndef COORDINATOR_CONTROL_H
#define COORDINATOR_CONTROL_H

#include "coordinator/core.h"

struct control;

#define CONTROL_FORM_MAX 65536

struct control *control_new(struct core *, int64_t started, struct err *e) MUST;
void control_free(struct control *);	/* NULL is fine */
/* "unix:STATE/control.sock", malloc'ed. */
char *control_address(const char *state_dir) MUST;

#endif
