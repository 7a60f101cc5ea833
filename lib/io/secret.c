/* secret.c - see secret.h. */
#include "io/secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/tlslib.h"

#ifndef GETENTROPY_MAX
#define GETENTROPY_MAX	256
#endif
#define TOKEN_BYTES	32
#define SALT_BYTES	16
#define KEY_BYTES	32
#define SCRYPT_N	16384
#define SCRYPT_R	8
#define SCRYPT_P	1
/* What a stored hash may ask for; the memory it takes is 128 * N * r. */
#define SCRYPT_N_MAX	(1 << 20)
#define SCRYPT_R_MAX	32
#define SCRYPT_P_MAX	16
#define SCRYPT_MEMORY	(256 * 1024 * 1024)

void
secret_random(void *p, size_t len)
{
	unsigned char	*at = p;
	size_t		 n;

	for (; len > 0; at += n, len -= n) {
		n = len < GETENTROPY_MAX ? len : GETENTROPY_MAX;
		if (getentropy(at, n) == -1)
			fatal("the system has no random numbers");
	}
}

char *
secret_hex(size_t bytes)
{
	unsigned char	*raw = xmalloc(bytes + 1);
	char		*text = xmalloc(2 * bytes + 1);

	secret_random(raw, bytes);
	str_hex(raw, bytes, text);
	secret_wipe(raw, bytes);
	free(raw);
	return text;
}

/* RFC 4648 section 5, without padding. */
char *
secret_token(const char *prefix)
{
	unsigned char	 raw[TOKEN_BYTES];
	char		*text, *s, *all;

	secret_random(raw, sizeof raw);
	text = str_base64_encode(raw, sizeof raw);
	secret_wipe(raw, sizeof raw);
	for (s = text; *s != '\0' && *s != '='; s++) {
		if (*s == '+')
			*s = '-';
		else if (*s == '/')
			*s = '_';
	}
	*s = '\0';
	all = xasprintf("%s%s", prefix, text);
	secret_wipe(text, strlen(text));
	free(text);
	return all;
}

void
secret_hash(const char *secret, char out[SECRET_HASH_MAX])
{
	unsigned char sum[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)secret, strlen(secret), sum);
	str_hex(sum, sizeof sum, out);
}

bool
secret_equal(const char *a, const char *b)
{
	size_t			 na = strlen(a), nb = strlen(b), i;
	volatile unsigned char	 diff = na != nb;

	/* Where b ends early its last byte, the NUL, stands in. */
	for (i = 0; i < na; i++)
		diff |= (unsigned char)a[i] ^
		    (unsigned char)b[i < nb ? i : nb];
	return diff == 0;
}

static int
derive(const char *password, const unsigned char *salt, size_t salt_len,
    uint64_t n, uint64_t r, uint64_t p, unsigned char key[KEY_BYTES])
{
	return EVP_PBE_scrypt(password, strlen(password), salt, salt_len, n, r,
	    p, SCRYPT_MEMORY, key, KEY_BYTES) == 1 ? 0 : -1;
}

char *
secret_scrypt(const char *password)
{
	unsigned char	salt[SALT_BYTES], key[KEY_BYTES];
	char		salt_hex[2 * SALT_BYTES + 1], key_hex[2 * KEY_BYTES + 1];

	secret_random(salt, sizeof salt);
	if (derive(password, salt, sizeof salt, SCRYPT_N, SCRYPT_R, SCRYPT_P,
	    key) == -1)
		fatalx("scrypt: out of memory");
	str_hex(salt, sizeof salt, salt_hex);
	str_hex(key, sizeof key, key_hex);
	secret_wipe(key, sizeof key);
	return xasprintf("scrypt$%d$%d$%d$%s$%s", SCRYPT_N, SCRYPT_R, SCRYPT_P,
	    salt_hex, key_hex);
}

/* "scrypt", N, r, p, salt, hash. */
static bool
fields_ok(const struct strs *f, const char *password)
{
	unsigned char	salt[SALT_BYTES], key[KEY_BYTES];
	char		key_hex[2 * KEY_BYTES + 1];
	int64_t		n, r, p;
	bool		ok;

	if (f->n != 6 || !str_eq(f->v[0], "scrypt") ||
	    str_int64(f->v[1], 2, SCRYPT_N_MAX, &n) == -1 ||
	    str_int64(f->v[2], 1, SCRYPT_R_MAX, &r) == -1 ||
	    str_int64(f->v[3], 1, SCRYPT_P_MAX, &p) == -1 ||
	    str_unhex(f->v[4], salt, sizeof salt) == -1)
		return false;
	if (derive(password, salt, sizeof salt, (uint64_t)n, (uint64_t)r,
	    (uint64_t)p, key) == -1)
		return false;
	str_hex(key, sizeof key, key_hex);
	ok = secret_equal(key_hex, f->v[5]);
	secret_wipe(key, sizeof key);
	secret_wipe(key_hex, sizeof key_hex);
	return ok;
}

bool
secret_scrypt_ok(const char *password, const char *stored)
{
	struct strs	f = STRS_INIT;
	bool		ok;

	strs_split(&f, stored, '$', false);
	ok = fields_ok(&f, password);
	strs_release(&f);
	return ok;
}

void
secret_wipe(void *p, size_t len)
{
	/* Called by way of memory that might change, it cannot be left out. */
	void	*(*volatile set)(void *, int, size_t) = memset;

	set(p, 0, len);
}
