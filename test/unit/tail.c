/* tail.c - the end of a log, as it is kept. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "api/record.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/tail.h"

static struct str	 in;

static void
up(void)
{
	str_init(&in);
}

static void
down(void)
{
	str_release(&in);
}

static void
add(enum record_kind kind, const void *payload, size_t len)
{
	unsigned char		head[RECORD_HEAD];
	const struct record	r = { kind, (uint32_t)len, 77 };

	record_put(head, &r);
	str_addn(&in, head, sizeof head);
	str_addn(&in, payload, len);
}

static void
add_text(enum record_kind kind, const char *text)
{
	add(kind, text, strlen(text));
}

static void
add_gap(uint64_t next, uint64_t left_out)
{
	unsigned char	payload[RECORD_GAP_LEN];

	record_put_gap(payload, next, left_out);
	add(RECORD_GAP, payload, sizeof payload);
}

static int
see(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	(void)e;
	if (r->kind == RECORD_GAP)
		str_addf(arg, "[%zu]", len);
	else if (len > 40)
		str_addf(arg, "%d:%zu bytes of %c", (int)r->kind, len, *(const char *)p);
	else
		str_addf(arg, "%d:%.*s", (int)r->kind, (int)len, (const char *)p);
	str_addc(arg, ' ');
	return 0;
}

/* What a reader sees of the tail, and where it stands at the end. */
static void
check(uint64_t offset, uint64_t output, const char *want, uint64_t at)
{
	struct record_reader	 rd;
	struct str		 got = STR_INIT;
	struct err		 e = ERR_INIT;
	size_t			 len;
	char			*out = tail_make(str_text(&in), in.len, offset, output, &len, &e);

	ck_assert_msg(out != NULL, "%s", e.msg);
	ck_assert_uint_le(len, TAIL_MAX + RECORD_HEAD + RECORD_GAP_LEN);
	record_reader_init(&rd, 0);
	ck_assert_msg(record_reader_feed(&rd, out, len, see, &got, &e) == 0, "%s", e.msg);
	ck_assert(record_reader_whole(&rd));
	ck_assert_str_eq(str_text(&got), want);
	if (len > 0)
		ck_assert_uint_eq(rd.offset, at);
	str_release(&got);
	free(out);
}

START_TEST(test_whole)
{
	add_text(RECORD_STDOUT, "one");
	add(RECORD_ALIVE, NULL, 0);
	add_text(RECORD_STDERR, "two!");
	check(0, 7, "1:one 2:two! ", 2 * RECORD_HEAD + 7);
}
END_TEST

START_TEST(test_nothing)
{
	check(0, 0, "", 0);
	add(RECORD_ALIVE, NULL, 0);
	check(0, 0, "", 0);
}
END_TEST

/* The machine has sent the end alone. */
START_TEST(test_front_is_missing)
{
	add_text(RECORD_STDOUT, "end");
	check(1000, 503, "[500] 1:end ", 1000 + RECORD_HEAD + 3);
	/* It runs, and how much it has said is not known. */
	check(1000, 0, "[1000] 1:end ", 1000 + RECORD_HEAD + 3);
}
END_TEST

/* The log itself was cut. */
START_TEST(test_gaps)
{
	add_text(RECORD_STDOUT, "head");
	add_gap(5000, 300);
	add_text(RECORD_STDOUT, "tail");
	check(0, 308, "1:head [300] 1:tail ", 5000 + RECORD_HEAD + 4);
	str_clear(&in);
	add_gap(5000, 300);
	add_text(RECORD_STDOUT, "tail");
	check(0, 304, "[300] 1:tail ", 5000 + RECORD_HEAD + 4);
}
END_TEST

/* More came than is kept: whole records go, then the first is cut. */
START_TEST(test_cut)
{
	char	*big = xmalloc(RECORD_MAX);

	memset(big, 'a', RECORD_MAX);
	add(RECORD_STDOUT, big, 40000);
	memset(big, 'b', RECORD_MAX);
	add(RECORD_STDERR, big, 40000);
	check(0, 80000, "[14496] 1:25504 bytes of a 2:40000 bytes of b ",
	    80000 + 2 * RECORD_HEAD);
	memset(big, 'c', RECORD_MAX);
	add(RECORD_STDOUT, big, RECORD_MAX);
	check(0, 80000 + RECORD_MAX, "[1063056] 1:65520 bytes of c ",
	    80000 + RECORD_MAX + 3 * RECORD_HEAD);
	free(big);
}
END_TEST

/* Not even a byte of it would fit beside what follows. */
START_TEST(test_cut_at_a_head)
{
	char	*big = xcalloc(1, TAIL_MAX);

	add_text(RECORD_STDOUT, "x");
	memset(big, 'y', TAIL_MAX);
	add(RECORD_STDOUT, big, TAIL_MAX - 2 * RECORD_HEAD);
	check(0, 1 + TAIL_MAX - 2 * RECORD_HEAD, "[1] 1:65504 bytes of y ",
	    1 + TAIL_MAX);
	free(big);
}
END_TEST

START_TEST(test_no_log)
{
	struct err	e = ERR_INIT;
	size_t		len;

	ck_assert_ptr_null(tail_make("<html>and so on, no log at all</html>", 37, 0, 0, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "no log"));
	/* What is not whole at the end does not count. */
	add_text(RECORD_STDOUT, "one");
	add_text(RECORD_STDOUT, "two");
	in.len--;
	check(0, 3, "1:one ", RECORD_HEAD + 3);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tail");
	TCase	*tc = tcase_create("tail");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, test_whole);
	tcase_add_test(tc, test_nothing);
	tcase_add_test(tc, test_front_is_missing);
	tcase_add_test(tc, test_gaps);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_cut_at_a_head);
	tcase_add_test(tc, test_no_log);
	suite_add_tcase(s, tc);
	return s;
}
