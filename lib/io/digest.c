/* digest.c - see digest.h. */
#include "io/digest.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/shalib.h"
#include "io/tlslib.h"

struct digest {
	enum digest_kind kind;
	SHA256_CTX	 sha256;	/* of that kind */
	EVP_MD_CTX	*ctx;		/* of the other */
	const EVP_MD	*md;		/* NULL once ctx knows it: that is faster */
};

struct digest *
digest_new(enum digest_kind kind)
{
	struct digest *d = xcalloc(1, sizeof *d);

	d->kind = kind;
	if (kind == DIGEST_SHA1) {
		d->md = EVP_sha1();
		if ((d->ctx = EVP_MD_CTX_new()) == NULL)
			fatalx("digest: out of memory");
	}
	digest_reset(d);
	return d;
}

void
digest_reset(struct digest *d)
{
	if (d->kind == DIGEST_SHA256 ? SHA256_Init(&d->sha256) != 1 :
	    EVP_DigestInit_ex(d->ctx, d->md, NULL) != 1)
		fatalx("digest: OpenSSL refused to begin");
	d->md = NULL;
}

void
digest_add(struct digest *d, const void *p, size_t len)
{
	if (d->kind == DIGEST_SHA256 ? SHA256_Update(&d->sha256, p, len) != 1 :
	    EVP_DigestUpdate(d->ctx, p, len) != 1)
		fatalx("digest: OpenSSL refused to go on");
}

void
digest_hex(struct digest *d, char out[DIGEST_HEX_MAX])
{
	unsigned char	sum[EVP_MAX_MD_SIZE];
	unsigned	len = SHA256_DIGEST_LENGTH;

	if (d->kind == DIGEST_SHA256)
		digest_sha256(d, sum);
	else if (EVP_DigestFinal_ex(d->ctx, sum, &len) != 1 ||
	    2 * len >= DIGEST_HEX_MAX)
		fatalx("digest: OpenSSL refused to end");
	str_hex(sum, len, out);
}

void
digest_sha256(struct digest *d, unsigned char out[32])
{
	if (d->kind != DIGEST_SHA256 || SHA256_Final(out, &d->sha256) != 1)
		fatalx("digest: OpenSSL refused to end");
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	if (d->ctx != NULL)
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
