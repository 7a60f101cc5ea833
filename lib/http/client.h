/*
 * client.h - the HTTP/1.1 client: one connection over any stream, one request
 * at a time, any number after one another.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http/body.h"
#include "http/msg.h"
#include "io/stream.h"

struct http_conn;

#define HTTP_BODY_BROKE	99	/* err.code: the request's body did, which is not the peer's fault */

struct http_resp {			/* lives until the request is over */
	int			 status;
	const struct headers	*headers;
	struct body		*body;	/* the reader's end, yours: read it or body_close
					 * it; never NULL except for an upgrade (empty if
					 * there is none) */
	struct stream		*upgraded; /* 101: the stream, yours, with bytes already
					 * read in `in`; the conn is over */
};

struct http_request {			/* everything is copied but body */
	const char		*method;
	const char		*target;	/* "/ls?dir=." */
	const char		*host;		/* Host header; may be "" */
	const struct headers	*headers;	/* more fields; NULL: none. Left out are Host,
						 * Expect (nobody waits for a 100) and what
						 * body tells: Content-Length, Transfer-Encoding */
	struct body		*body;		/* takes the reader's end; NULL: none */
	int64_t			 head_ms;	/* until the response head, since bytes of the
						 * request last moved; 0: 30 s; -1: no limit */
	int64_t			 stall_ms;	/* response body without a byte; 0: none */
	bool			 lenient_version; /* accept "HTTP/0.0 101" (PROTOCOL 2) */
};

/* Exactly one of the two is called per request, unless the conn is freed.
 * A failure after head is told by the response body's body_error. Its code is
 * that of a stream error, 0 for what the peer sent, or HTTP_BODY_BROKE;
 * STREAM_RESET before any byte of an answer means that a kept connection
 * may just have been stale. The text begins "POST /exec on PEER: ". */
struct http_client_cb {
	void (*head)(struct http_conn *, const struct http_resp *, void *arg);
	void (*fail)(struct http_conn *, const struct err *, void *arg);
};

/* Takes the stream (may still be connecting). */
struct http_conn *http_conn_new(struct loop *, struct stream *, const struct http_limits *) MUST;
void http_conn_send(struct http_conn *, const struct http_request *,
    const struct http_client_cb *, void *arg);
/* Called whenever a request is wholly over, also after fail: reusable tells
 * whether another may be sent. Not reusable: free it. Called once more, with
 * false, when the peer ends an idle connection. */
void http_conn_on_over(struct http_conn *, void (*fn)(struct http_conn *, bool reusable, void *), void *arg);
bool http_conn_idle(const struct http_conn *);	/* no request under way and reusable */
struct stream *http_conn_stream(struct http_conn *);	/* borrowed, for its peer name and counters */
/* The request's body stays whole: an early answer does not stop it (PROTOCOL 1,
 * "A proxy in front"). Freeing does: the response body, if not ended, fails. */
void http_conn_free(struct http_conn *);	/* also from callbacks; NULL is fine */

/* Reads a response body of at most max bytes whole, then calls fn with the
 * text (malloc'ed, yours, NUL-terminated) or NULL and why (code EMSGSIZE: it
 * is longer). Takes b. Cannot be called off: fn comes when b ends or fails. */
void body_collect(struct body *b, size_t max,
    void (*fn)(char *text, size_t len, const struct err *why, void *arg), void *arg);

#endif
