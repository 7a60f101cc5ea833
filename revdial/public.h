/*
 * public.h - what the files behind revdial.h share: public.c (sessions; they
 * begin in pubnew.c), pubstream.c (streams) and publink.c (what a session stands
 * on). Nobody else includes it.
 *
 * The public library stands on the mux and on libevent alone, without lib/io:
 * that ends the program where memory ends, and sets up the process as our own
 * programs like it. Neither may happen to a stranger.
 */
#ifndef REVDIAL_PUBLIC_H
#define REVDIAL_PUBLIC_H

#include <event2/util.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/queue.h"
#include "revdial/mux.h"
#include "revdial/revdial.h"

struct event;

/* --- publink.c ------------------------------------------------------------ */

struct pub_link {
	const struct revdial_transport	*t;	/* NULL: fd */
	void				*targ;
	int				 fd;
	struct event			*rev, *wev;
	bool				 bulk;	/* the last read was a large one */
	int				 wants;
};

/* fd stays the caller's until pub_link_close. -1 and errno. */
int  pub_link_init_fd(struct revdial_session *, struct event_base *, int fd) MUST;
/* Bytes moved; 0: the end; -1 and errno. */
ssize_t pub_link_read(struct pub_link *, struct evbuffer *) MUST;
ssize_t pub_link_write(struct pub_link *, struct evbuffer *);
int  pub_link_want(struct pub_link *, int what) MUST;
void pub_link_release(struct pub_link *);	/* all but fd and transport */
void pub_link_close(struct pub_link *);		/* those too */

/* --- public.c --------------------------------------------------------------- */

TAILQ_HEAD(pub_stream_list, revdial_stream);

struct revdial_session {
	struct revdial_options		 options;	/* defaults filled in */
	const struct revdial_events	*events;
	void				*arg;
	struct mux			*m;
	struct pub_link			 link;
	struct evbuffer			*in, *out;	/* of the link */
	struct event			*work, *beat;
	struct pub_stream_list		 all;		/* streams that are not freed */
	struct pub_stream_list		 pending;	/* those that have something to tell */
	size_t				 pending_n, lingering_n;
	int64_t				 heard_ms;	/* the last byte came */
	int64_t				 wrote_ms;	/* the last byte went, or waiting began */
	bool				 readable;	/* the link has not said EAGAIN since */
	bool				 stuck;		/* it takes nothing now */
	bool				 waiting;	/* and has not taken all since it was */
	bool				 early;		/* `in` was filled by the caller */
	bool				 beat_due;	/* the timer fired */
	bool				 working, again;	/* inside work; once more */
	bool				 pumping;	/* inside mux_output */
	bool				 may_open;	/* to be told */
	bool				 draining, over, told, freed;
	enum revdial_end		 end;
	struct err			 why;
};

int64_t pub_now_us(void);
void pub_post(struct revdial_session *);	/* work will run */
void pub_ready(struct revdial_session *, int what);	/* as revdial_session_ready, at once */
void pub_beat_soon(struct revdial_session *);	/* a deadline is new */

/* For pubnew.c. */
extern const struct mux_ops pub_mux_ops;
void pub_on_work(evutil_socket_t fd, short what, void *session);
void pub_on_beat(evutil_socket_t fd, short what, void *session);
void pub_destroy(struct revdial_session *);	/* frees the memory; the link is closed */

/* --- pubstream.c ------------------------------------------------------------ */

enum {
	PUB_ACCEPT = 1,
	PUB_READABLE = 2,
	PUB_WRITABLE = 4,
	PUB_ENDED = 8,
};

struct revdial_stream {
	struct revdial_session		*session;	/* NULL once that was freed */
	struct mux_stream		*ms;		/* NULL once it ended */
	struct evbuffer			*in, *out;
	const struct revdial_stream_events *events;
	void				*arg;
	void				(*release)(void *);
	unsigned			 pending;	/* PUB_* to be told; on the list */
	bool				 wants_room;	/* a write used it up */
	bool				 eof, finished;	/* the peer's, ours */
	bool				 ended_told;
	bool				 running;	/* inside one of its callbacks */
	bool				 closed;	/* by its owner */
	bool				 lingering;	/* closed, and still sending */
	int64_t				 linger_by;	/* ms */
	enum revdial_end		 end;
	char				*why;
	TAILQ_ENTRY(revdial_stream)	 entry, pending_entry;
};

/* What the mux tells of streams. */
bool pub_stream_opened(struct mux_stream *, void *session);
void pub_stream_received(struct mux_stream *, size_t n, void *session);
void pub_stream_sent(struct mux_stream *, size_t n, void *session);
void pub_stream_eof(struct mux_stream *, void *session);
void pub_stream_ended(struct mux_stream *, enum mux_end, const char *why, void *session);

void pub_streams_tell(struct revdial_session *);	/* calls what is pending */
void pub_streams_late(struct revdial_session *, int64_t now_ms);	/* resets lingerers */
int64_t pub_streams_linger_by(const struct revdial_session *);	/* the first; INT64_MAX */
void pub_streams_orphan(struct revdial_session *);	/* it is about to be freed */

#endif
