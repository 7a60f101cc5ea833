/*
 * revdial.h - librevdial: one connection that was made the wrong way round,
 * turned around, carrying many streams.
 *
 * A machine behind NAT dials out to a server, and from then on the server
 * opens streams to the machine, as many as it likes, over that one connection.
 * What goes over the wire is yamux, as HashiCorp specified it. How the two find
 * each other, and who they are, is said on the connection before it is handed
 * to this library; encryption is the caller's too, through a transport.
 *
 * The way in: revdial_session_fd() on both ends of a connected socket, one of
 * them REVDIAL_DIALER; revdial_stream_open() on one side, `accepted` on the
 * other; then revdial_stream_read() and _write(), which behave as read(2) and
 * write(2) do on a non-blocking descriptor; revdial_stream_finish() when all is
 * said, revdial_stream_close() to let go. test/examples/ has two whole programs.
 *
 * Rules. A session and its streams belong to one event_base and one thread.
 * Callbacks come from the event loop, never from inside a call of yours, and
 * may call everything here. Tables of callbacks are borrowed and must stay;
 * their members may be NULL. Nothing here prints, changes signals (a peer that
 * went away raises no SIGPIPE) or ends your program for lack of memory: that
 * is ENOMEM, or the end of the session with REVDIAL_NO_MEMORY.
 *
 * Needs libevent (libevent_core) 2.1 and libc. Link with
 * `pkg-config --cflags --libs revdial`.
 */
#ifndef REVDIAL_H
#define REVDIAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct event_base;		/* libevent's */
struct evbuffer;		/* libevent's */
struct revdial_session;		/* one connection */
struct revdial_stream;		/* one of its streams */

/* Either side may open streams and be given some; one of the two must be the
 * dialer (it numbers its streams 1, 3, 5, ...), and that is by custom the one
 * that was dialed first and now dials back. */
enum revdial_role {
	REVDIAL_LISTENER,
	REVDIAL_DIALER
};

/* How a session or a stream came to its end. */
enum revdial_end {
	REVDIAL_PEACE,		/* drained, or the peer left with notice */
	REVDIAL_RESET,		/* the peer cut it; of a session also: it closed the
				 * connection without notice */
	REVDIAL_REFUSED,	/* stream: the peer did not take it */
	REVDIAL_GONE,		/* stream: its session is over */
	REVDIAL_TIMEOUT,	/* session: the peer is silent, or takes nothing */
	REVDIAL_PROTOCOL,	/* session: what came is not yamux, or too much of it */
	REVDIAL_IO,		/* session: the transport failed */
	REVDIAL_NO_MEMORY
};

/* Members that are 0 take the default in brackets. */
struct revdial_options {
	int64_t	ping_ms;	/* ask for a sign of life after so much silence [10 s] */
	int64_t	dead_ms;	/* over after so much silence [30 s] */
	int64_t	write_ms;	/* over when nothing could be written for so long [10 s] */
	int64_t	linger_ms;	/* a stream closed after its finish is cut then [30 s] */
	size_t	streams_max;	/* streams at once, of both sides [4096] */
	size_t	accept_max;	/* streams opened by one side, not yet answered [256] */
	size_t	window_max;	/* bytes unread a stream may grow to [16 MiB] */
	size_t	memory_max;	/* bytes unread of all streams; windows grow within
				 * it, what exceeds it is cut [64 MiB] */
	void	*(*alloc)(size_t n, size_t size);	/* as calloc [calloc] */
	void	 (*release)(void *);			/* as free [free] */
};

/* --- sessions -------------------------------------------------------------- */

struct revdial_events {
	/* The peer opened s. It is yours: close it some day. Without this
	 * callback all that the peer opens is refused. */
	void (*accepted)(struct revdial_session *, struct revdial_stream *s, void *arg);
	/* revdial_stream_open failed with EAGAIN before, and may now succeed. */
	void (*may_open)(struct revdial_session *, void *arg);
	/* The session is over, its streams have been told, the transport is
	 * closed. The last callback, but for streams that are given events only
	 * after it; revdial_session_free() is still yours to call, from in here
	 * too. why is one line and goes away after the call. */
	void (*over)(struct revdial_session *, enum revdial_end, const char *why,
	    void *arg);
};

/* What a session stands on where that is no plain descriptor: TLS, for one.
 * All four are needed; t is the argument given with the table. They are called
 * from the event loop (close also from revdial_session_free) and must not call
 * anything here.
 *
 * read, write: as read(2) and write(2) on a non-blocking descriptor: the number
 *     of bytes moved, which may be fewer than asked; read: 0 at the end; -1 and
 *     errno. EAGAIN: nothing can be moved now, and revdial_session_ready() will
 *     be called when it can. After it the next write begins with the same
 *     bytes, as many or more, perhaps at another address (with OpenSSL set
 *     SSL_MODE_ENABLE_PARTIAL_WRITE and SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER).
 * wants: the session waits for REVDIAL_READ, REVDIAL_WRITE or both from now
 *     on: watch for that. Called whenever it changes, REVDIAL_READ first.
 * close: once, at the end of the session; t may be freed. */
struct revdial_transport {
	ssize_t	(*read)(void *buf, size_t len, void *t);
	ssize_t	(*write)(const void *buf, size_t len, void *t);
	void	(*wants)(int what, void *t);
	void	(*close)(void *t);
};

#define REVDIAL_READ	1
#define REVDIAL_WRITE	2

/* A session on fd, a connected stream socket: made non-blocking, and closed at
 * the end. NULL and errno: ENOMEM, EINVAL, or what fcntl(2) says; then fd is
 * still the caller's. options may be NULL and is copied. */
struct revdial_session *revdial_session_fd(struct event_base *, int fd,
    enum revdial_role, const struct revdial_options *,
    const struct revdial_events *, void *arg);
/* The same on a transport, whose first call comes from the event loop. */
struct revdial_session *revdial_session_new(struct event_base *,
    const struct revdial_transport *, void *t, enum revdial_role,
    const struct revdial_options *, const struct revdial_events *, void *arg);
/* The transport can be read, written, or both (REVDIAL_READ | REVDIAL_WRITE).
 * May be called in vain, and from anywhere but the transport's own functions. */
void revdial_session_ready(struct revdial_session *, int what);
/* Bytes of the peer that were read before the session was made, to be taken
 * before all others: call it right after that. 0, or -1 and errno. */
int revdial_session_early(struct revdial_session *, const void *p, size_t len);
/* Tells the peer that no more streams are wanted, refuses new ones, and ends
 * the session in peace when those that are open have ended and the peer has
 * read all that was said, which a ping asks it; REVDIAL_TIMEOUT if that is not
 * answered in dead_ms. */
void revdial_session_drain(struct revdial_session *);
/* Cuts what is left and closes the transport; NULL is fine. No callback of it
 * or its streams follows. Streams that you hold are dead, and still to be
 * closed; the callbacks' arguments may go. */
void revdial_session_free(struct revdial_session *);

size_t revdial_session_streams(const struct revdial_session *);	/* open ones */
/* Of the last ping, in microseconds; -1: none was answered yet. */
int64_t revdial_session_rtt_us(const struct revdial_session *);
/* Since the peer was last heard. Silence alone is pinged, so of a peer that is
 * alive this stays below ping_ms and a round trip. */
int64_t revdial_session_silent_ms(const struct revdial_session *);

/* --- streams --------------------------------------------------------------- */

struct revdial_stream_events {
	/* There is something new to read, or the end. Not repeated for what was
	 * left unread: go on reading when it suits you. */
	void (*readable)(struct revdial_stream *, void *arg);
	/* Writes had used up all room; now there is some again. */
	void (*writable)(struct revdial_stream *, void *arg);
	/* Cut: by the peer, or with the session. What came before can still be
	 * read. The last callback; close it. A stream that both sides finished
	 * ends without, if you close it before its session is over. */
	void (*ended)(struct revdial_stream *, enum revdial_end, const char *why,
	    void *arg);
};

/* A new stream, which may be written to at once. NULL and errno: EAGAIN (too
 * many are not answered yet: see may_open), EMFILE (streams_max), ESHUTDOWN (over,
 * drained, or the peer takes no more), ENOMEM. */
struct revdial_stream *revdial_stream_open(struct revdial_session *);
/* May be called at any time: what came and was not told yet is told then. An
 * accepted stream that is given none lets the peer send one window, no more. */
void revdial_stream_set_events(struct revdial_stream *,
    const struct revdial_stream_events *, void *arg);
/* The session; NULL once that was freed. */
struct revdial_session *revdial_stream_session(const struct revdial_stream *);

/* How many bytes were read; 0: the peer has finished and all was read; -1 and
 * errno: EAGAIN (nothing now), ECONNRESET (cut). Reading is what allows the
 * peer to send more. */
ssize_t revdial_stream_read(struct revdial_stream *, void *buf, size_t len);
/* How many bytes were taken, to be sent as the peer allows; -1 and errno: EAGAIN
 * (no room: see writable), EPIPE (finished), ECONNRESET (cut), ENOMEM. */
ssize_t revdial_stream_write(struct revdial_stream *, const void *p, size_t len);
/* What a write would take whole now. */
size_t revdial_stream_room(const struct revdial_stream *);
/* The same with libevent's buffers, without copying; max bounds how many. */
ssize_t revdial_stream_read_buffer(struct revdial_stream *, struct evbuffer *to,
    size_t max);
ssize_t revdial_stream_write_buffer(struct revdial_stream *, struct evbuffer *from);

/* Half-close: after what was written the peer reads the end; we read on. */
void revdial_stream_finish(struct revdial_stream *);
/* Lets go of it. After revdial_stream_finish() what was written is still sent,
 * what still comes is dropped, and the peer sees no reset, unless linger_ms
 * pass. Else the stream is reset, and bytes under way are lost. */
void revdial_stream_close(struct revdial_stream *);	/* NULL is fine */

/* "0.1.0": of the library that is loaded. */
const char *revdial_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
