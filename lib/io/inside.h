/*
 * inside.h - what the files of lib/io share and nobody else sees: the lists
 * and scratch memory that a loop keeps for its streams, and the descriptor
 * bottom (tcp.c) that the TLS bottom (tls.c) and dialing (net.c) build on.
 */
#ifndef IO_INSIDE_H
#define IO_INSIDE_H

#include <event2/event.h>
#include <sys/socket.h>

#include "io/bottom.h"
#include "io/proxy.h"

struct evdns_base;

/* One read of ciphertext or of small plain messages. */
#define SCRATCH_IN	(256 * 1024)
/* A batch of records: up to 256 KiB of ciphertext, and the last one on top. */
#define SCRATCH_OUT	(288 * 1024)
/* The plain bytes of one record, where they lie in pieces. */
#define SCRATCH_PLAIN	(16 * 1024)
/* A reservation of 65,536 makes an evbuffer allocate 131,072; this one fits
 * into 65,536 together with the chain's own header. */
#define CHAIN_BULK	(64 * 1024 - 64)
/* What one stream may move in one turn before others get theirs. */
#define TURN_BUDGET	(256 * 1024)
/* Of the wheel of deadlines. */
#define DEADLINE_SLOTS	64

TAILQ_HEAD(stream_list, stream);

struct loop_io {
	struct stream_list	 ready;		/* have something pending */
	size_t			 ready_n;
	struct stream_list	 dead;		/* closed; freed at the end of the turn */
	struct stream_list	 timed[DEADLINE_SLOTS + 1];	/* have a deadline (deadline.c) */
	size_t			 timed_n;
	int64_t			 tick;		/* of the wheel, looked at */
	struct timer		*sweep;		/* runs while timed_n is not 0 */
	struct evdns_base	*dns;		/* net.c; made at the first name */
	unsigned		 lookups;	/* that it is busy with */
	bool			 dns_stale;	/* one failed: read resolv.conf again */
	unsigned char		*in;		/* SCRATCH_IN */
	unsigned char		*out;		/* SCRATCH_OUT */
	unsigned char		*plain;		/* SCRATCH_PLAIN */
};

/* timer.c */
struct timers;

struct timers *timers_new(struct event_base *, const struct clock *) MUST;
void timers_free(struct timers *);
void timers_sync(struct timers *);	/* the clock may have been moved */
/* Is any of them armed that does not only serve the loop itself? */
bool timers_serve(const struct timers *);
int  timers_events(const struct timers *);	/* libevent's, pending for them */
/* Does not keep loop_run going. */
struct timer *timer_new_weak(struct loop *, loop_fn, void *arg) MUST;

/* loop.c */
struct timers *loop_timers(struct loop *);
struct loop_io *loop_io(struct loop *);
void loop_post(struct loop *);		/* the ready list is not empty */
/* So many bytes moved: memory may be worth trimming, soon. */
void loop_traffic(struct loop *, size_t n);
void loop_stir(struct loop *);		/* something came: no wait in vain */
void loop_owe(struct loop *);		/* a child was let go of: loop_settle waits */
void loop_paid(struct loop *);		/* its memory is freed */

/* stream.c */
bool stream_run_ready(struct loop *);	/* false: there was nothing to do */
void stream_reap(struct loop *);
void stream_again(struct stream *);	/* flush once more, others first */

/* deadline.c */
void deadline_init(struct loop_io *);
/* One of its deadlines changed, and may be nearer now. */
void deadline_update(struct stream *);
void stream_drop_soft(struct loop *);	/* closed: the loop ends before they do */
/* A deadline for open, in ms from now; what is said then: "TEXT after 10s". */
void stream_open_by(struct stream *, int64_t ms, const char *doing);

/* stream.c again: called once, when the stream has opened, failed or was closed. */
void stream_on_settled(struct stream *, void (*fn)(void *arg), void *arg);

/* tcp.c: a stream over descriptors. tls.c embeds it. */
struct tcp {
	struct stream	 s;
	int		 rfd, wfd;	/* -1 none; may be the same */
	struct event	*rev, *wev;	/* NULL until attached */
	bool		 reading;	/* rev is armed */
	bool		 blocked;	/* wev is armed: the last write was cut short */
	bool		 file;		/* always ready: epoll does not know it */
	bool		 bulk;		/* the last read was big: read into chains */
	bool		 dead;		/* no more system calls */
};

struct stream *tcp_new(struct loop *, const char *peer) MUST;	/* not connected */
/* Gives it its descriptors and begins to read; bottom_open is the caller's. */
void tcp_attach(struct tcp *, int rfd, int wfd, event_callback_fn on_read,
    event_callback_fn on_write);
void tcp_open(struct stream *, int fd);	/* attach as a plain stream, and open */
void tcp_arm_read(struct tcp *);
void tcp_stop_read(struct tcp *);
void tcp_arm_write(struct tcp *);
void tcp_release(struct tcp *);		/* events and descriptors, now */
void tcp_consumed(struct stream *);
/* A block that was reserved in an empty buffer and not used goes back. */
void tcp_unreserve(struct evbuffer *);
/* What errno says of a read or write: the stream's error. */
void tcp_fail(struct tcp *, const char *doing);

/* addr.c: net_split and the numeric forms. */
#define UNIX_PREFIX	"unix:"

/* "127.0.0.1:4711", "[::1]:80" or "unix", malloc'ed. */
char *addr_text(const struct sockaddr *) MUST;
/* -1 and e where the path is too long for a socket. */
int   addr_unix(const char *path, struct sockaddr_storage *, socklen_t *,
    struct err *e) MUST;
/* For every TCP socket: nothing waits to be sent, and a peer that vanished
 * without a word (its power, its NAT) is noticed within 90 seconds. */
void  addr_tune(int fd);
/* Before connect to sa or listen on it: less work where that is this machine. */
void  addr_tune_local(int fd, const struct sockaddr *sa);
/* False if host is a name. */
bool  addr_numeric(const char *host, int port, struct sockaddr_storage *,
    socklen_t *);

/* tunnel.c: fd is connected to the proxy; fn is called once, from the loop, with
 * NULL when the way to target stands, or with why it does not. All but the
 * tunnel is borrowed. NULL and e where target cannot be asked for. */
struct tunnel;
typedef void (*tunnel_fn)(const struct err *why, void *arg);
struct tunnel *tunnel_new(struct loop *, int fd, const struct proxy *,
    const char *target, tunnel_fn, void *arg, struct err *e) MUST;
void tunnel_free(struct tunnel *);	/* also from fn; NULL is fine; fd stays */

/* tls.c: not connected; tls_attach begins the handshake. */
struct tls_ctx;
struct stream *tls_new(struct loop *, struct tls_ctx *, bool server,
    const char *server_name, const char *peer) MUST;
void tls_attach(struct stream *, int fd);

#endif
