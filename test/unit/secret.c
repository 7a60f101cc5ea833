/* secret.c - unit tests of io/secret.h and io/digest.h. */
#include "unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "io/digest.h"
#include "io/secret.h"

START_TEST(random_differs)
{
	unsigned char	x[32] = { 0 }, y[32] = { 0 };
	char		*p = secret_hex(16), *q = secret_hex(16);

	secret_random(x, sizeof x);
	secret_random(y, sizeof y);
	ck_assert_int_ne(memcmp(x, y, sizeof x), 0);
	ck_assert_uint_eq(strlen(p), 32);
	ck_assert_uint_eq(strspn(p, "0123456789abcdef"), 32);
	ck_assert_str_ne(p, q);
	free(p);
	free(q);
}
END_TEST

START_TEST(tokens)
{
	char	*p = secret_token("gm_"), *q = secret_token("gm_");
	size_t	 i;

	ck_assert_int_eq(strncmp(p, "gm_", 3), 0);
	ck_assert_uint_eq(strlen(p), 3 + 43);	/* 256 bits, no padding */
	for (i = 3; p[i] != '\0'; i++)
		ck_assert(isalnum((unsigned char)p[i]) || p[i] == '-' ||
		    p[i] == '_');
	ck_assert_str_ne(p, q);
	free(p);
	free(q);
}
END_TEST

START_TEST(hash)
{
	char out[SECRET_HASH_MAX];

	secret_hash("abc", out);	/* FIPS 180-2, B.1 */
	ck_assert_str_eq(out, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(equal)
{
	ck_assert(secret_equal("", ""));
	ck_assert(secret_equal("token", "token"));
	ck_assert(!secret_equal("token", "tokem"));
	ck_assert(!secret_equal("token", "toke"));
	ck_assert(!secret_equal("toke", "token"));
	ck_assert(!secret_equal("", "x"));
	ck_assert(!secret_equal("x", ""));
}
END_TEST

START_TEST(scrypt)
{
	char *p = secret_scrypt("open sesame"), *q = secret_scrypt("open sesame");

	ck_assert_int_eq(strncmp(p, "scrypt$16384$8$1$", 17), 0);
	ck_assert_str_ne(p, q);		/* salted */
	ck_assert(secret_scrypt_ok("open sesame", p));
	ck_assert(secret_scrypt_ok("open sesame", q));
	ck_assert(!secret_scrypt_ok("open sesam", p));
	ck_assert(!secret_scrypt_ok("", p));
	p[strlen(p) - 1] ^= 1;
	ck_assert(!secret_scrypt_ok("open sesame", p));
	free(p);
	free(q);
}
END_TEST

/* What a damaged store may hold is refused, and costs nothing. */
START_TEST(scrypt_refuses)
{
	static const char *const bad[] = {
		"", "scrypt", "scrypt$16384$8$1$00",
		"scrypt$16384$8$1$xx$yy",
		"scrypt$1073741824$8$1$00112233445566778899aabbccddeeff$00",
		"scrypt$16383$8$1$00112233445566778899aabbccddeeff$00",
		"scrypt$1048576$32$1$00112233445566778899aabbccddeeff$00",
		"scrypt$16384$0$1$00112233445566778899aabbccddeeff$00",
		"scrypt$16384$8$1$00112233445566778899aabbccddeeff$",
		"plain$16384$8$1$00112233445566778899aabbccddeeff$00",
	};

	ck_assert(!secret_scrypt_ok("x", bad[_i]));
}
END_TEST

/* RFC 7914 section 12 has vectors with short salts; ours are 16 bytes, so this
 * one, of N = 1024, is from another implementation (Python's hashlib.scrypt). */
START_TEST(scrypt_is_the_standard_one)
{
	ck_assert(secret_scrypt_ok("password",
	    "scrypt$1024$8$16$000102030405060708090a0b0c0d0e0f$"
	    "e20f368ecfc124b3b6f7db47b7d7538b"
	    "95883eeab5e9d71720a2381f59086007"));
}
END_TEST

START_TEST(digests)
{
	char		 out[DIGEST_HEX_MAX];
	struct digest	*d = digest_new(DIGEST_SHA1);

	digest_add(d, "a", 1);
	digest_add(d, "bc", 2);
	digest_hex(d, out);
	ck_assert_str_eq(out, "a9993e364706816aba3e25717850c26c9cd0d89d");
	digest_reset(d);
	digest_hex(d, out);
	ck_assert_str_eq(out, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	digest_free(d);
	d = digest_new(DIGEST_SHA256);
	digest_hex(d, out);
	ck_assert_str_eq(out, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	digest_free(d);
	digest_free(NULL);
}
END_TEST

START_TEST(hmac_md5)
{
	char out[DIGEST_HEX_MAX];

	digest_hmac_md5("Jefe", "what do ya want for nothing?", out);
	ck_assert_str_eq(out, "750c783e6ab0b503eaa86e310a5db738"); /* RFC 2104 */
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("secret");
	TCase	*t = tcase_create("secret");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, random_differs);
	tcase_add_test(t, tokens);
	tcase_add_test(t, hash);
	tcase_add_test(t, equal);
	tcase_add_test(t, scrypt);
	tcase_add_loop_test(t, scrypt_refuses, 0, 10);
	tcase_add_test(t, scrypt_is_the_standard_one);
	tcase_add_test(t, digests);
	tcase_add_test(t, hmac_md5);
	suite_add_tcase(s, t);
	return s;
}
