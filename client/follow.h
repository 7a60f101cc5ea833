/*
 * follow.h - one exec (buildlet-api(7)) followed to its end: begun, or found
 * there, its output shown, and after any break of the connection gone on with
 * from the byte where it broke. The core of run, attach and logs.
 */
#ifndef CLIENT_FOLLOW_H
#define CLIENT_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "client/cmd.h"
#include "client/show.h"

struct follow;

/* err.code of follow_run, besides CALL_LOST (given up) and CALL_CUT (follow_stop). */
#define FOLLOW_NO_EXECS	10260	/* an old or a stock buildlet: nothing was started */
#define FOLLOW_GONE	10261	/* the instance has ended; e->msg is the reason */

struct follow_how {		/* borrowed until follow_free */
	const char		*instance;
	const char		*id;
	const char		*doing;		/* "run make", for error texts */
	const struct form	*start;		/* POST /execs of this; NULL: it is there */
	bool			 detached;	/* begin it and no more: nothing is shown */
	const struct form	*query;		/* of the first GET: tail, since; NULL: all */
	bool			 once;		/* not beyond the log's present end */
	int64_t			 give_up_ms;
	const char		*builder_env;	/* of start, as in call.h; NULL */
	struct show		*show;
	void			(*attached)(void *arg);	/* an answer has begun, once more after each
							 * break; NULL: nobody asks */
	void			*arg;
};

struct follow_end {
	char	*state;		/* Process-State; NULL: it had not ended (once) */
	char	*why;		/* "", "killed", "timeout", "disk" */
	char	*left;		/* "" or "2 sleep, server": still running there */
};

struct follow *follow_new(struct gomote *, const struct follow_how *, struct err *e) MUST;
void follow_free(struct follow *);	/* NULL is fine */
/* 0: end is filled, release it. -1 and e. */
int  follow_run(struct follow *, struct follow_end *end, struct err *e) MUST;
void follow_end_release(struct follow_end *);
/* From a callback: follow_run returns soon. */
void follow_stop(struct follow *);
/* May it be there, as far as we know? True once a request may have arrived. */
bool follow_sent(const struct follow *);

#endif
