/* outlet.c - unit tests of client/outlet.h: in order, whole, and no more than is
 * taken. */
#include "client/outlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "lib_io.h"
#include "unit.h"

static struct loop	*loop;
static struct outlet	*out;
static int		 saved[2], ends[2];	/* ends[0]: what is read here */
static int		 rooms, fails;
static char		 why[ERR_MAX];

static void
on_room(void *arg)
{
	(void)arg;
	rooms++;
}

static void
on_fail(const struct err *e, void *arg)
{
	(void)arg;
	fails++;
	snprintf(why, sizeof why, "%s", e->msg);
}

/* Stdout and stderr are one pipe for so long as out is made. */
static void
setup(void)
{
	struct err	e = ERR_INIT;

	rooms = fails = 0;
	loop = loop_new(&e);
	ck_assert_ptr_nonnull(loop);
	ck_assert_int_eq(pipe(ends), 0);
	fflush(stdout);
	saved[0] = dup(1);
	saved[1] = dup(2);
	dup2(ends[1], 1);
	dup2(ends[1], 2);
	out = outlet_new(loop, on_room, on_fail, NULL);
}

static void
restore(void)
{
	dup2(saved[0], 1);
	dup2(saved[1], 2);
	close(saved[0]);
	close(saved[1]);
	close(ends[1]);
}

static void
teardown(void)
{
	outlet_free(out);
	close(ends[0]);
	loop_free(loop);
}

static size_t
turn(char *buf, size_t cap)
{
	ssize_t	n;

	loop_turn(loop, 0);
	file_nonblock(ends[0], true);
	n = read(ends[0], buf, cap);
	return n > 0 ? (size_t)n : 0;
}

START_TEST(test_order)
{
	char	text[256];
	size_t	n;

	outlet_line(out, false, "a-0", "one", 3);
	outlet_line(out, true, "b-0", "two", 3);
	outlet_line(out, false, NULL, "three", 5);
	outlet_line(out, false, "a-0", "", 0);
	n = turn(text, sizeof text - 1);
	text[n] = '\0';
	restore();
	ck_assert_str_eq(text, "a-0: one\nb-0: two\nthree\na-0: \n");
	ck_assert(outlet_empty(out));
}
END_TEST

/* Whoever does not read is not written to; told when there is room again. */
START_TEST(test_pressure)
{
	char	*line = xmalloc(1000), *text = xmalloc(1 << 20);
	size_t	 n = 0, i, sent = 0;
	bool	 was_full;

	memset(line, 'x', 1000);
	while (!outlet_full(out) && sent < 1000) {
		outlet_line(out, sent % 2 == 1, NULL, line, 999);
		sent++;
		loop_turn(loop, 0);
	}
	was_full = outlet_full(out) && rooms == 0;
	for (i = 0; i < 100000 && !outlet_empty(out); i++)
		n += turn(text + n, (1 << 20) - n);
	n += turn(text + n, (1 << 20) - n);
	restore();
	ck_assert(was_full);
	ck_assert_int_eq(rooms, 1);
	ck_assert(!outlet_full(out));
	ck_assert_uint_eq(n, sent * 1000);
	for (i = 999; i < n; i += 1000)
		ck_assert_int_eq(text[i], '\n');
	free(line);
	free(text);
}
END_TEST

START_TEST(test_broken)
{
	close(ends[0]);
	outlet_line(out, false, NULL, "x", 1);
	loop_turn(loop, 0);
	outlet_line(out, false, NULL, "x", 1);
	loop_turn(loop, 0);
	restore();
	ends[0] = -1;
	ck_assert_int_eq(fails, 1);
	ck_assert_str_eq(why, "write stdout: Broken pipe");
	ck_assert(outlet_empty(out));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("outlet");
	TCase	*c = tcase_create("outlet");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_order);
	tcase_add_test(c, test_pressure);
	tcase_add_test(c, test_broken);
	suite_add_tcase(s, c);
	return s;
}
