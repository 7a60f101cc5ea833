/* digestmac.c - see digestmac.h. */
#include "io/digestmac.h"

#include <limits.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/tlslib.h"

struct mac {
	EVP_CIPHER_CTX	*ctx;
};

struct mac *
mac_new(const unsigned char key[MAC_KEY])
{
	struct mac	*m = xmalloc(sizeof *m);

	m->ctx = EVP_CIPHER_CTX_new();
	if (m->ctx == NULL ||
	    EVP_EncryptInit_ex(m->ctx, EVP_aes_128_gcm(), NULL, key, NULL) != 1)
		fatalx("mac: OpenSSL refused to begin");
	return m;
}

void
mac_free(struct mac *m)
{
	if (m == NULL)
		return;
	EVP_CIPHER_CTX_free(m->ctx);
	free(m);
}

void
mac_sum(struct mac *m, const void *p, size_t len, unsigned char out[MAC_SUM])
{
	static const unsigned char	nonce[12];
	unsigned char			none[MAC_SUM];
	int				n;

	if (len > INT_MAX ||
	    EVP_EncryptInit_ex(m->ctx, NULL, NULL, NULL, nonce) != 1 ||
	    EVP_EncryptUpdate(m->ctx, NULL, &n, p, (int)len) != 1 ||
	    EVP_EncryptFinal_ex(m->ctx, none, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(m->ctx, EVP_CTRL_AEAD_GET_TAG, MAC_SUM, out) != 1)
		fatalx("mac: OpenSSL refused to go on");
}
