/*
 * head.h - what a complete head means: the start line, and by the fields where
 * the message ends (RFC 9112 sections 3, 4, 6). For parse.c only.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "base/err.h"
#include "http/parse.h"

/* How the end of a body is found. */
enum framing {
	FRAMING_NONE,		/* there is no body */
	FRAMING_LENGTH,
	FRAMING_CHUNKED,
	FRAMING_CLOSE,		/* ends with the connection (responses) */
};

/* line: the start line without CRLF; is cut into pieces to which h then points.
 * h->headers is set. -1: e->code is the status to answer with. */
int head_request(struct parse_head *h, char *line, enum framing *, struct err *e) MUST;
int head_response(struct parse_head *h, char *line, bool lenient,
    enum framing *, struct err *e) MUST;

#endif
