/*
 * send.h - the sending half that server and client share: fields into a head,
 * and a body onto a stream with its framing (RFC 9112 sections 6 and 7).
 */
#ifndef HTTP_SEND_H
#define HTTP_SEND_H

#include "base/str.h"
#include "http/body.h"
#include "io/stream.h"

enum send_framing {
	SEND_LENGTH,	/* exactly body_length bytes */
	SEND_CHUNKED,	/* with the body's trailers */
	SEND_CLOSE,	/* as is; whoever sends closes the connection after it */
};

/* Embedded by its user; all zero: nothing is being sent. */
struct sender {
	struct stream		*stream;
	struct body		*body;		/* NULL: idle */
	enum send_framing	 framing;
	int64_t			 left;		/* SEND_LENGTH */
	/* Once, from the loop: why NULL: all of it is in the stream's out.
	 * The body has been closed. */
	void			(*done)(const struct err *why, void *arg);
	void			*arg;
};

/* Takes the reader's end of b, borrows s. done and arg are set by the caller. */
void sender_start(struct sender *, struct stream *s, struct body *b,
    enum send_framing);
/* The stream has room again. */
void sender_drained(struct sender *);
/* Lets go of the body; done is not called. Also when idle. */
void sender_stop(struct sender *);

/* "name: value" and CRLF, unless that would break the head: then the field is
 * left out and logged, for values may come from a third party. */
void send_field(struct str *head, const char *name, const char *value);
/* The head of a request; -1 for a malformed method or target. */
struct http_request;
int send_request_head(struct str *head, const struct http_request *) MUST;

#endif
