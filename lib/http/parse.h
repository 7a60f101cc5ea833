/*
 * parse.h - HTTP/1.1 messages out of bytes: llhttp with our rules on top. No
 * I/O: the server, the client, the tests and the fuzzers feed it.
 *
 * Events come in order: head, then body pieces, then end (with trailers).
 * The parser stops after each message: what follows stays in the buffer (a
 * pipelined request, or bytes after an upgrade).
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/msg.h"

struct parse;
struct evbuffer;

struct parse_head {		/* valid until the next message */
	const char	*method;	/* requests */
	const char	*target;
	int		 status;	/* responses */
	int		 minor;		/* HTTP/1.minor */
	struct headers	*headers;	/* the parser's; parse_take_headers to keep */
	int64_t		 length;	/* body: -1 unknown (chunked, or until close) */
	bool		 chunked;
	bool		 has_body;
	bool		 keep_alive;	/* what the message says of the connection */
	bool		 upgrade;	/* response 101 to us; requests never */
	bool		 expect_continue;
};

enum parse_result {
	PARSE_MORE,	/* needs more bytes */
	PARSE_HEAD,	/* parse_head() is filled */
	PARSE_BODY,	/* bytes were moved into out */
	PARSE_FULL,	/* out has no room: call again later */
	PARSE_END,	/* the message is over; parse_reset before the next */
	PARSE_BAD,	/* e is filled; code: the status to answer with (400, 413, 417, 431, 501, 505) */
};

struct parse *parse_new(bool responses, const struct http_limits *) MUST;
void parse_free(struct parse *);
void parse_reset(struct parse *);
void parse_lenient_version(struct parse *, bool on);	/* "HTTP/0.0 101" */
void parse_no_body(struct parse *);	/* the response answers a HEAD: call at PARSE_HEAD */
/* Consumes from in and returns at the first event. Body bytes go to out, at
 * most room of them at a time. */
enum parse_result parse_feed(struct parse *, struct evbuffer *in,
    struct evbuffer *out, size_t room, struct err *e);
/* The peer closed: PARSE_END if that ends the message (body until close),
 * PARSE_MORE if none had begun, else PARSE_BAD "ended in the middle of ...". */
enum parse_result parse_eof(struct parse *, struct err *e);
const struct parse_head *parse_head(const struct parse *);
struct headers *parse_take_headers(struct parse *);	/* yours now */
const struct headers *parse_trailers(const struct parse *); /* after PARSE_END; NULL if none */
bool parse_begun(const struct parse *);		/* a byte of a message has been seen */

#endif
