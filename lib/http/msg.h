/*
 * msg.h - what a message head consists of: header lists and methods.
 * Sources: RFC 9110 (semantics), RFC 9112 (HTTP/1.1 syntax).
 */
#ifndef HTTP_MSG_H
#define HTTP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct evbuffer;

/* Bounds and deadlines of a connection; 0 takes the default in brackets. */
struct http_limits {
	size_t	head_max;	/* bytes of a head, trailers too [32 KiB] */
	size_t	headers_max;	/* fields in it [100] */
	size_t	form_max;	/* bytes of a form body [1 MiB] */
	size_t	connections_max;/* of one server [10,000]; further ones get 503 and close */
	int64_t	head_ms;	/* first byte of a head to its end; a new connection's
				 * wait for that first byte [10 s] */
	int64_t	idle_ms;	/* between requests [120 s] */
	int64_t	stall_ms;	/* a body that neither comes nor goes [60 s] */
};

/* from, which may be NULL, with the defaults put in. */
struct http_limits http_limits_of(const struct http_limits *from);

/* An ordered list of header fields. Names keep their spelling, are compared
 * without case (RFC 9110 section 5.1). */
struct headers;

struct headers *headers_new(void) MUST;
void headers_free(struct headers *);		/* NULL is fine */
void headers_add(struct headers *, const char *name, const char *value);
void headers_set(struct headers *, const char *name, const char *value); /* replaces all */
void headers_del(struct headers *, const char *name);
const char *headers_get(const struct headers *, const char *name); /* first; NULL */
size_t headers_count(const struct headers *, const char *name);
size_t headers_len(const struct headers *);
void headers_at(const struct headers *, size_t i, const char **name, const char **value);
/* Does a comma list in any field of that name hold token (no case)? */
bool headers_has_token(const struct headers *, const char *name, const char *token);
struct headers *headers_copy(const struct headers *) MUST;	/* NULL gives NULL */
/* All fields but the hop-by-hop ones (RFC 9110 section 7.6.1: Connection and
 * what it names, Keep-Alive, Proxy-*, TE, Transfer-Encoding, Upgrade), for
 * passing a message on. Trailer and Content-Length are kept. */
void headers_copy_end_to_end(struct headers *to, const struct headers *from);
/* A field value without CR, LF and NUL, a name that is a token? */
bool headers_valid(const char *name, const char *value);

/* Reason phrase for a status, "Status" for an unknown one. */
const char *http_reason(int status);

#endif
