/* digest.c - see digest.h. */
#include "io/digest.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/tlslib.h"

struct digest {
	EVP_MD_CTX	*ctx;
	const EVP_MD	*md;		/* NULL once ctx knows it: that is faster */
};

struct digest *
digest_new(enum digest_kind kind)
{
	struct digest *d = xmalloc(sizeof *d);

	d->md = kind == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
	if ((d->ctx = EVP_MD_CTX_new()) == NULL)
		fatalx("digest: out of memory");
	digest_reset(d);
	return d;
}

void
digest_reset(struct digest *d)
{
	if (EVP_DigestInit_ex(d->ctx, d->md, NULL) != 1)
		fatalx("digest: OpenSSL refused to begin");
	d->md = NULL;
}

void
digest_add(struct digest *d, const void *p, size_t len)
{
	if (EVP_DigestUpdate(d->ctx, p, len) != 1)
		fatalx("digest: OpenSSL refused to go on");
}

void
digest_hex(struct digest *d, char out[DIGEST_HEX_MAX])
{
	unsigned char	sum[EVP_MAX_MD_SIZE];
	unsigned	len = 0;

	if (EVP_DigestFinal_ex(d->ctx, sum, &len) != 1 ||
	    2 * len >= DIGEST_HEX_MAX)
		fatalx("digest: OpenSSL refused to end");
	str_hex(sum, len, out);
}

void
digest_sha256(struct digest *d, unsigned char out[32])
{
	unsigned char	sum[EVP_MAX_MD_SIZE];
	unsigned	len = 0;

	if (EVP_DigestFinal_ex(d->ctx, sum, &len) != 1 || len != 32)
		fatalx("digest: OpenSSL refused to end");
	memcpy(out, sum, len);
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void
digest_hmac_md5(const char *key, const char *text, char out[DIGEST_HEX_MAX])
{
	unsigned char	sum[EVP_MAX_MD_SIZE];
	unsigned	len = 0;

	if (HMAC(EVP_md5(), key, (int)strlen(key), (const unsigned char *)text,
	    strlen(text), sum, &len) == NULL || 2 * len >= DIGEST_HEX_MAX)
		fatalx("digest: OpenSSL refused HMAC-MD5");
	str_hex(sum, len, out);
}
