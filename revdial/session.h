/*
 * session.h - what the carriers (carrier.c, v2dial.c, v2listen.c) have in
 * common: they embed `struct revdial` and give a table. Inside revdial only.
 *
 * All callbacks come from one deferred call, `work`, on a clean stack. A
 * callback may free the session: whoever makes one looks at `freed` after it.
 */
#ifndef REVDIAL_SESSION_H
#define REVDIAL_SESSION_H

#include "base/queue.h"
#include "io/loop.h"
#include "revdial/carriers.h"

/* Somebody waits for a stream. */
struct opening {
	revdial_open_fn		 fn;
	void			*arg;
	int64_t			 by;	/* clock_mono: given up then */
	bool			 started;	/* v2: conn-ready was sent */
	TAILQ_ENTRY(opening)	 entry;
};
TAILQ_HEAD(opening_list, opening);

struct v2_line;

struct session_ops {
	const char *name;			/* as revdial_name */
	/* From the loop, after session_post: do what waits, tell what is new. */
	void (*work)(struct revdial *);
	void (*drain)(struct revdial *);	/* draining is set already */
	/* The session is over: let go of streams, timers and the carrier now;
	 * whoever still holds a stream learns why. */
	void (*cut)(struct revdial *, const char *why);
	size_t (*streams)(const struct revdial *);
	bool (*leaves)(const struct revdial *);	/* NULL: never */
	int64_t (*rtt_us)(const struct revdial *);
	void (*destroy)(struct revdial *);	/* last: free the memory */
	/* v2: a line came on the control channel. */
	void (*hear)(struct revdial *, const struct v2_line *);
};

struct revdial {
	const struct session_ops *ops;
	struct loop		*loop;
	const struct revdial_cb	*cb;
	void			*arg;
	struct revdial_config	 config;	/* defaults filled in */
	struct stream		*carrier;	/* NULL once cut */
	char			*peer;
	int64_t			 last_heard;
	bool			 posted;	/* work is deferred */
	bool			 draining;
	bool			 down;		/* over; why is filled */
	bool			 told;		/* down was called */
	bool			 freed;		/* by the owner */
	struct err		 why;
	struct opening_list	 openings;
};

void session_init(struct revdial *, const struct session_ops *, struct loop *,
    struct stream *carrier, const struct revdial_config *,
    const struct revdial_cb *, void *arg);
void session_post(struct revdial *);
void session_heard(struct revdial *);		/* a byte came */
/* Ends it, once: code as in carriers.h, the text begins with the peer's name. */
void session_down(struct revdial *, int code, const char *fmt, ...) PRINTF(3, 4);
/* Takes o off, frees it and calls. s == NULL: why. */
void session_opened(struct revdial *, struct opening *o, struct stream *s,
    const struct err *why);
void session_refuse(struct revdial *, const struct err *why); /* all that wait now */
void session_expire(struct revdial *);		/* gives up openings that are late */

#endif
