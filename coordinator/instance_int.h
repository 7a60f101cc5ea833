/*
 * instance_int.h - the inside of an instance, shared by instance.c (one of
 * them: its life and use) and instances.c (all of them: rows, machines that
 * come and go, the sweep, the store). Nobody else includes it.
 */
#ifndef COORDINATOR_INSTANCE_INT_H
#define COORDINATOR_INSTANCE_INT_H

#include "base/map.h"
#include "base/queue.h"
#include "coordinator/core.h"

TAILQ_HEAD(instance_list, instance);

struct instance_hold {
	struct instance		*i;		/* NULL once it ended */
	struct loop		*loop;
	instance_cut_fn		 cut;
	void			*arg;
	char			*why;		/* set: cut_now waits for its turn */
	TAILQ_ENTRY(instance_hold) entry;
};

struct instance {
	struct instances	*all;
	char			*name;
	char			*user, *user_key;
	char			*builder_type, *host_type;
	char			*machine;	/* its name */
	char			*boot;		/* NULL: a stock machine */
	char			*request;	/* its user's key for it; NULL */
	enum instance_state	 state;
	int64_t			 created;	/* wall */
	int64_t			 last_use, expires;	/* mono */
	int64_t			 limit_at;	/* mono: its hard end; INT64_MAX none */
	int64_t			 keep_until;	/* mono: not unused before; INT64_MIN none */
	int64_t			 idle_ms;
	int64_t			 lost_at;	/* mono */
	bool			 claimed;	/* its user knows of it */
	bool			 dirty;		/* last use is newer than on disk */
	size_t			 nholds;
	TAILQ_HEAD(, instance_hold) holds;
	TAILQ_ENTRY(instance)	 entry;
};

struct instances {
	struct core		*core;
	struct map		*by_name;
	struct map		*by_machine;
	struct instance_list	 in[INSTANCE_STATES];
	int64_t			 flush_at;
};

/* From what the store has, or is to have; l's times are wall. */
struct instance *instance_new(struct instances *, const struct store_lease *l,
    enum instance_state) MUST;
void instance_free(struct instance *);	/* it has ended, or we do */
/* The only place where a state changes. */
void instance_set_state(struct instance *, enum instance_state);
/* Lets go of all holds; why NULL: without a word. */
void instance_cut(struct instance *, const char *why);

/* expires by what it was used and asked for. */
void instance_renew(struct instance *);

int64_t instances_mono(const struct instances *);
int64_t instances_wall(const struct instances *);
int64_t instance_wall_of(const struct instance *, int64_t mono);

#endif
