/*
 * whywait.h - why somebody who asks for a machine has none yet, in words.
 */
#ifndef COORDINATOR_WHYWAIT_H
#define COORDINATOR_WHYWAIT_H

#include <stdbool.h>

#include "base/str.h"

struct core;

/* Appends "no machine of type X is up", "no machine of type X is free: 3 up, 3
 * leased; there can be 3", "a free machine of type X is about to be given out: 1 up,
 * 1 idle", and what trouble its pool has. preparing: one is being made ready for
 * whoever asks. */
void whywait_tell(struct core *, const char *host_type, bool preparing, struct str *out);

#endif
