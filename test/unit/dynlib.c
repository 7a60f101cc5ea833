/* dynlib.c - unit tests of base/dynlib.h. */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/attr.h"
#include "base/dynlib.h"

/* Of a library that this program does not link. */
#define FUNCTIONS(F)	F(zlibVersion) F(crc32_z)

struct some { FUNCTIONS(DYNLIB_MEMBER) };

static const char *const	names[] = { FUNCTIONS(DYNLIB_NAME) };

START_TEST(loads)
{
	struct some	f;
	struct err	e = ERR_INIT;
	int		i;

	for (i = 0; i < 2; i++) {
		memset(&f, 0, sizeof f);
		ck_assert_msg(dynlib_load("zlib", ZLIB_SONAME, names,
		    nitems(names), &f, &e) == 0, "%s", e.msg);
		ck_assert_int_eq(*f.zlibVersion(), *ZLIB_VERSION);
		/* The check value of this CRC. */
		ck_assert_uint_eq(f.crc32_z(0, (const unsigned char *)"123456789",
		    9), 0xcbf43926);
	}
}
END_TEST

START_TEST(is_missing)
{
	struct some	f;
	struct err	e = ERR_INIT;

	ck_assert_int_eq(dynlib_load("libnone", "libnone.so.1", names,
	    nitems(names), &f, &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "load libnone: libnone.so.1: "));
}
END_TEST

/* Another version than we were built with. */
START_TEST(lacks_a_function)
{
	static const char *const	more[] = { "zlibVersion", "of_tomorrow" };
	struct some			f;
	struct err			e = ERR_INIT;

	ck_assert_int_eq(dynlib_load("zlib", ZLIB_SONAME, more, nitems(more),
	    &f, &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "of_tomorrow"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("dynlib");
	TCase	*t = tcase_create("dynlib");

	tcase_add_test(t, loads);
	tcase_add_test(t, is_missing);
	tcase_add_test(t, lacks_a_function);
	suite_add_tcase(s, t);
	return s;
}
