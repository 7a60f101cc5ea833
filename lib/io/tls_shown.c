/* tls_shown.c - the certificates that servers show us, for people to be told. */
#include "io/tls_ctx.h"

#include <string.h>

int
tls_ctx_look(int ok, X509_STORE_CTX *store)
{
	SSL		*ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_ctx	*c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	X509		*cert = X509_STORE_CTX_get_current_cert(store);
	int		 days, seconds;

	if (cert == NULL || X509_STORE_CTX_get_error_depth(store) != 0 ||
	    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) != 1)
		return ok;
	c->shown = true;
	c->shown_left = (int64_t)days * 24 * 60 * 60 + seconds;
	if (X509_NAME_oneline(X509_get_issuer_name(cert), c->shown_by,
	    sizeof c->shown_by) == NULL)
		c->shown_by[0] = '\0';
	return ok;
}

int
tls_client_shown(const struct tls_ctx *c, int64_t *left_s, char issuer[TLS_ISSUER_MAX])
{
	if (!c->shown)
		return -1;
	*left_s = c->shown_left;
	memcpy(issuer, c->shown_by, TLS_ISSUER_MAX);
	return 0;
}
