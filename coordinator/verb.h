/*
 * verb.h - what operators say on the coordinator's own machine: "user add
 * alice", "instance list". One table; the daemon runs them for whoever speaks
 * to its control socket, and the command line runs them itself on the store
 * where no daemon is there.
 */
#ifndef COORDINATOR_VERB_H
#define COORDINATOR_VERB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "coordinator/core.h"

struct verb_context {
	struct store	*store;
	struct core	*core;		/* NULL: no daemon runs */
	int64_t		 now;		/* wall ms */
	int64_t		 started;	/* wall ms, of the daemon */
};

/* Are these the words of a verb, and as many as it takes? -1 and e, which
 * says how it is used. */
int  verb_usage_check(const struct strs *words, struct err *e) MUST;
/* Can it be done without a daemon? For words that verb_usage_check takes. */
bool verb_offline(const struct strs *words);
/* Does it; out gets what is to be printed. -1 and e. */
int  verb_run(const struct verb_context *, const struct strs *words, struct str *out,
    struct err *e) MUST;
void verb_usage(FILE *to);		/* a line for each */

#endif
