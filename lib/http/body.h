/*
 * body.h - a message body under way: a pipe inside the program with one writer
 * and one reader, a bound, and an end that is told apart from a break.
 *
 * The parser of one connection writes, and whoever handles the message reads;
 * or a handler writes and the sender of a connection reads. The body that a
 * server received can be handed straight to a client request as the one to
 * send, and the response body straight to the reply: that is all the pumping
 * that a proxy needs; back-pressure passes through, since a full body stops
 * the parser, which stops the stream.
 *
 * Life: the writer must finally call body_end or body_fail, the reader
 * body_close; when both have, it is freed. Callbacks are deferred: they never
 * come from inside a call of either side, and none comes to a side after its
 * last call (end, fail, close).
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/msg.h"

struct body;
struct evbuffer;
struct loop;
struct stream;

#define BODY_HIGH	(256 * 1024)	/* full from here on */
#define BODY_LOW	(64 * 1024)	/* room is told here */

typedef void (*body_fn)(struct body *, void *arg);

/* length: bytes that will come, -1 if not known before. */
struct body *body_new(struct loop *, int64_t length) MUST;
/* A body that already has all its bytes and its end. Takes them from buf (may be NULL: empty). */
struct body *body_of(struct loop *, struct evbuffer *buf) MUST;
int64_t body_length(const struct body *);

/* The bytes in transit: the writer adds and says body_wrote, the reader takes
 * and says body_took. */
struct evbuffer *body_buf(struct body *);

/* Writer's side. */
bool body_full(const struct body *);		/* stop, room will be called */
void body_wrote(struct body *);
/* room: fell to BODY_LOW after having been full, or the reader has closed
 * (see body_closed), or the reader began to read (see body_wanted). Also once
 * soon after this call if one of the latter two holds already. NULL: none. */
void body_on_room(struct body *, body_fn room, void *arg);
bool body_closed(const struct body *);		/* the reader is gone: stop writing, then end */
void body_end(struct body *, const struct headers *trailers);	/* copies; may be NULL */
void body_fail(struct body *, const struct err *why);	/* copies */

/* Reader's side. data is called when bytes came, and at the end or failure;
 * also once soon after this call if there is anything to tell already. A
 * reader that leaves bytes is called again only for new ones, or after
 * body_read_again. */
void body_on_data(struct body *, body_fn data, void *arg);
void body_read_again(struct body *);
void body_took(struct body *);
bool body_done(const struct body *);		/* ended and empty */
const struct err *body_error(const struct body *);	/* broken off; NULL if not. Bytes before may still be there */
const struct headers *body_trailers(const struct body *);	/* NULL if none; after body_done */
/* Has anyone asked for data? (100-continue waits for it.) */
bool body_wanted(const struct body *);
void body_close(struct body *);

/* Called at most once a second while bytes come, for renewing leases; NULL:
 * none. For a third party: arg must stay good as long as the body may live. */
void body_on_alive(struct body *, void (*alive)(void *), void *arg);

#endif
