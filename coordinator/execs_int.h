/*
 * execs_int.h - the inside of the index, shared by execs.c (what is where),
 * execs_list.c (asking machines and judging what they say) and execs_tail.c
 * (fetching the ends of outputs, and the end of an instance). Nobody else
 * includes it.
 */
#ifndef COORDINATOR_EXECS_INT_H
#define COORDINATOR_EXECS_INT_H

#include "base/map.h"
#include "base/queue.h"
#include "coordinator/core.h"

/* A record that is of interest: it runs, is to be written, or its tail is to
 * be fetched. The others are in the store alone. */
struct exec_rec {
	struct exec_index	*index;
	char			*id, *cmd;
	struct str		 args;		/* each with a NUL behind it */
	int64_t			 created, ended;	/* wall; ended 0: it runs */
	bool			 lost;
	char			*status, *why;
	int64_t			 output;
	bool			 dirty;		/* to be written */
	bool			 waits;		/* in index->tails */
	bool			 saved;		/* nothing is to be fetched any more */
	unsigned		 tries;
	struct fetch		*fetch;		/* under way */
	char			*tail;		/* to be written */
	size_t			 tail_len;
	TAILQ_ENTRY(exec_rec)	 dirties;
	TAILQ_ENTRY(exec_rec)	 tails;
};
TAILQ_HEAD(exec_recs, exec_rec);

struct exec_index {			/* of one instance */
	struct execs		*all;
	char			*instance, *user, *who, *machine;
	struct map		*recs;		/* by id */
	size_t			 running;
	int64_t			 seq;		/* what changed after it is not known yet */
	bool			 full;		/* all is to be asked for */
	int64_t			 good_at, asked_at;	/* mono */
	int64_t			 soon_at;	/* to be asked then; 0: not so */
	struct asking		*asking;	/* under way */
	bool			 again;		/* ask once more after that */
	struct exec_recs	 tails;		/* wait to be fetched */
	size_t			 fetching;
	bool			 closing;	/* the instance has ended: */
	char			*status;	/* what is said of that, */
	char			*why;
	uint64_t		 epoch;		/* by this session of its machine, */
	int64_t			 deadline;	/* until then */
	TAILQ_ENTRY(exec_index)	 entry;		/* of live or closing */
};
TAILQ_HEAD(exec_indexes, exec_index);

struct execs {
	struct core		*core;
	struct map		*by_instance;	/* those that live */
	struct exec_indexes	 live, closing;
	struct exec_recs	 dirties;
	size_t			 ndirty, tail_bytes;
	size_t			 nasking, nfetching;
	struct timer		*soon;
	int64_t			 prune_at;
};

/* execs.c */
int64_t execs_now(const struct execs *);
int64_t execs_wall(const struct execs *);
/* Its machine, if it can be asked; NULL. */
struct machine *index_machine(const struct exec_index *);
struct exec_rec *rec_new(struct exec_index *, const char *id, const char *cmd) MUST;
/* It has ended (ended, wall), or runs (0). */
void rec_set_end(struct exec_rec *, int64_t ended, bool lost, const char *status,
    const char *why);
void rec_dirty(struct exec_rec *);
void rec_unwait(struct exec_rec *);		/* its tail is not to be fetched any more */
void rec_done(struct exec_rec *);		/* freed, if it is of no interest any more */
void index_free(struct exec_index *);
/* As execs_flush, and waits for the disk: before a machine forgets. */
void execs_save(struct execs *);
/* Writes, if much waits for it; false: the store fails, so learn no more now. */
bool execs_room(struct execs *);

/* execs_list.c */
/* Asks, unless it is under way; false where that is not possible now. */
bool index_ask(struct exec_index *);
void index_ask_soon(struct exec_index *);
void asking_drop(struct exec_index *);		/* its answer is not wanted any more */
void lists_sweep(struct execs *, int64_t now);
void on_soon(void *execs);

/* execs_tail.c */
void rec_want_tail(struct exec_rec *);
void tails_go(struct exec_index *);		/* fetches what waits, as many as may be */
void fetch_drop(struct exec_rec *);
void closing_look(struct exec_index *);		/* finishes it, if all is there */
void tails_sweep(struct execs *, int64_t now);

#endif
