/*
 * tls.h - TLS contexts. The streams themselves come from net_dial and
 * net_listen; tls_over_fd is for a socket that has already spoken something.
 *
 * TLS 1.2 and newer; session resumption; SSL_MODE_RELEASE_BUFFERS, so that an
 * idle connection owns no record buffers. A server accepts any SNI (PROTOCOL 2).
 * Bulk data goes in full records; a flush boundary always ends a record.
 */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "io/stream.h"

struct tls_ctx;

/* Certificate chain and key in PEM files. */
struct tls_ctx *tls_server(const char *cert_file, const char *key_file,
    struct err *e) MUST;
enum tls_verify {
	TLS_VERIFY_FULL,	/* chain and host name */
	TLS_VERIFY_CHAIN,	/* chain only: a pinned CA of our own, any name */
	TLS_VERIFY_NONE,	/* development with stock peers; the caller warns */
};
/* ca_file NULL: the system's. */
struct tls_ctx *tls_client(const char *ca_file, enum tls_verify, struct err *e) MUST;
void tls_ctx_free(struct tls_ctx *);	/* NULL is fine; live streams keep what they need */
/* The certificate that a client saw in its last handshake that was a full one,
 * whether it took it or not: in how many seconds it ends (below 0: it has), and
 * who signed it, in one line. -1: it saw none. */
#define TLS_ISSUER_MAX 200
int tls_client_shown(const struct tls_ctx *, int64_t *left_s,
    char issuer[TLS_ISSUER_MAX]) MUST;

/* fd is connected; the stream owns it. server_name for clients, else NULL. */
struct stream *tls_over_fd(struct loop *, struct tls_ctx *, int fd, bool server,
    const char *server_name, int64_t handshake_ms, const char *peer) MUST;

/* Did its handshake take up an older session? Then no certificate went over the
 * wire: a client keeps a session only where the certificate was good when it was
 * made, one for each name, and a server's tickets end with its context. Who the
 * client is, a session does not tell: that is asked anew. False before it is open,
 * and of what is no TLS stream. */
bool tls_resumed(const struct stream *) MUST;

#endif
