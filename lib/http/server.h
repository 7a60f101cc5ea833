/*
 * server.h - the HTTP/1.1 server: serves any number of streams, each with
 * keep-alive and pipelining (answers in order of the requests; one request of
 * a connection is handled at a time).
 *
 * Strict (RFC 9112 sections 5, 6.3, 11.2): Content-Length together with
 * Transfer-Encoding, differing lengths, bare CR, obs-fold, white space before
 * a colon: 400 and close. Bad heads are answered with one line of text.
 *
 * A client that closes, or half-closes, while its request waits for an answer
 * has gone away, as for stock Go servers. Of a request body that nobody reads
 * 256 KiB are dropped, beyond that the connection ends after the reply.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/req.h"
#include "io/stream.h"

struct http_server;

/* Called when a head is in (the body may not be). */
typedef void (*http_handler)(struct http_req *, void *arg);

struct http_server *http_server_new(struct loop *, const struct http_limits *,
    http_handler, void *arg) MUST;
/* Serves s until it ends. Takes s. */
void http_server_serve(struct http_server *, struct stream *s);
size_t http_server_connections(const struct http_server *);
/* New requests are refused with 503, idle connections closed; drained(arg)
 * once nothing is left. */
void http_server_drain(struct http_server *, void (*drained)(void *), void *arg);
/* Cuts everything. */
void http_server_free(struct http_server *);

#endif
