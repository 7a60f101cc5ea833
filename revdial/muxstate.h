/*
 * muxstate.h - what mux.c (sessions and streams), muxin.c (what the peer
 * says), muxout.c (what we say), muxmem.c (windows) and muxpath.c (the round
 * trip) share. Nobody else includes it.
 */
#ifndef REVDIAL_MUXSTATE_H
#define REVDIAL_MUXSTATE_H

#include <event2/buffer.h>

#include "base/queue.h"
#include "revdial/frame.h"
#include "revdial/mux.h"

#define SEEN_BITS 4096		/* how far SYNs may overtake one another */

/* What the peer may still send us is recv_window. Of all that it was promised,
 * window + excess == recv_window + held + credit + what is on its way
 * (mux.left, if the stream is mux.sink). */
struct mux_stream {
	struct mux	*m;
	uint32_t	 id;
	struct evbuffer	*in, *out;	/* the owner's */
	void		*user;

	uint32_t	 send_window;	/* what we may still send */
	uint32_t	 recv_window;
	uint32_t	 window;
	uint32_t	 excess;	/* promised beyond the window before it shrank */
	size_t		 held;		/* in `in`, as far as we were told */
	size_t		 credit;	/* consumed, not yet granted again */
	int64_t		 granted_us;	/* when we last gave credit */
	int64_t		 round_us;	/* since when round_n is counted; 0: not yet */
	size_t		 round_n;	/* consumed and granted again */

	bool		 local;		/* we opened it */
	bool		 answered;	/* its SYN was answered */
	bool		 syn_due, ack_due;
	bool		 grant_due;	/* credit is worth a frame */
	bool		 fin_wanted, fin_sent, fin_seen;
	bool		 over;		/* reset or gone: in no table and no queue */

	int32_t		 quota;		/* bytes left of its turn; overdrawn below 0 */
	uint64_t	 fresh_from;	/* the turn from which it may pass others */
	bool		 in_control, in_ready;
	bool		 fresh;		/* in_ready: in which list */
	TAILQ_ENTRY(mux_stream)	control_entry, ready_entry;
	TAILQ_ENTRY(mux_stream)	entry;
	struct mux_stream	*hash_next;
};

TAILQ_HEAD(mux_stream_list, mux_stream);

#define MUX_NEAR_US	20000	/* shorter paths than that are all alike */

/* The least round trip, see muxpath.c. */
struct mux_path {
	int64_t		 least[2];	/* of the time since `since`, and before */
	int64_t		 since;
	int64_t		 made_by;	/* the one that windows were made by */
	int		 probes;	/* pings still to come back before any grows */
};

struct mux {
	struct mux_config	 config;
	const struct mux_ops	*ops;
	void			*arg;
	bool			 failed;	/* only head is still sent */
	bool			 starved;	/* an allocation failed: about to fail */
	bool			 said_leave;	/* go away 0 */
	bool			 leaving;	/* and open none either */
	bool			 peer_leaves;
	bool			 parting;	/* the last ping went after all else */

	/* By id those that live; the over ones wait for mux_stream_close. */
	struct mux_stream	**buckets;
	unsigned		 bits;		/* 2^bits buckets */
	uint64_t		 seed;
	size_t			 n;
	struct mux_stream_list	 live, over;

	/* Ids. Of the peer's, seen_end is one more than the highest index. */
	uint64_t		 next_id;
	uint64_t		 seen_end;
	uint8_t			 seen[SEEN_BITS / 8];

	size_t			 unanswered_ours, unanswered_theirs;
	bool			 open_blocked;
	size_t			 buffered;	/* held by all, and on its way */
	size_t			 grown;		/* windows beyond FRAME_WINDOW */

	/* The data frame under way. */
	uint32_t		 left;		/* payload bytes to come */
	struct mux_stream	*sink;		/* whose; NULL: dropped */
	bool			 sink_fin;

	/* Frames that do nothing: a budget that refills with time. */
	int64_t			 idle_left, idle_us;
	uint64_t		 unsaid;	/* frames still to come for streams that are gone */

	struct evbuffer		*head;		/* control frames, headers, small payloads */
	struct mux_stream_list	 control;	/* have flags or credit to send */
	/* Have data and window. The fresh ones have little, and had no turn
	 * since all in ready had one: they go first. */
	struct mux_stream_list	 fresh, ready;
	size_t			 ready_n;	/* in ready */
	uint64_t		 turns;		/* of those in ready, ever */

	uint32_t		 ping_value;
	bool			 ping_out;
	int64_t			 ping_us;
	int64_t			 rtt_us;
	struct mux_path		 path;
};

/* mux.c */
struct mux_stream *mux_stream_find(const struct mux *, uint32_t id);
struct mux_stream *mux_stream_new(struct mux *, uint32_t id, bool local);
void mux_stream_drop(struct mux_stream *);	/* frees; over already */
void mux_stream_unlink(struct mux_stream *);	/* makes it over */
void mux_stream_answered(struct mux_stream *);
void mux_stream_unsaid(struct mux_stream *);	/* before we end it */

/* muxmem.c */
void mux_mem_hold(struct mux_stream *, size_t n);	/* n bytes of payload are to come */
void mux_mem_release(struct mux *, size_t n);
void mux_mem_forget(struct mux_stream *);	/* it counts no more */
/* NULL: n more bytes for s have room. Else the stream that should be cut. */
struct mux_stream *mux_mem_too_much(struct mux_stream *s, size_t n);
void mux_mem_scale(struct mux *, int64_t to, int64_t from);	/* windows that grew */
uint32_t mux_mem_credit(struct mux_stream *);	/* takes what is due, for a frame */

/* muxpath.c */
void mux_path_init(struct mux_path *);
void mux_path_pong(struct mux *);		/* rtt_us is new */
int64_t mux_path_us(const struct mux *);	/* -1: not known */
bool mux_path_probing(const struct mux *);	/* windows should not grow now */

/* muxin.c */
int  mux_starved(struct mux *, struct err *e);	/* the session ends for lack of memory */

/* muxout.c */
#define MUX_SLICE	(64 * 1024)	/* of one stream before the next has its turn */
bool mux_move(struct evbuffer *to, struct evbuffer *from, size_t n);
void mux_queue_frame(struct mux *, enum frame_type, unsigned flags, uint32_t id, uint32_t length);
void mux_queue_control(struct mux_stream *);
void mux_queue_data(struct mux_stream *);
void mux_unqueue(struct mux_stream *);

#endif
