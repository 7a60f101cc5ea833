/*
 * patience.h - whether, when and for how long to try again after a break: at
 * once, then with growing waits and jitter (base/backoff.h), until something
 * comes, or nothing came for too long. What the person sees of it:
 *
 *	# connection lost, waiting...
 *	# coordinator: run make: machine box is away	(why, once each)
 *	# connected again
 */
#ifndef CLIENT_PATIENCE_H
#define CLIENT_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct patience;

/* Without a connection, where the person did not say how long. Where there never
 * was one nor any answer, sooner: it is not likely that anybody is there. Where
 * the coordinator answers that the machine is away, later: it knows for how long
 * it keeps the instance, and then tells that it has ended. */
#define PATIENCE_MS		(10 * 60 * 1000)
#define PATIENCE_FIRST_MS	(30 * 1000)
#define PATIENCE_AWAY_MS	(60 * 60 * 1000)

/* What a failed request means: status (0: no answer) and e as call_send left
 * them. begun: the thing in question exists there, so that even what cannot
 * heal by itself (an unknown authority: the network of a hotel) is waited for. */
enum patience_verdict {
	PATIENCE_AGAIN,
	PATIENCE_OVER,		/* it was refused, or cannot work */
	PATIENCE_GONE,		/* the instance has ended */
};
enum patience_verdict patience_judge(int status, const struct err *e, bool begun);
/* The reason in such a refusal, within e->msg: "instance alice-x-0 ended 3s
 * ago: destroyed by alice"; all of it if it is of another form. */
const char *patience_gone_why(const struct err *e);

struct patience *patience_new(struct loop *, int64_t give_up_ms) MUST;
void patience_free(struct patience *);		/* NULL is fine */
/* A sign of life: an answer has begun, bytes came. */
void patience_sign(struct patience *);
/* An answer has begun: as patience_sign, and says so after a break. */
void patience_back(struct patience *);
/* Runs the loop until it is time for the next try. -1: given up, with e of
 * code CALL_LOST and the reason of why; or patience_stop: code CALL_CUT. */
int  patience_wait(struct patience *, const struct err *why, struct err *e) MUST;
/* From a callback: the wait under way ends, and so does each later one. */
void patience_stop(struct patience *);

#endif
