/*
 * super_int.h - the insides of super.h, shared by super.c (its lines and its one
 * loop) and superexec.c (the exec, from the job to the end). Nobody else
 * includes it.
 */
#ifndef BUILDLET_SUPER_INT_H
#define BUILDLET_SUPER_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "buildlet/execlog.h"
#include "buildlet/superin.h"
#include "buildlet/superjob.h"
#include "buildlet/superout.h"
#include "buildlet/superwords.h"
#include "io/brood.h"

/*
 *	WAITING -> RUNNING -> DRAINING -> OVER -> WAITING, or its own end
 *
 * RUNNING: the command; DRAINING: it has ended, its output has not; OVER: the
 * end was told, some of the tree still runs.
 */
enum super_phase { SUPER_WAITING, SUPER_RUNNING, SUPER_DRAINING, SUPER_OVER };

struct super {
	struct superwords	 line;
	bool			 own_line;	/* the one that it was forked with */
	struct superwords	 guest;		/* on listener, has not said HELLO */
	int			 listener;	/* -1: none */

	int			 null;		/* /dev/null for the next one's stdin; -1 */

	/* Of one exec. */
	enum super_phase	 phase;
	struct superjob		 job;
	int			 lock;
	int			 reserved;	/* execstate.h */
	struct brood		 brood;
	bool			 childless;
	int			 unkilled;	/* so many are left after a kill */
	bool			 lost;		/* its directory is gone */
	struct superout		 out;
	struct superin		 in;
	struct logwriter	*log;
	struct super_end	 end;
	char			 state[ERR_MAX];
	char			 left[BROOD_NAMES_MAX];
	bool			 saved;		/* state is on disk, or need not be */
	bool			 no_bulk;	/* the log takes nothing from pipes */

	/* By brood_now; 0: none. */
	int64_t			 timeout_at, kill_at, drain_at;
	int64_t			 listen_at;	/* try again to listen */
	int64_t			 read_by;	/* a follower that waits with reading */
	bool			 held;		/* for him, just now */

	uint64_t		 read_to;	/* UINT64_MAX: nobody follows */
	uint64_t		 more;		/* SUPER_MORE */
	bool			 more_asked;
};

/* superexec.c */
void superexec_start(struct super *);		/* s->job is there */
void superexec_release(struct super *);		/* WAITING again */
void superexec_prepare(struct super *);		/* what superexec_start needs, ahead */
/* Whatever the time and the tree ask for; true once nothing of it is left. */
bool superexec_turn(struct super *);
void superexec_read(struct super *);		/* the output that is there */
bool superexec_held(struct super *);		/* it is not to be read now */
void superexec_write(struct super *);		/* stdin */
void superexec_kill(struct super *, enum super_why, int64_t ms);
void superexec_hello(struct super *);		/* tells all */
/* A word that is about the exec. False: it is none, or nonsense. */
bool superexec_word(struct super *, const struct superlink_word *,
    const unsigned char *payload) MUST;

/* super.c */
void super_line_lost(struct super *);

#endif
