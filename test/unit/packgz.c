/* packgz.c - gzip by several threads gives back what went in, in order. */
#include "unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "data/pack.h"
#include "data/packgz.h"

#define MIB	(1024 * 1024)

static bool		no_libdeflate;
static _Atomic int	looked;		/* for it */

/* In place of the C library's: what shall not be there is not. */
void *
dlopen(const char *name, int flags)
{
	void	*(*real)(const char *, int);
	void	*found = dlsym(RTLD_NEXT, "dlopen");

	memcpy(&real, &found, sizeof real);
	if (name != NULL && strstr(name, "deflate") != NULL) {
		looked++;
		if (no_libdeflate)
			name = "/nonesuch";
	}
	return real(name, flags);
}

static int
write_str(void *arg, const void *p, size_t len)
{
	str_addn(arg, p, len);
	return 0;
}

/* Words of a text: shrinks, but no two MiB of it are the same. */
static char *
text_of(size_t len)
{
	char	*s = xmalloc(len + 16);
	size_t	 at = 0;
	unsigned i;

	for (i = 0; at < len; i++)
		at += (size_t)snprintf(s + at, 16, "%x ", i * i % 65521);
	return s;
}

static void
pack_text(struct str *out, const char *s, size_t len, size_t step, bool plain)
{
	struct err	 e = ERR_INIT;
	struct packgz	*g = packgz_new(0, plain, write_str, out, &e);
	size_t		 at, n;

	ck_assert_msg(g != NULL, "%s", e.msg);
	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		ck_assert_int_eq(packgz_add(g, s + at, n, &e), 0);
	}
	ck_assert_int_eq(packgz_finish(g, &e), 0);
	packgz_free(g);
}

static void
unpacks_to(const struct str *packed, const char *s, size_t len)
{
	struct unpack	*u = unpack_new_bytes(packed->s, packed->len);
	struct err	 e = ERR_INIT;
	const void	*p;
	ssize_t		 n;
	size_t		 at = 0;

	while ((n = unpack_read(u, &p, &e)) > 0) {
		ck_assert_uint_le(at + (size_t)n, len);
		ck_assert_mem_eq(s + at, p, (size_t)n);
		at += (size_t)n;
	}
	ck_assert_msg(n == 0, "%s", e.msg);
	ck_assert_uint_eq(at, len);
	unpack_free(u);
}

static const size_t lengths[] = { 0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB,
	5 * MIB + 7 };

/* By both libraries, however the input is cut; always the same bytes. */
START_TEST(there_and_back)
{
	size_t		 len = lengths[_i / 2];
	bool		 plain = _i % 2 == 1;
	char		*s = text_of(len);
	struct str	 a = STR_INIT, b = STR_INIT;

	pack_text(&a, s, len, 100000, plain);
	unpacks_to(&a, s, len);
	ck_assert_uint_lt(a.len, len * 2 / 3 + 100);
	pack_text(&b, s, len, 4 * MIB, plain);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.s, b.s, a.len);
	str_release(&a);
	str_release(&b);
	free(s);
}
END_TEST

/* What does not shrink. */
START_TEST(noise)
{
	size_t		 i, len = 3 * MIB + 5;
	char		*s = xmalloc(len);
	uint64_t	 x = 88172645463325252ULL;
	struct str	 a = STR_INIT;

	for (i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		s[i] = (char)x;
	}
	pack_text(&a, s, len, MIB, _i == 1);
	unpacks_to(&a, s, len);
	str_release(&a);
	free(s);
}
END_TEST

static int
write_refused(void *arg, const void *p, size_t len)
{
	(void)arg, (void)p, (void)len;
	errno = ENOSPC;
	return -1;
}

/* The writer fails, or it is given up, while threads are at work: there are more
 * pieces than threads can have before them. */
START_TEST(broken_off)
{
	char		*s = text_of(12 * MIB);
	struct err	 e = ERR_INIT;
	struct packgz	*g = packgz_new(0, false, write_refused, NULL, &e);
	struct str	 a = STR_INIT;

	ck_assert_int_eq(packgz_add(g, s, 12 * MIB, &e), -1);
	ck_assert_int_eq(e.code, ENOSPC);
	packgz_free(g);
	g = packgz_new(0, false, write_str, &a, &e);
	ck_assert_int_eq(packgz_add(g, s, 12 * MIB, &e), 0);
	packgz_free(g);
	packgz_free(NULL);
	ck_assert_ptr_null(packgz_new(99, false, write_str, &a, &e));
	ck_assert_ptr_null(packgz_new(99, true, write_str, &a, &e));
	str_release(&a);
	free(s);
}
END_TEST

/* All threads do it as the first of them found that it is to be done. */
START_TEST(without_libdeflate)
{
	size_t		 len = 5 * MIB;
	char		*s = text_of(len);
	struct str	 a = STR_INIT;

	no_libdeflate = true;
	pack_text(&a, s, len, MIB, false);
	ck_assert_int_le(looked, 1);
	unpacks_to(&a, s, len);
	str_release(&a);
	free(s);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("packgz");
	TCase	*t = tcase_create("packgz");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, there_and_back, 0, 14);
	tcase_add_loop_test(t, noise, 0, 2);
	tcase_add_test(t, broken_off);
	tcase_add_test(t, without_libdeflate);
	suite_add_tcase(s, t);
	return s;
}
