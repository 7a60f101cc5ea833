/*
 * tls_ctx.c - contexts: certificates, what is trusted, and the sessions that a
 * client keeps to shorten its next handshake with the same server.
 */
#include "io/tls_ctx.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/xmalloc.h"

#define SESSIONS_MAX	64

/* A key with a password must fail instead of asking the terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return 0;
}

static int
ssl_err(struct err *e, const char *what, const char *file)
{
	unsigned long	 code = ERR_peek_error();
	const char	*why = ERR_reason_error_string(code);

	if (ERR_SYSTEM_ERROR(code))
		why = strerror(ERR_GET_REASON(code));
	err_set(e, "%s %s: %s", what, file, why != NULL ? why : "not usable");
	ERR_clear_error();
	return -1;
}

static struct tls_ctx *
ctx_new(const SSL_METHOD *method)
{
	struct tls_ctx *c = xcalloc(1, sizeof *c);

	/* What OpenSSL has allocated goes with the process: tidying up first
	 * would be a tenth of what a short command costs. */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		fatalx("TLS: OpenSSL cannot be started");
	ERR_clear_error();
	c->refs = 1;
	c->bio = tls_bio();
	if ((c->ssl = SSL_CTX_new(method)) == NULL ||
	    SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(c->ssl, "TLS_AES_128_GCM_SHA256:"
	    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") != 1 ||
	    SSL_CTX_set_cipher_list(c->ssl, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
		fatalx("TLS: OpenSSL cannot make a context");
	SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_default_passwd_cb(c->ssl, no_password);
	return c;
}

struct tls_ctx *
tls_server(const char *cert_file, const char *key_file, struct err *e)
{
	static const unsigned char	 id[] = "stream";
	struct tls_ctx			*c = ctx_new(TLS_server_method());
	int				 r = 0;

	if (SSL_CTX_use_certificate_chain_file(c->ssl, cert_file) != 1)
		r = ssl_err(e, "load certificate", cert_file);
	else if (SSL_CTX_use_PrivateKey_file(c->ssl, key_file,
	    SSL_FILETYPE_PEM) != 1)
		r = ssl_err(e, "load key", key_file);
	else if (SSL_CTX_check_private_key(c->ssl) != 1)
		r = ssl_err(e, "key does not fit the certificate:", key_file);
	if (r == -1) {
		tls_ctx_free(c);
		return NULL;
	}
	/* Sessions live in tickets, with the clients. */
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_session_id_context(c->ssl, id, sizeof id - 1) != 1 ||
	    SSL_CTX_set_num_tickets(c->ssl, 1) != 1)
		fatalx("TLS: cannot set up sessions");
	return c;
}

static void
forget_sessions(struct tls_ctx *c)
{
	size_t		 it = 0;
	const char	*name;
	void		*session;

	while (map_next(c->sessions, &it, &name, &session)) {
		map_del(c->sessions, name);
		SSL_SESSION_free(session);
	}
}

/* Keeps the last one of each server; returning 1 takes the reference. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	const char	*name = SSL_get_app_data(ssl);
	struct tls_ctx	*c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (map_len(c->sessions) >= SESSIONS_MAX &&
	    map_find(c->sessions, name) == NULL)
		forget_sessions(c);
	SSL_SESSION_free(map_set(c->sessions, name, session));
	return 1;
}

struct tls_ctx *
tls_client(const char *ca_file, enum tls_verify verify, struct err *e)
{
	struct tls_ctx	*c = ctx_new(TLS_client_method());
	int		 r;

	c->verify = verify;
	c->pinned = ca_file != NULL;
	c->sessions = map_new();
	if (ca_file != NULL)
		r = SSL_CTX_load_verify_locations(c->ssl, ca_file, NULL);
	else
		r = SSL_CTX_set_default_verify_paths(c->ssl);
	if (r != 1) {
		ssl_err(e, "load CA", ca_file != NULL ? ca_file : "of the system");
		tls_ctx_free(c);
		return NULL;
	}
	if (c->pinned)	/* what is pinned need not be a root */
		X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c->ssl),
		    X509_V_FLAG_PARTIAL_CHAIN);
	SSL_CTX_set_verify(c->ssl, verify == TLS_VERIFY_NONE ? SSL_VERIFY_NONE :
	    SSL_VERIFY_PEER, tls_ctx_look);
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_set_app_data(c->ssl, c);
	SSL_CTX_sess_set_new_cb(c->ssl, on_session);
	return c;
}

void
tls_ctx_name(struct tls_ctx *c, SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM	*p = SSL_get0_param(ssl);
	bool			 ip;

	ip = X509_VERIFY_PARAM_set1_ip_asc(p, name) == 1;
	if (!ip && SSL_set_tlsext_host_name(ssl, name) != 1)
		log_debug("TLS: %s is no name for SNI", name);
	if (c->verify != TLS_VERIFY_FULL) {
		if (ip && X509_VERIFY_PARAM_set1_ip(p, NULL, 0) != 1)
			fatalx("TLS: out of memory");
		return;
	}
	if (!ip && SSL_set1_host(ssl, name) != 1)
		fatalx("TLS: out of memory");
}

void
tls_ctx_resume(struct tls_ctx *c, SSL *ssl, const char *name)
{
	SSL_SESSION *old = map_find(c->sessions, name);

	if (old != NULL)
		(void)SSL_set_session(ssl, old); /* refused: a full handshake */
}

void
tls_ctx_free(struct tls_ctx *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	if (c->sessions != NULL) {
		forget_sessions(c);
		map_free(c->sessions);
	}
	SSL_CTX_free(c->ssl);
	BIO_meth_free(c->bio);
	free(c);
}

/* --- what went wrong --------------------------------------------------------- */

/* NULL where it was not about the certificate. */
static const char *
verify_text(const struct tls_ctx *c, const SSL *ssl, const char *name, char *buf,
    size_t size)
{
	long why;

	if (SSL_is_server(ssl) || c->verify == TLS_VERIFY_NONE ||
	    (why = SSL_get_verify_result(ssl)) == X509_V_OK)
		return NULL;
	switch (why) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		snprintf(buf, size, "certificate is not signed by %s (%s)",
		    c->pinned ? "the pinned CA" : "a CA of this system",
		    X509_verify_cert_error_string(why));
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		snprintf(buf, size, "certificate is not for %s", name);
		break;
	default:
		snprintf(buf, size, "certificate refused: %s",
		    X509_verify_cert_error_string(why));
	}
	return buf;
}

const char *
tls_ctx_why(const struct tls_ctx *c, const SSL *shaking, const char *name,
    char *buf, size_t size)
{
	unsigned long	 code = ERR_peek_error();
	const char	*s = NULL;

	if (shaking != NULL)
		s = verify_text(c, shaking, name, buf, size);
	if (s == NULL && shaking != NULL && ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER ||
	    ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST))
		s = "the peer does not speak TLS";
	if (s == NULL)
		s = ERR_reason_error_string(code);
	return s != NULL ? s : "protocol error";
}
