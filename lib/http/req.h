/*
 * req.h - a request being served: what came, and how to answer.
 *
 * The request owns its memory: all that the getters return lives until it is
 * done. It is done when the reply has been sent whole (the last byte is in the
 * stream's out) or the connection broke;
 * then the req_on_done functions run, once, in reverse order. A handler may
 * answer later; until then it must cope with the client having gone away
 * (req_on_done runs at that moment; after it the request must not be touched).
 */
#ifndef HTTP_REQ_H
#define HTTP_REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/body.h"
#include "http/msg.h"
#include "http/url.h"

struct http_req;
struct stream;

const char *req_method(const struct http_req *);
const char *req_target(const struct http_req *);	/* as sent: "/ls?dir=a%20b" */
const char *req_path(const struct http_req *);		/* decoded, without the query */
const char *req_query_text(const struct http_req *);	/* raw query, "" if none */
/* Decoded query; req_param looks in the form first (if it was read), then here. */
const struct form *req_query(struct http_req *);
const struct form *req_form(struct http_req *);		/* NULL unless the route asked for it */
const char *req_param(struct http_req *, const char *name);
const char *req_header(const struct http_req *, const char *name);
const struct headers *req_headers(const struct http_req *);
bool  req_http10(const struct http_req *);
const char *req_peer(const struct http_req *);		/* for logs */
bool  req_secure(const struct http_req *);		/* came over TLS */
struct loop *req_loop(const struct http_req *);
/* Credentials of Authorization: Basic; false if there are none or malformed. */
bool  req_basic_auth(struct http_req *, const char **user, const char **password);
const char *req_bearer(struct http_req *);		/* NULL if none */
/* Whatever an outer layer wants to attach (the authenticated user). */
void  req_set_data(struct http_req *, void *);
void *req_data(const struct http_req *);

/* Memory that lives as long as the request. */
void *req_alloc(struct http_req *, size_t);		/* zeroed */
char *req_strdup(struct http_req *, const char *);
char *req_printf(struct http_req *, const char *fmt, ...) PRINTF(2, 3);
/* fn(arg) when the request is done. */
void  req_on_done(struct http_req *, void (*fn)(void *), void *arg);
/* Takes back the newest registration with this fn and arg. */
void  req_not_on_done(struct http_req *, void (*fn)(void *), void *arg);

/* The body, to be read by the handler or handed on; NULL if there is none.
 * The reader's end now belongs to the caller (body_close it finally). Never
 * taken: it is read and dropped, within a limit, so that the connection can
 * go on; beyond the limit the connection closes after the reply. A client
 * that waits for 100-continue gets it when somebody reads. */
struct body *req_take_body(struct http_req *);
bool  req_has_body(const struct http_req *);

/* Replies: exactly one of these, once, per request. */
/* Before the reply. A malformed field is left out and logged; of those that
 * frame the message only "Connection: close" counts, and Content-Length where
 * no body is sent (HEAD, 304). */
void  reply_header(struct http_req *, const char *name, const char *value);
void  reply_text(struct http_req *, int status, const char *text);	/* text/plain; charset=utf-8 */
void  reply_data(struct http_req *, int status, const char *type, const void *, size_t len);
/* One line of text/plain with a newline; the status says whose fault it is. */
void  reply_error(struct http_req *, int status, const char *fmt, ...) PRINTF(3, 4);
/* Streams b: with Content-Length if body_length is known, else chunked (or
 * until close for HTTP/1.0). Takes the reader's end. Trailers of b are sent if
 * chunked. If b fails, the reply is broken off, never ended properly. The head
 * goes out at once, before there are bytes. HEAD requests get the head only. */
void  reply_body(struct http_req *, int status, struct body *b);
/* As reply_body, and gives the writer's end of a new body. */
struct body *reply_stream(struct http_req *, int status, int64_t length) MUST;
/* 101 (or another status for a CONNECT-like turn): sends the head with the
 * reply_header fields; no Connection or Upgrade field is added. When it has
 * left in a TLS record of its own, fn gets the stream with whatever the client
 * sent after its head still in `in`; fn owns the stream. If the connection
 * breaks before, fn gets NULL. */
void  reply_upgrade(struct http_req *, int status,
    void (*fn)(struct stream *, void *arg), void *arg);
bool  req_replied(const struct http_req *);
/* For req_on_done functions: has all of the reply left us? (Whether it arrived,
 * nobody knows.) */
bool  req_sent(const struct http_req *);
/* Breaks the connection off without (further) answer. */
void  req_abort(struct http_req *, const char *why);

#endif
