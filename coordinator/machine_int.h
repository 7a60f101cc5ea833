/*
 * machine_int.h - the inside of a machine, shared by machine.c (registry and
 * states), session.c (registering, status, being lost), successor.c (sessions that
 * take leave) and wipe.c (cleaning and preparing). Nobody else includes it.
 */
#ifndef COORDINATOR_MACHINE_INT_H
#define COORDINATOR_MACHINE_INT_H

#include "base/map.h"
#include "base/queue.h"
#include "base/str.h"
#include "coordinator/core.h"
#include "coordinator/rivals.h"

TAILQ_HEAD(machine_list, machine);

/* The machines of one host type, a list for each state. */
struct machine_type {
	char			*name;
	struct machine_list	 in[MACHINE_STATES];
	size_t			 n[MACHINE_STATES];
};

#define OLDER_MAX 4	/* that may still have streams */

struct successor;

enum machine_tell { TELL_LOST = 1, TELL_BUSY = 2, TELL_IDLE = 4 };

struct machine {
	struct machines		*all;
	struct machine_type	*type;
	char			*name;
	char			*hostname, *peer;
	enum machine_state	 state;
	int64_t			 since;		/* mono: in this state */
	char			*reason;	/* of this state; NULL none */

	/* this session */
	uint64_t		 epoch;
	struct revdial		*rd;		/* NULL: not connected */
	struct bclient		*bc;		/* of all its sessions; dials rd */
	struct revdial		*older[OLDER_MAX];	/* sessions that take leave */
	size_t			 older_n;
	struct successor	*next;		/* asks to take over; NULL: none */
	unsigned		 offers;	/* to take over, so far */
	bool			 yamux;
	bool			 resumed;	/* its TLS session was taken up again */
	bool			 known;		/* its first status has come */
	int			 version;
	struct strs		 features;
	char			*boot;
	int64_t			 connected;	/* mono */
	int64_t			 heard;		/* mono, of answers; revdial knows of bytes */
	int64_t			 probe_at;
	bool			 probing;
	unsigned		 misses;	/* status requests without answer, in a row */

	char			*lease;		/* while leased, also while gone */
	bool			 drain;
	int64_t			 retry_at, retry_ms;	/* quarantine */
	size_t			 errands;	/* under way: the record must stay */
	unsigned		 tell;		/* enum machine_tell, waiting */
	char			*lost_why;	/* for TELL_LOST */
	struct rivals		 rivals;
	TAILQ_ENTRY(machine)	 entry;
};

/* An answer that is awaited. It may come when the session, or all machines,
 * are gone: then m is NULL, or its epoch another. */
struct errand {
	struct machine		*m;
	uint64_t		 epoch;
	struct machines		*all;
	unsigned		 number;	/* successor.c: of which offer */
	char			*lease;		/* prepare: whose */
	machine_ready_fn	 ready;
	void			*ready_arg;
	TAILQ_ENTRY(errand)	 entry;
};

struct machines {
	struct core			*core;
	const struct machine_events	*events;
	void				*events_arg;
	struct map			*by_name;
	struct map			*types;		/* struct machine_type * */
	TAILQ_HEAD(, errand)		 errands;
};

/* The only place where a state changes. reason: NULL is "". */
void machine_set_state(struct machine *, enum machine_state, const char *reason);
/* Moves it to the lists of that type. */
void machine_set_type(struct machine *, const char *host_type);
/* A new record, gone; NULL where there is no room. */
struct machine *machine_add(struct machines *, const char *name, const char *host_type);
void machine_tell(struct machine *, unsigned what);	/* deferred */

struct errand *errand_new(struct machine *) MUST;
/* Frees it and gives the machine if it is still the same session, else NULL. */
struct machine *errand_over(struct errand *);
int64_t machine_now(const struct machine *);

void session_sweep(struct machine *, int64_t now);
/* The session is cut, if there is one, with all that belongs to it; m is gone. */
void session_over(struct machine *, const char *why);
/* From gone: rd is its session, and it is asked for its status. */
void session_begin(struct machine *, const struct machine_join *, struct revdial *rd,
    bool resumed);
void session_came(struct machine *, const struct machine_join *, bool resumed); /* notes whence */

/* m has a session: does one that registers belong beside it? */
bool successor_wanted(const struct machine *, const struct machine_join *) MUST;
/* Takes rd; it becomes m's session if it answers as m would. */
void successor_offer(struct machine *, const struct machine_join *, struct revdial *rd,
    bool resumed);
/* rd is down. False: it was m's session, and nobody is there to succeed. */
bool successor_down(struct machine *, const struct revdial *rd, const char *why);
void successor_sweep(struct machine *, int64_t now);
size_t successor_streams(const struct machine *);	/* of sessions that take leave */
void successor_forget(struct machine *);	/* cuts all but m's session */

/* From joining, leased or quarantined: cleaning, then idle or draining. */
void wipe_start(struct machine *);
void wipe_sweep(struct machine *, int64_t now);

#endif
