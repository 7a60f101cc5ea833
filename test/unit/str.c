/* str.c - unit tests of base/str.h. */
#include "unit.h"
#include "lib_child.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

START_TEST(str_begins_empty)
{
	struct str	 s = STR_INIT;
	char		*text;

	ck_assert_str_eq(str_text(&s), "");
	str_clear(&s);
	ck_assert_ptr_null(s.s);
	str_addn(&s, NULL, 0);
	ck_assert_str_eq(s.s, "");
	text = str_take(&s);
	ck_assert_str_eq(text, "");
	free(text);
	text = str_take(&s);	/* nothing was ever added */
	ck_assert_str_eq(text, "");
	free(text);
	str_release(&s);
	str_release(&s);
}
END_TEST

START_TEST(str_grows)
{
	struct str	 s;
	char		*text;
	int		 i;

	str_init(&s);
	str_add(&s, "ab");
	str_addc(&s, 'c');
	str_addn(&s, "d\0e", 3);
	ck_assert_uint_eq(s.len, 6);
	ck_assert_int_eq(memcmp(s.s, "abcd\0e", 7), 0);
	str_clear(&s);
	ck_assert_str_eq(str_text(&s), "");
	ck_assert_uint_ne(s.cap, 0);
	for (i = 0; i < 10000; i++)
		str_addf(&s, "%d,", i % 10);
	ck_assert_uint_eq(s.len, 20000);
	ck_assert_uint_eq(strlen(s.s), 20000);
	ck_assert_int_eq(strncmp(s.s, "0,1,2,", 6), 0);
	text = str_take(&s);
	ck_assert_ptr_null(s.s);
	ck_assert_uint_eq(s.len, 0);
	ck_assert_uint_eq(strlen(text), 20000);
	free(text);
	str_addf(&s, "%s", "");
	ck_assert_str_eq(s.s, "");
	str_release(&s);
}
END_TEST

START_TEST(str_formats_to_the_byte)
{
	struct str	 s = STR_INIT;
	int		 len;

	/* Every length around the first sizes. */
	for (len = 0; len < 140; len++) {
		str_addf(&s, "%*s", len, "");
		ck_assert_uint_eq(s.len, len);
		ck_assert_uint_eq(strlen(s.s), len);
		str_release(&s);
	}
}
END_TEST

static void
add_too_much(void)
{
	struct str	 s = STR_INIT;

	str_addn(&s, "x", SIZE_MAX - 1);
}

START_TEST(str_overflow_dies)
{
	ck_assert(child_dies(add_too_much, "too long"));
}
END_TEST

START_TEST(strs_hold_copies)
{
	struct strs	 l = STRS_INIT;
	char		 word[] = "one";
	int		 i;

	ck_assert(!strs_has(&l, "one"));
	strs_add(&l, word);
	word[0] = 'X';
	strs_adopt(&l, strdup("two"));
	strs_addf(&l, "%d", 3);
	ck_assert_uint_eq(l.n, 3);
	ck_assert_str_eq(l.v[0], "one");
	ck_assert_str_eq(l.v[1], "two");
	ck_assert_str_eq(l.v[2], "3");
	ck_assert_ptr_null(l.v[3]);
	ck_assert(strs_has(&l, "one"));
	ck_assert(!strs_has(&l, "on"));
	ck_assert(!strs_has(&l, "Xne"));
	for (i = 0; i < 1000; i++) {
		strs_addf(&l, "%d", i);
		ck_assert_ptr_null(l.v[l.n]);
	}
	strs_release(&l);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_ptr_null(l.v);
	strs_release(&l);
}
END_TEST

/* The fields of s, each in brackets. */
static const char *
split(const char *s, bool drop_empty, char *buf, size_t size)
{
	struct strs	 l = STRS_INIT;
	size_t		 i, at = 0;

	buf[0] = '\0';
	strs_split(&l, s, ',', drop_empty);
	for (i = 0; i < l.n; i++)
		at += (size_t)snprintf(buf + at, size - at, "[%s]", l.v[i]);
	strs_release(&l);
	return buf;
}

START_TEST(strs_split_fields)
{
	char	 b[100];

	ck_assert_str_eq(split("a,b,c", false, b, sizeof b), "[a][b][c]");
	ck_assert_str_eq(split("a,,c,", false, b, sizeof b), "[a][][c][]");
	ck_assert_str_eq(split("a,,c,", true, b, sizeof b), "[a][c]");
	ck_assert_str_eq(split("", false, b, sizeof b), "[]");
	ck_assert_str_eq(split("", true, b, sizeof b), "");
	ck_assert_str_eq(split(",", false, b, sizeof b), "[][]");
	ck_assert_str_eq(split(",,", true, b, sizeof b), "");
	ck_assert_str_eq(split("abc", false, b, sizeof b), "[abc]");
}
END_TEST

START_TEST(comparing)
{
	ck_assert(str_eq("a", "a"));
	ck_assert(!str_eq("a", "A"));
	ck_assert(!str_eq("a", "ab"));
	ck_assert(!str_eq("a", NULL));
	ck_assert(!str_eq(NULL, ""));
	ck_assert(str_eq(NULL, NULL));
	ck_assert(str_ieq("Content-Length", "cONTENT-lENGTH"));
	ck_assert(!str_ieq("a", "ab"));
	ck_assert(!str_ieq("ab", "a"));
	ck_assert(!str_ieq("[", "{"));
	ck_assert(!str_ieq("@", "`"));
	ck_assert(!str_ieq("\304", "\344"));	/* ASCII only */
	ck_assert(!str_ieq(NULL, ""));
	ck_assert(str_ieq(NULL, NULL));
	ck_assert(str_starts("abc", "ab"));
	ck_assert(str_starts("abc", ""));
	ck_assert(!str_starts("ab", "abc"));
	ck_assert(str_ends("abc", "bc"));
	ck_assert(str_ends("abc", ""));
	ck_assert(!str_ends("bc", "abc"));
	ck_assert(!str_ends("abc", "ab"));
}
END_TEST

static int64_t
int_of(const char *s)
{
	int64_t	 n = 4711;

	ck_assert_msg(str_int64(s, INT64_MIN, INT64_MAX, &n) == 0,
	    "\"%s\" is refused", s);
	return n;
}

START_TEST(int64_reads)
{
	int64_t	 n;

	ck_assert_int_eq(int_of("0"), 0);
	ck_assert_int_eq(int_of("-0"), 0);
	ck_assert_int_eq(int_of("007"), 7);
	ck_assert_int_eq(int_of("-15"), -15);
	ck_assert(int_of("9223372036854775807") == INT64_MAX);
	ck_assert(int_of("-9223372036854775808") == INT64_MIN);
	ck_assert(int_of("-9223372036854775807") == -INT64_MAX);
	ck_assert_int_eq(str_int64("10", 10, 10, &n), 0);
	ck_assert_int_eq(n, 10);
}
END_TEST

START_TEST(int64_refuses)
{
	static const char *const	 bad[] = {
		"", "-", "+1", " 1", "1 ", "1a", "0x1", "1.0", "--1", "1-",
		"9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616",
		"18446744073709551617", "99999999999999999999999999",
		"\331\241",
	};
	int64_t	 n = 4711;
	size_t	 i;

	for (i = 0; i < nitems(bad); i++)
		ck_assert_msg(str_int64(bad[i], INT64_MIN, INT64_MAX, &n) == -1,
		    "\"%s\" is taken", bad[i]);
	ck_assert_int_eq(str_int64("9", 10, 20, &n), -1);
	ck_assert_int_eq(str_int64("21", 10, 20, &n), -1);
	ck_assert_int_eq(str_int64("-1", 0, 20, &n), -1);
	ck_assert_int_eq(n, 4711);
}
END_TEST

START_TEST(sizes_are_read)
{
	static const struct {
		const char	*s;
		uint64_t	 n;
	} good[] = {
		{ "0", 0 }, { "10", 10 }, { "64K", 65536 }, { "1M", 1048576 },
		{ "2G", UINT64_C(2147483648) }, { "1T", UINT64_C(1) << 40 },
		{ "18446744073709551615", UINT64_MAX },
		{ "18014398509481983K", UINT64_MAX - 1023 },
	};
	static const char *const	 bad[] = {
		"", "K", "1k", "1KB", "1 K", "-1", "+1", "1.5M", "1KK", "K1",
		"18446744073709551616", "18014398509481984K", "16777216T",
	};
	uint64_t	 n;
	size_t		 i;

	for (i = 0; i < nitems(good); i++) {
		ck_assert_int_eq(str_size(good[i].s, &n), 0);
		ck_assert_uint_eq(n, good[i].n);
	}
	n = 4711;
	for (i = 0; i < nitems(bad); i++)
		ck_assert_msg(str_size(bad[i], &n) == -1, "\"%s\" is taken",
		    bad[i]);
	ck_assert_uint_eq(n, 4711);
}
END_TEST

START_TEST(sizes_are_shown)
{
	static const struct {
		uint64_t	 n;
		const char	*s;
	} t[] = {
		{ 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" }, { 1048575, "1.0 MiB" },
		{ 1048524, "1023.9 KiB" }, { 1048576, "1.0 MiB" },
		{ 1572864, "1.5 MiB" }, { UINT64_C(1) << 30, "1.0 GiB" },
		{ UINT64_C(5) << 40, "5.0 TiB" }, { UINT64_C(1) << 50, "1.0 PiB" },
		{ (UINT64_C(1) << 60) - 1, "1.0 EiB" },
		{ UINT64_MAX, "16.0 EiB" },
	};
	char	 buf[32];
	size_t	 i;

	for (i = 0; i < nitems(t); i++) {
		ck_assert_ptr_eq(str_human_size(t[i].n, buf), buf);
		ck_assert_str_eq(buf, t[i].s);
	}
}
END_TEST

START_TEST(hex)
{
	unsigned char	 b[4] = { 0xaa, 0xbb, 0xcc, 0xdd };
	char		 s[9];

	str_hex("\0\x7f\x80\xff", 4, s);
	ck_assert_str_eq(s, "007f80ff");
	str_hex("", 0, s);
	ck_assert_str_eq(s, "");
	ck_assert_int_eq(str_unhex("00FFaB", b, 3), 0);
	ck_assert_int_eq(memcmp(b, "\0\xff\xab\xdd", 4), 0);
	ck_assert_int_eq(str_unhex("", b, 0), 0);
	ck_assert_int_eq(str_unhex("00FFa", b, 3), -1);
	ck_assert_int_eq(str_unhex("00FFab0", b, 3), -1);
	ck_assert_int_eq(str_unhex("00FFab01", b, 3), -1);
	ck_assert_int_eq(str_unhex("00FFag", b, 3), -1);
	ck_assert_int_eq(str_unhex("0xFFab", b, 3), -1);
	ck_assert_int_eq(str_unhex("", b, 3), -1);
	ck_assert_int_eq(memcmp(b, "\0\xff\xab\xdd", 4), 0);
}
END_TEST

START_TEST(base64_of_the_rfc)
{
	static const char *const	 t[][2] = {	/* section 10 */
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	size_t	 i, len;
	char	*s;

	for (i = 0; i < nitems(t); i++) {
		s = str_base64_encode(t[i][0], strlen(t[i][0]));
		ck_assert_str_eq(s, t[i][1]);
		free(s);
		s = str_base64_decode(t[i][1], &len);
		ck_assert_ptr_nonnull(s);
		ck_assert_str_eq(s, t[i][0]);
		ck_assert_uint_eq(len, strlen(t[i][0]));
		free(s);
	}
	s = str_base64_decode("Zm8=", NULL);
	ck_assert_str_eq(s, "fo");
	free(s);
}
END_TEST

START_TEST(base64_of_every_byte)
{
	unsigned char	 all[256];
	size_t		 i, len;
	char		*text, *back;

	for (i = 0; i < sizeof all; i++)
		all[i] = (unsigned char)i;
	for (i = 0; i <= sizeof all; i++) {
		text = str_base64_encode(all, i);
		ck_assert_uint_eq(strlen(text), (i + 2) / 3 * 4);
		back = str_base64_decode(text, &len);
		ck_assert_ptr_nonnull(back);
		ck_assert_uint_eq(len, i);
		ck_assert_int_eq(memcmp(back, all, i), 0);
		ck_assert_int_eq(back[len], '\0');
		free(text);
		free(back);
	}
}
END_TEST

START_TEST(base64_refuses)
{
	static const char *const	 bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "=", "==", "====", "Z===", "=Zg=",
		"Zg==Zg==", "Zg=v", "Zm9vYg== ", " Zm9v", "Zm9v\n", "Zm-v",
		"Zm_v", "Zh==", "Zm9=", "Zm9v\377\377\377\377", "Zm9vYmF",
	};
	size_t	 i;

	for (i = 0; i < nitems(bad); i++)
		ck_assert_msg(str_base64_decode(bad[i], NULL) == NULL,
		    "\"%s\" is taken", bad[i]);
}
END_TEST

START_TEST(utf8)
{
	static const struct {
		const char	*s;
		size_t		 len;
		uint32_t	 cp;
	} t[] = {
		{ "a", 1, 'a' }, { "\177", 1, 0x7f }, { "\302\200", 2, 0x80 },
		{ "\337\277", 2, 0x7ff }, { "\340\240\200", 3, 0x800 },
		{ "\355\237\277", 3, 0xd7ff }, { "\356\200\200", 3, 0xe000 },
		{ "\357\277\277", 3, 0xffff }, { "\360\220\200\200", 4, 0x10000 },
		{ "\364\217\277\277", 4, 0x10ffff },
		/* no character: stray, too long, surrogate, too big, cut */
		{ "\200", 0, 0 }, { "\277a", 0, 0 }, { "\300\200", 0, 0 },
		{ "\301\277", 0, 0 }, { "\340\237\277", 0, 0 },
		{ "\360\217\277\277", 0, 0 }, { "\355\240\200", 0, 0 },
		{ "\355\277\277", 0, 0 }, { "\364\220\200\200", 0, 0 },
		{ "\365\200\200\200", 0, 0 }, { "\377", 0, 0 },
		{ "\302", 0, 0 }, { "\302a", 0, 0 }, { "\342\202", 0, 0 },
		{ "\342\202a", 0, 0 }, { "\360\237\230", 0, 0 }, { "", 0, 0 },
	};
	uint32_t	 cp;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		cp = 0;
		ck_assert_uint_eq(str_utf8(t[i].s, strlen(t[i].s), &cp),
		    t[i].len);
		ck_assert_uint_eq(cp, t[i].cp);
	}
	ck_assert_uint_eq(str_utf8("\342\202\254", 2, &cp), 0);	/* cut by len */
	ck_assert_uint_eq(str_utf8("\0", 1, &cp), 1);
	ck_assert_uint_eq(cp, 0);
}
END_TEST

START_TEST(quote_as_go)
{
	static const char *const	 t[][2] = {
		{ "", "\"\"" }, { "abc", "\"abc\"" }, { "a b", "\"a b\"" },
		{ "\"", "\"\\\"\"" }, { "\\", "\"\\\\\"" }, { "'", "\"'\"" },
		{ "\a\b\f\n\r\t\v", "\"\\a\\b\\f\\n\\r\\t\\v\"" },
		{ "\001\033\177", "\"\\x01\\x1b\\x7f\"" },
		{ "\303\244\342\202\254", "\"\303\244\342\202\254\"" },
		{ "\360\237\230\200", "\"\360\237\230\200\"" },
		{ "\377a\302", "\"\\xffa\\xc2\"" },
		{ "\302\200", "\"\\u0080\"" }, { "\302\240", "\"\\u00a0\"" },
		{ "\302\255", "\"\\u00ad\"" },
		{ "\342\200\213", "\"\\u200b\"" },	/* no width */
		{ "\342\200\256", "\"\\u202e\"" },	/* right to left */
		{ "\357\273\277", "\"\\ufeff\"" },
		{ "\357\277\275", "\"\357\277\275\"" },	/* U+FFFD itself */
		{ "\364\217\277\277", "\"\\U0010ffff\"" },
	};
	size_t	 i;
	char	*q;

	for (i = 0; i < nitems(t); i++) {
		q = str_quote(t[i][0]);
		ck_assert_str_eq(q, t[i][1]);
		free(q);
	}
}
END_TEST

START_TEST(names)
{
	ck_assert(str_name_ok("a", 10));
	ck_assert(str_name_ok("0_.-Z", 10));
	ck_assert(str_name_ok("alice-linux-amd64-0", 19));
	ck_assert(!str_name_ok("alice-linux-amd64-0", 18));
	ck_assert(!str_name_ok("", 10));
	ck_assert(!str_name_ok(".a", 10));
	ck_assert(!str_name_ok("-a", 10));
	ck_assert(!str_name_ok("a/b", 10));
	ck_assert(!str_name_ok("a b", 10));
	ck_assert(!str_name_ok("a\n", 10));
	ck_assert(!str_name_ok("\303\244", 10));
	ck_assert(!str_name_ok("a", 0));
}
END_TEST

static TCase *
strings_case(void)
{
	TCase	*t = tcase_create("strings");

	tcase_add_test(t, str_begins_empty);
	tcase_add_test(t, str_grows);
	tcase_add_test(t, str_formats_to_the_byte);
	tcase_add_test(t, str_overflow_dies);
	tcase_add_test(t, strs_hold_copies);
	tcase_add_test(t, strs_split_fields);
	tcase_add_test(t, comparing);
	tcase_add_test(t, names);
	return t;
}

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("str");
	TCase	*t = tcase_create("codes");

	suite_add_tcase(s, strings_case());
	tcase_add_test(t, int64_reads);
	tcase_add_test(t, int64_refuses);
	tcase_add_test(t, sizes_are_read);
	tcase_add_test(t, sizes_are_shown);
	tcase_add_test(t, hex);
	tcase_add_test(t, base64_of_the_rfc);
	tcase_add_test(t, base64_of_every_byte);
	tcase_add_test(t, base64_refuses);
	tcase_add_test(t, utf8);
	tcase_add_test(t, quote_as_go);
	suite_add_tcase(s, t);
	return s;
}
