/*
 * v2control.h - the control channel of a version 2 session, the same on both
 * sides: lines out, lines in, and the end. For v2dial.c and v2listen.c.
 */
#ifndef REVDIAL_V2CONTROL_H
#define REVDIAL_V2CONTROL_H

#include "revdial/session.h"
#include "revdial/v2line.h"

/* Takes the carrier's callbacks. A line goes to ops->hear; what is no line of
 * the protocol, the end of file and an error end the session; room for more
 * posts work. */
void v2_control_begin(struct revdial *);
/* Says nothing on a session that is over. why: of a failed pick-up, else NULL. */
void v2_control_say(struct revdial *, enum v2_command, const char *path,
    const char *why);

#endif
