/*
 * tls_ctx.h - between tls.c and tls_ctx.c; users include io/tls.h.
 */
#ifndef IO_TLS_CTX_H
#define IO_TLS_CTX_H

#include "base/map.h"
#include "io/tls.h"
#include "io/tlslib.h"

struct tls_ctx {
	SSL_CTX		*ssl;
	BIO_METHOD	*bio;
	struct map	*sessions;	/* of a client: server name -> SSL_SESSION */
	enum tls_verify	 verify;
	bool		 pinned;	/* a CA file was given */
	unsigned	 refs;		/* its maker's, and one a stream */
	bool		 shown;		/* a client was shown a certificate: */
	int64_t		 shown_left;	/* seconds until it ends */
	char		 shown_by[TLS_ISSUER_MAX];	/* who signed it */
};

/* tls.c: reads from and writes to the loop's scratch memory. */
BIO_METHOD *tls_bio(void) MUST;
/* tls_ctx.c: the name that a client asks for and, if so verified, insists on. */
void tls_ctx_name(struct tls_ctx *, SSL *, const char *name);
/* tls_ctx.c: the client's last session with that server, if it has one. Its
 * SSL_get_app_data is the name under which the next one is kept. */
void tls_ctx_resume(struct tls_ctx *, SSL *, const char *name);
/* tls_shown.c: what OpenSSL calls for each certificate of a chain; it only looks. */
int tls_ctx_look(int ok, X509_STORE_CTX *);
/* Why OpenSSL failed, in words for people; uses buf or borrows. shaking: NULL
 * once the handshake is done; name: of the server, NULL where we are it. */
const char *tls_ctx_why(const struct tls_ctx *, const SSL *shaking,
    const char *name, char *buf, size_t size);

#endif
