/* superline.c - the buildlet's end of a line: words both ways, in whatever pieces. */
#include "unit.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "buildlet/superline.h"
#include "lib_io.h"

#define BIG	(400 * 1024)

static struct loop	*loop;
static struct superline	*line;
static int		 theirs;	/* the supervisor's end */
static struct err	 e;

static struct {
	int			 n, broken;
	struct superlink_word	 last;
	char			 text[64];
	bool			 free_it, take_it;
	int			 taken;
} got;

static void
on_word(const struct superlink_word *w, const void *payload, void *arg)
{
	(void)arg;
	got.n++;
	got.last = *w;
	memset(got.text, 0, sizeof got.text);
	memcpy(got.text, payload, w->len < sizeof got.text ? w->len : sizeof got.text - 1);
	if (got.free_it)
		superline_free(line);
	if (got.take_it)
		got.taken = superline_take(line);
}

static void
on_broken(void *arg)
{
	(void)arg;
	got.broken++;
}

static const struct superline_cb cb = { .word = on_word, .broken = on_broken };

static void
setup(void)
{
	int	fd[2];

	memset(&got, 0, sizeof got);
	loop = loop_new(&e);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	line = superline_new(loop, fd[0], &cb, NULL);
	theirs = fd[1];
}

static void
teardown(void)
{
	loop_turn(loop, 0);
	loop_free(loop);
	close(theirs);
}

static void
they_say(enum superlink_what what, uint64_t value, const char *text)
{
	const struct superlink_word	w = { what, (uint32_t)strlen(text), value };

	ck_assert_int_eq(write(theirs, &w, sizeof w), sizeof w);
	ck_assert_int_eq(write(theirs, text, strlen(text)), (ssize_t)strlen(text));
}

static void
they_hear(enum superlink_what what, uint64_t value)
{
	struct superlink_word	w;

	ck_assert_int_eq(recv(theirs, &w, sizeof w, MSG_WAITALL), sizeof w);
	ck_assert_uint_eq(w.what, what);
	ck_assert_uint_eq(w.value, value);
}

START_TEST(words_come_in_whatever_pieces)
{
	const struct superlink_word	w = { SUPER_ENDED, 5, 7 };
	char				all[sizeof w + 5];
	size_t				i;

	memcpy(all, &w, sizeof w);
	memcpy(all + sizeof w, "state", 5);
	for (i = 0; i < sizeof all; i++) {
		ck_assert_int_eq(got.n, 0);
		ck_assert_int_eq(write(theirs, all + i, 1), 1);
		loop_turn(loop, 20);
	}
	WAIT(loop, got.n == 1);
	ck_assert_uint_eq(got.last.value, 7);
	ck_assert_str_eq(got.text, "state");
	they_say(SUPER_LOG, 1, "");
	they_say(SUPER_GONE, 2, "");
	WAIT(loop, got.n == 3);
	ck_assert_uint_eq(got.last.what, SUPER_GONE);
	superline_free(line);
}
END_TEST

START_TEST(words_go_together)
{
	superline_say(line, SUPER_READ, 1);
	superline_say(line, SUPER_MORE, 2);
	superline_send(line, SUPER_STDIN, 0, "x", 1);
	ck_assert_int_eq(recv(theirs, &got, 1, MSG_DONTWAIT), -1);
	loop_turn(loop, 0);
	they_hear(SUPER_READ, 1);
	they_hear(SUPER_MORE, 2);
	they_hear(SUPER_STDIN, 0);
	superline_free(line);
}
END_TEST

/* More than a socket holds goes out as there is room. */
START_TEST(a_long_job_with_its_descriptors)
{
	char	*job = xcalloc(1, BIG), *back = xcalloc(1, BIG);
	int	 fd = open("/dev/null", O_RDONLY), n;
	size_t	 have = 0;

	job[BIG - 1] = 'z';
	ck_assert_int_eq(superline_job(line, job, BIG, &fd, 1, true), 0);
	superline_say(line, SUPER_READ, 9);
	ck_assert_uint_gt(superline_unsent(line), 0);
	they_hear(SUPER_JOB, SUPERLINK_VERSION);
	while (have < BIG) {
		loop_turn(loop, 1);
		n = (int)recv(theirs, back + have, BIG - have, MSG_DONTWAIT);
		ck_assert(n > 0 || errno == EAGAIN);
		have += n > 0 ? (size_t)n : 0;
	}
	ck_assert_mem_eq(job, back, BIG);
	loop_turn(loop, 1);
	they_hear(SUPER_READ, 0);
	they_hear(SUPER_READ, 9);
	superline_free(line);
	close(fd);
	free(job);
	free(back);
}
END_TEST

START_TEST(the_end_of_the_other_side)
{
	they_say(SUPER_LOG, 3, "");
	close(theirs);
	WAIT(loop, got.broken == 1);
	ck_assert_int_eq(got.n, 1);
	theirs = -1;
}
END_TEST

START_TEST(nonsense_ends_it)
{
	const struct superlink_word	w = { SUPER_LOG, SUPERLINE_IN_MAX + 1, 0 };

	ck_assert_int_eq(write(theirs, &w, sizeof w), sizeof w);
	WAIT(loop, got.broken == 1);
	ck_assert_int_eq(got.n, 0);
}
END_TEST

START_TEST(freed_by_its_own_callback)
{
	got.free_it = true;
	they_say(SUPER_LOG, 3, "");
	they_say(SUPER_LOG, 4, "");
	WAIT(loop, got.n == 1);
	loop_turn(loop, 1);
	ck_assert_int_eq(got.n, 1);
	ck_assert_int_eq(got.broken, 0);
}
END_TEST

/* The socket comes back only where nothing is lost by it. */
START_TEST(taken_when_all_was_said)
{
	got.take_it = true;
	superline_say(line, SUPER_READ, 5);
	they_say(SUPER_GONE, 0, "");
	WAIT(loop, got.n == 1);
	ck_assert_int_ne(got.taken, -1);
	they_hear(SUPER_READ, 5);
	close(got.taken);
}
END_TEST

START_TEST(not_taken_with_words_unread)
{
	got.take_it = true;
	they_say(SUPER_GONE, 0, "");
	they_say(SUPER_LOG, 0, "");
	WAIT(loop, got.n == 1);
	ck_assert_int_eq(got.taken, -1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*suite = suite_create("superline");
	TCase	*t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, words_come_in_whatever_pieces);
	tcase_add_test(t, words_go_together);
	tcase_add_test(t, a_long_job_with_its_descriptors);
	tcase_add_test(t, the_end_of_the_other_side);
	tcase_add_test(t, nonsense_ends_it);
	tcase_add_test(t, freed_by_its_own_callback);
	tcase_add_test(t, taken_when_all_was_said);
	tcase_add_test(t, not_taken_with_words_unread);
	suite_add_tcase(suite, t);
	return suite;
}
