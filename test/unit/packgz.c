/* packgz.c - gzip by several threads gives back what went in, in order. */
#include "unit.h"
#include "lib_pack.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "data/packgz.h"

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

static void
pack_str(struct str *out, const char *s, size_t len, size_t step, bool plain)
{
	struct err	 e = ERR_INIT;
	struct packring	*g = packgz_new(0, plain, pack_to_str, out, &e);
	size_t		 at, n;

	ck_assert_msg(g != NULL, "%s", e.msg);
	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		ck_assert_int_eq(packring_add(g, s + at, n, &e), 0);
	}
	ck_assert_int_eq(packring_finish(g, &e), 0);
	packring_free(g);
}

static const size_t lengths[] = { 0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB,
	5 * MIB + 7 };

/* By both libraries, however the input is cut; always the same bytes. */
START_TEST(there_and_back)
{
	size_t		 len = lengths[_i / 2];
	bool		 plain = _i % 2 == 1;
	char		*s = pack_text(len);
	struct str	 a = STR_INIT, b = STR_INIT;

	pack_str(&a, s, len, 100000, plain);
	pack_gives(a.s, a.len, s, len);
	ck_assert_uint_lt(a.len, len * 2 / 3 + 100);
	pack_str(&b, s, len, 4 * MIB, plain);
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
	pack_str(&a, s, len, MIB, _i == 1);
	pack_gives(a.s, a.len, s, len);
	str_release(&a);
	free(s);
}
END_TEST

/* The writer fails, or it is given up, while threads are at work: there are more
 * pieces than threads can have before them. */
START_TEST(broken_off)
{
	char		*s = pack_text(12 * MIB);
	struct err	 e = ERR_INIT;
	struct packring	*g = packgz_new(0, false, pack_refused, NULL, &e);
	struct str	 a = STR_INIT;

	ck_assert_int_eq(packring_add(g, s, 12 * MIB, &e), -1);
	ck_assert_int_eq(e.code, ENOSPC);
	packring_free(g);
	g = packgz_new(0, false, pack_to_str, &a, &e);
	ck_assert_int_eq(packring_add(g, s, 12 * MIB, &e), 0);
	packring_free(g);
	packring_free(NULL);
	ck_assert_ptr_null(packgz_new(99, false, pack_to_str, &a, &e));
	ck_assert_ptr_null(packgz_new(99, true, pack_to_str, &a, &e));
	str_release(&a);
	free(s);
}
END_TEST

/* All threads do it as the first of them found that it is to be done. */
START_TEST(without_libdeflate)
{
	size_t		 len = 5 * MIB;
	char		*s = pack_text(len);
	struct str	 a = STR_INIT;

	no_libdeflate = true;
	pack_str(&a, s, len, MIB, false);
	ck_assert_int_le(looked, 1);
	pack_gives(a.s, a.len, s, len);
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
