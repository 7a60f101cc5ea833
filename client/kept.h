/*
 * kept.h - what the coordinator keeps of an exec when its instance has ended:
 * how it ended, and for a day the last part of its output.
 */
#ifndef CLIENT_KEPT_H
#define CLIENT_KEPT_H

#include "base/err.h"
#include "client/cmd.h"
#include "client/follow.h"
#include "client/show.h"

/* How exec id ended. -1 and e: nothing is known of it. end->state is NULL where
 * it did not end by itself. */
int kept_end(struct gomote *, const char *id, struct follow_end *end, struct err *e) MUST;
/* Shows the kept output, after show_again only what was not shown yet. */
int kept_output(struct gomote *, const char *id, struct show *, struct err *e) MUST;

#endif
