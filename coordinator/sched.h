/*
 * sched.h - who gets the next machine: a queue per host type, strictly in
 * order of arrival. A request keeps its place while a machine is prepared for
 * it, and if that fails gets the next.
 */
#ifndef COORDINATOR_SCHED_H
#define COORDINATOR_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct core;
struct instance;
struct request;
struct sched;
struct user;

/* err.code of sched_request and granted. */
enum sched_err {
	SCHED_UNKNOWN = 1,	/* no such builder type (any more) */
	SCHED_LIMIT,		/* the user has as many instances as allowed, waiting ones counted */
	SCHED_FULL,		/* the queue is */
	SCHED_STOPPING,		/* the coordinator is going down */
	SCHED_FAILED,		/* the store failed us */
	SCHED_AGAIN,		/* its client has asked again */
};

#define SCHED_CLASS_DEFAULT 0	/* priority class: one for all so far */

/* Once, deferred: the instance is live and the user's, or NULL and why. With
 * it the request is over and its handle dead. */
typedef void (*sched_granted_fn)(struct instance *, const struct err *why, void *arg);

/* What is asked for; copied. key: the client's name for this request, by which it
 * asks again after its connection was lost (instance_of_request): then the older
 * request goes on for the newer client, and its own is told, at once, that it is
 * over. */
struct sched_order {
	const char		*builder_type;
	const char		*peer;		/* for the audit; NULL: nobody's */
	const char		*key;		/* NULL: none */
	const struct strs	*groups;	/* the instance is in these from its grant on,
						 * where they are there still; NULL: none */
};
/* NULL and e where it is refused at once. who is copied. */
struct request *sched_request(struct core *, const struct user *who,
    const struct sched_order *, sched_granted_fn granted, void *arg, struct err *e) MUST;
/* Does the user have a request of that key here? */
bool sched_has(struct core *, const char *user, const char *key);
/* The client left: granted does not come. A machine under preparation for it
 * is cleaned and lent to the next. */
void sched_withdraw(struct request *);
/* How many are served before it; why gets a line for its owner (whywait.h). */
size_t sched_place(const struct request *, struct str *why);

/* --- for pages. */
struct request_row {		/* strings borrowed for the call */
	const char	*user, *builder_type, *host_type;
	int		 class;
	int64_t		 since;		/* wall */
	size_t		 ahead;
	bool		 preparing;	/* a machine is being prepared for it */
};
typedef bool (*request_row_fn)(const struct request_row *, void *arg);	/* false: stop */
/* In order of their turn; host_type NULL: all, by host type. */
void sched_rows(struct core *, const char *host_type, request_row_fn, void *arg);
size_t sched_waiting(struct core *, const char *host_type);	/* NULL: all */
int64_t sched_oldest(struct core *, const char *host_type);	/* ms that the first waits; 0 none */

/* --- for core.c. */
struct sched *sched_new(struct core *) MUST;
void sched_dispatch(struct sched *, const char *host_type);	/* a machine became idle */
void sched_catalog_changed(struct sched *);	/* refuses what is no longer offered */
void sched_stop(struct sched *);		/* refuses all that wait, and all new */
void sched_free(struct sched *);		/* NULL is fine; no callbacks */

#endif
