/*
 * call.h - the one way in which gomote talks to a server: requests one after
 * another over one kept connection, to the coordinator, through it to an
 * instance (X-Buildlet-Proxy), or straight to a buildlet.
 *
 * Synchronous to look at: each function runs the loop until it has its answer,
 * so bodies on their way up are fed by callbacks of the loop meanwhile.
 *
 * Errors read "HOP: DOING: why", with a hint where there is something that the
 * user can do; e->code is CALL_LOST where an established connection broke.
 */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "client/cred.h"
#include "http/body.h"
#include "http/msg.h"
#include "http/url.h"

struct call;
struct evbuffer;
struct headers;
struct loop;
struct stream;

/* err.code; beyond every errno, which others put there. */
#define CALL_LOST 10255
#define CALL_CUT 10256		/* call_cut did it */

struct call_request {
	const char		*method;
	const char		*path;	/* "/ls" */
	const struct form	*query;	/* NULL: none */
	const struct form	*form;	/* the body, of a POST; NULL: none */
	struct body		*body;	/* taken; NULL: none. Not with form */
	bool			 small;	/* and it is of a few MiB at most */
	const struct headers	*more;	/* fields of the head, besides ours; NULL: none */
	/* Gets the connection of an answer 101, yours, on which bytes may have come
	 * already. NULL: such an answer is an error. Over a connection of our own. */
	struct stream		**upgraded;
	const char		*doing;	/* "list go", for error texts */
	const char		*builder_env;	/* the environment of this builder type (what
					 * begins a command); NULL: the instance's own */
	int64_t			 head_ms;	/* until the answer begins; 0: 30 s */
	int64_t			 stall_ms;	/* between its bytes; 0: 60 s; -1: for ever */
};

/* Nothing is dialed before the first request. -1 and e: cred or instance are
 * of no use. instance NULL: the coordinator itself. */
struct call *call_new(struct loop *, const struct cred *, const char *instance,
    struct err *e) MUST;
void call_free(struct call *);	/* NULL is fine; breaks off what is under way */
const char *call_hop(const struct call *);	/* "coordinator" or "buildlet" */
/* to, which is of the same server, gets the connection of from, unless it has one:
 * one handshake is enough for what is asked of the coordinator and, through it, of
 * an instance. The same the other way round gives it back. */
void call_pass(struct call *from, struct call *to);

/* Sends and waits until the answer begins. An answer other than 2xx is an
 * error, whose text is what the server said; then call_status is its status,
 * and 0 where there was no answer (e->code is then CALL_LOST, or an enum
 * stream_err where no connection could be made). After 0 the answer must be read to its end
 * before the next request, or that comes over a new connection. */
int  call_send(struct call *, const struct call_request *, struct err *e) MUST;
int  call_status(const struct call *);
/* A field of the head of the last answer; NULL. Lives until the next request. */
const char *call_field(const struct call *, const char *name);

/* Reads the answer to its end. sink takes all bytes; it may leave some only
 * where more must come for it to go on, or where call_again will be called, from
 * the loop, which calls it for what it left. -1 from it ends the reading, with e.
 * A break of the connection is CALL_LOST. */
typedef int (*call_sink)(struct evbuffer *, void *arg, struct err *e);
int  call_read(struct call *, call_sink, void *arg, struct err *e) MUST;
void call_again(struct call *);
/* After call_read: the value of a trailer field, NULL if there is none. */
const char *call_trailer(const struct call *, const char *name);
/* From a callback of the loop: the function that waits there now, if one does,
 * returns -1 and CALL_CUT. */
void call_cut(struct call *);

/* The rest of the answer, at most max bytes of it, into out, which may be NULL (then
 * it is dropped); and call_send with it. */
int  call_collect(struct call *, size_t max, struct str *out, struct err *e) MUST;
int  call_text(struct call *, const struct call_request *, size_t max,
    struct str *out, struct err *e) MUST;

/* For requests beside this call (side.h): a connection of their own to the same
 * server, still being made, NULL and e (one at a time: the one before must be
 * closed); and the fields that they need. */
struct stream *call_stream(struct call *, struct err *e) MUST;
struct headers *call_fields(const struct call *, const struct call_request *) MUST;
const char *call_host(const struct call *);

#endif
