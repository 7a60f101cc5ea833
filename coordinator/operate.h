/*
 * operate.h - "coordinator VERB ..." from a shell: to the running daemon over
 * its control socket, or to the store itself where none runs.
 */
#ifndef COORDINATOR_OPERATE_H
#define COORDINATOR_OPERATE_H

#include "base/err.h"
#include "base/str.h"

/* Prints what there is to print. Blocks. 0, or -1 and e. */
int operate(const char *state_dir, const struct strs *words, struct err *e) MUST;

#endif
