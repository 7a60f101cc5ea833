/* clock.c - unit tests of base/clock.h: times and durations as text. */
#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"

START_TEST(both_kinds_advance)
{
	struct clock	 c = CLOCK_INIT;
	int64_t		 mono = clock_mono(&c), wall = clock_wall(&c);

	ck_assert_int_gt(wall, INT64_C(1600000000000));
	ck_assert_int_ge(clock_mono(&c), mono);
	clock_advance(&c, 3600000);
	ck_assert_int_ge(clock_mono(&c) - mono, 3600000);
	ck_assert_int_lt(clock_mono(&c) - mono, 3660000);
	ck_assert_int_ge(clock_wall(&c) - wall, 3590000);
	clock_advance(&c, 1000);
	ck_assert_int_ge(clock_mono(&c) - mono, 3601000);
}
END_TEST

static const struct {
	int64_t		 ms;
	const char	*frac, *whole, *http;
} walls[] = {
	{ 0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z",
	    "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ INT64_C(1795290398255), "2026-11-21T19:46:38.255Z",
	    "2026-11-21T19:46:38Z", "Sat, 21 Nov 2026 19:46:38 GMT" },
	{ INT64_C(1709251199999), "2024-02-29T23:59:59.999Z",
	    "2024-02-29T23:59:59Z", "Thu, 29 Feb 2024 23:59:59 GMT" },
	{ -1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z",
	    "Wed, 31 Dec 1969 23:59:59 GMT" },
	{ INT64_C(951782400007), "2000-02-29T00:00:00.007Z",
	    "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT" },
	{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z",
	    "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT" },
	{ INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z",
	    "0000-01-01T00:00:00Z", "Sat, 01 Jan 0000 00:00:00 GMT" },
};

START_TEST(wall_is_written_and_read)
{
	char	 buf[CLOCK_TEXT_MAX];
	size_t	 i;
	int64_t	 ms;

	for (i = 0; i < nitems(walls); i++) {
		ck_assert_ptr_eq(clock_rfc3339(walls[i].ms, 1, buf), buf);
		ck_assert_str_eq(buf, walls[i].frac);
		ck_assert_int_eq(clock_parse_rfc3339(buf, &ms), 0);
		ck_assert_int_eq(ms, walls[i].ms);
		ck_assert_str_eq(clock_rfc3339(walls[i].ms, 0, buf),
		    walls[i].whole);
		ck_assert_ptr_eq(clock_http_date(walls[i].ms, buf), buf);
		ck_assert_str_eq(buf, walls[i].http);
		ck_assert_int_eq(clock_parse_http_date(buf, &ms), 0);
		ck_assert_int_eq(ms, walls[i].ms - ((walls[i].ms % 1000) + 1000) % 1000);
	}
	ck_assert_str_eq(clock_rfc3339(INT64_MAX, 1, buf),
	    "9999-12-31T23:59:59.999Z");
	ck_assert_str_eq(clock_rfc3339(INT64_MIN, 1, buf),
	    "0000-01-01T00:00:00.000Z");
	ck_assert_str_eq(clock_http_date(INT64_MAX, buf),
	    "Fri, 31 Dec 9999 23:59:59 GMT");
}
END_TEST

START_TEST(http_dates_that_are_none)
{
	static const char *const bad[] = { "", "Sat, 21 Nov 2026 19:13:20",
		"Sun, 21 Nov 2026 19:13:20 GMT", "Sat, 21 nov 2026 19:13:20 GMT",
		"Sat, 21 Nov 2026 19:13:60 GMT", "Sat, 21 Nov 2026 19:13:20 UTC",
		"Sat, 31 Feb 2026 19:13:20 GMT", "Sat, 21 ovD 2026 19:13:20 GMT",
		"Saturday, 21-Nov-26 19:13 GMT" };
	int64_t	 ms = 7;
	size_t	 i;

	for (i = 0; i < nitems(bad); i++)
		ck_assert_int_eq(clock_parse_http_date(bad[i], &ms), -1);
	ck_assert_int_eq(ms, 7);
}
END_TEST

START_TEST(every_day_comes_back)
{
	char	 buf[CLOCK_TEXT_MAX];
	int64_t	 ms, day = INT64_C(86400000);
	int64_t	 d;

	/* 1600 to 2400: every rule of leap years, against gmtime_r. */
	for (d = -135140; d < 157054; d++) {
		clock_rfc3339(d * day + 12345678, 1, buf);
		if (clock_parse_rfc3339(buf, &ms) == -1 ||
		    ms != d * day + 12345678)
			ck_abort_msg("%s is read as %lld", buf, (long long)ms);
	}
}
END_TEST

START_TEST(rfc3339_is_read)
{
	static const struct {
		const char	*s;
		int64_t		 ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01T00:00:00+00:00", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "1970-01-01T02:30:00+02:30", 0 },
		{ "1969-12-31T16:00:00-08:00", 0 },
		{ "1970-01-01T00:00:00.5Z", 500 },
		{ "1970-01-01T00:00:00.1239Z", 123 },
		{ "1970-01-01T00:00:00.000000000000000000001Z", 0 },
		{ "2026-11-21T19:46:38.255123456+01:00",
		    INT64_C(1795290398255) - 3600000 },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000) },
		{ "2017-01-01T05:29:60.25+05:30", INT64_C(1483228800250) },
		{ "1960-12-31T23:59:60.5Z", INT64_C(-283996799500) },
	};
	int64_t	 ms;
	size_t	 i;

	for (i = 0; i < nitems(good); i++) {
		if (clock_parse_rfc3339(good[i].s, &ms) == -1)
			ck_abort_msg("%s is refused", good[i].s);
		ck_assert_int_eq(ms, good[i].ms);
	}
}
END_TEST

START_TEST(rfc3339_is_refused)
{
	static const char *const	 bad[] = {
		"", "2", "2026", "2026-11-21", "2026-11-21T19:46:38",
		"2026-11-21 19:46:38Z", "2026-11-21T19:46Z",
		"2026-11-21T19:46:38.Z", "2026-11-21T19:46:38,5Z",
		"2026-11-21T19:46:38Z ", " 2026-11-21T19:46:38Z",
		"2026-11-21T19:46:38ZZ", "2026-00-21T19:46:38Z",
		"2026-13-21T19:46:38Z", "2026-11-00T19:46:38Z",
		"2026-11-31T19:46:38Z", "2023-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2026-11-21T24:00:00Z",
		"2026-11-21T19:60:38Z", "2026-11-21T19:46:61Z",
		"2026-11-21T19:46:60Z", "2016-12-31T23:59:60+01:00",
		"2026-11-21T19:46:38+24:00", "2026-11-21T19:46:38+00:60",
		"2026-11-21T19:46:38+0100", "2026-11-21T19:46:38+01",
		"2026-11-21T19:46:38+01:0", "+026-11-21T19:46:38Z",
		"-026-11-21T19:46:38Z", "02026-11-21T19:46:38Z",
		"2026-1-21T19:46:38Z", "2026-11-21T19:46:+8Z",
		"2026/11/21T19:46:38Z", "2026-11-21T19.46.38Z",
	};
	int64_t	 ms = 4711;
	size_t	 i;

	for (i = 0; i < nitems(bad); i++)
		if (clock_parse_rfc3339(bad[i], &ms) != -1)
			ck_abort_msg("\"%s\" is taken", bad[i]);
	ck_assert_int_eq(ms, 4711);
}
END_TEST

static const struct {
	int64_t		 ms;
	const char	*s;
} spans[] = {
	{ 0, "0s" }, { 1, "1ms" }, { 250, "250ms" }, { 999, "999ms" },
	{ 1000, "1s" }, { 1001, "1.001s" }, { 1500, "1.5s" },
	{ 1010, "1.01s" }, { 27339, "27.339s" }, { 59999, "59.999s" },
	{ 60000, "1m0s" }, { 60500, "1m0.5s" }, { 627339, "10m27.339s" },
	{ 3599999, "59m59.999s" }, { 3600000, "1h0m0s" },
	{ 5400000, "1h30m0s" }, { 86400000, "24h0m0s" },
	{ INT64_C(315360000000), "87600h0m0s" },
};

START_TEST(durations_are_written_as_go_does)
{
	char	 buf[CLOCK_TEXT_MAX];
	int64_t	 ms;
	size_t	 i;

	for (i = 0; i < nitems(spans); i++) {
		ck_assert_ptr_eq(clock_duration(spans[i].ms, buf), buf);
		ck_assert_str_eq(buf, spans[i].s);
		ck_assert_int_eq(clock_parse_duration(buf, &ms), 0);
		ck_assert_int_eq(ms, spans[i].ms);
	}
	ck_assert_str_eq(clock_duration(-1, buf), "-1ms");
	ck_assert_str_eq(clock_duration(-61500, buf), "-1m1.5s");
	ck_assert_str_eq(clock_duration(INT64_MAX, buf),
	    "2562047788015h12m55.807s");
	ck_assert_str_eq(clock_duration(INT64_MIN, buf),
	    "-2562047788015h12m55.808s");
}
END_TEST

START_TEST(durations_are_read)
{
	static const struct {
		const char	*s;
		int64_t		 ms;
	} good[] = {
		{ "0", 0 }, { "90", 90000 }, { "1.5", 1500 }, { "+5s", 5000 },
		{ "1h30m", 5400000 }, { "10m27.3s", 627300 }, { ".5s", 500 },
		{ "1.s", 1000 }, { "1.5h", 5400000 }, { "30m1h", 5400000 },
		{ "100ms100ms", 200 }, { "007s", 7000 }, { "1ns", 1 },
		{ "1000000ns", 1 }, { "1500us", 2 }, { "1500\302\265s", 2 },
		{ "1500\316\274s", 2 }, { "0ns", 0 }, { "0.333333333s", 334 },
		{ "87600h", INT64_C(315360000000) },
		{ "0.00000000000000000000000000000000001h", 0 },
		{ "000000000000000000000000000000001s", 1000 },
	};
	int64_t	 ms;
	size_t	 i;

	for (i = 0; i < nitems(good); i++) {
		if (clock_parse_duration(good[i].s, &ms) == -1)
			ck_abort_msg("%s is refused", good[i].s);
		if (ms != good[i].ms)
			ck_abort_msg("%s is %lld ms", good[i].s,
			    (long long)ms);
	}
}
END_TEST

START_TEST(durations_are_refused)
{
	static const char *const	 bad[] = {
		"", "-1s", "-0s", "+", "s", ".", ".s", "1x", "1h30", "1 s",
		" 1s", "1s ", "1d", "1M", "1S", "--1s", "+-1s", "1..5s",
		"1h-5m", "1e3s", "0x10s", "inf", "87600h0m0.000000001s",
		"87601h", "315360001", "99999999999999999999999999h",
		"99999999999999999999ns", "43800h43801h", "1h+5m",
	};
	int64_t	 ms = 4711;
	size_t	 i;

	for (i = 0; i < nitems(bad); i++)
		if (clock_parse_duration(bad[i], &ms) != -1)
			ck_abort_msg("\"%s\" is taken", bad[i]);
	ck_assert_int_eq(ms, 4711);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("clock");
	TCase	*t = tcase_create("clock");

	tcase_add_test(t, both_kinds_advance);
	tcase_add_test(t, wall_is_written_and_read);
	tcase_add_test(t, http_dates_that_are_none);
	tcase_add_test(t, every_day_comes_back);
	tcase_add_test(t, rfc3339_is_read);
	tcase_add_test(t, rfc3339_is_refused);
	tcase_add_test(t, durations_are_written_as_go_does);
	tcase_add_test(t, durations_are_read);
	tcase_add_test(t, durations_are_refused);
	suite_add_tcase(s, t);
	return s;
}
