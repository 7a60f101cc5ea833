/* log.c - unit tests of base/log.h and of how base/xmalloc.h gives and ends. */
#include "unit.h"
#include "lib_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

/* gcc says it with a macro, clang by a question. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

/* What fn logged, which must end well. */
static char *
said_by(void (*fn)(void))
{
	int	 status;
	char	*said = child_stderr(fn, &status);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	return said;
}

/* The text behind "level: " of the only line in said. */
static const char *
only_text(const char *said)
{
	const char	*text = strstr(said, "]");

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
	return strstr(text, ": ") + 2;
}

static void
say_one(void)
{
	log_init("prog", LOG_INFO);
	log_warn("instance %s: %d", "a-0", 5);
}

START_TEST(line_has_its_shape)
{
	char		*said = said_by(say_one), time[64], prog[64], level[64];
	char		 text[64];
	struct clock	 c = CLOCK_INIT;
	int64_t		 wall;
	int		 pid;

	ck_assert_int_eq(sscanf(said, "%63s %63[^[][%d] %63[a-z]: %63[^\n]",
	    time, prog, &pid, level, text), 5);
	ck_assert_str_eq(prog, "prog");
	ck_assert_str_eq(level, "warn");
	ck_assert_str_eq(text, "instance a-0: 5");
	ck_assert_int_gt(pid, 0);
	ck_assert_int_ne(pid, getpid());
	ck_assert_uint_eq(strlen(time), strlen("2026-11-21T19:46:38.255Z"));
	ck_assert_int_eq(clock_parse_rfc3339(time, &wall), 0);
	ck_assert_int_le(llabs(clock_wall(&c) - wall), 60000);
	ck_assert_int_eq(said[strlen(said) - 1], '\n');
	free(said);
}
END_TEST

static void
say_nameless(void)
{
	log_info("x");
	log_debug("not at the level of the start");
}

START_TEST(nameless_is_a_question_mark)
{
	char	*said = said_by(say_nameless);

	ck_assert_ptr_nonnull(strstr(said, "Z ?["));
	ck_assert_str_eq(only_text(said), "x\n");
	free(said);
}
END_TEST

static void
say_all(void)
{
	log_error("E");
	log_warn("W");
	log_info("I");
	log_debug("D");
}

static void
say_at_error(void)
{
	log_set_level(LOG_ERROR);
	say_all();
}

static void
say_at_debug(void)
{
	log_set_level(LOG_DEBUG);
	say_all();
}

START_TEST(level_decides)
{
	char	*said = said_by(say_at_error);

	ck_assert_str_eq(only_text(said), "E\n");
	ck_assert_ptr_nonnull(strstr(said, " error: "));
	free(said);
	said = said_by(say_at_debug);
	ck_assert_ptr_nonnull(strstr(said, " error: E\n"));
	ck_assert_ptr_nonnull(strstr(said, " warn: W\n"));
	ck_assert_ptr_nonnull(strstr(said, " info: I\n"));
	ck_assert_ptr_nonnull(strstr(said, " debug: D\n"));
	free(said);
}
END_TEST

START_TEST(levels_have_names)
{
	ck_assert_int_eq(log_parse_level("error"), LOG_ERROR);
	ck_assert_int_eq(log_parse_level("warn"), LOG_WARN);
	ck_assert_int_eq(log_parse_level("info"), LOG_INFO);
	ck_assert_int_eq(log_parse_level("debug"), LOG_DEBUG);
	ck_assert_int_eq(log_parse_level("DEBUG"), -1);
	ck_assert_int_eq(log_parse_level(""), -1);
	ck_assert_int_eq(log_parse_level("warning"), -1);
	log_set_level(LOG_DEBUG);
	ck_assert_int_eq(log_get_level(), LOG_DEBUG);
	log_set_level(LOG_INFO);
	ck_assert_int_eq(log_get_level(), LOG_INFO);
}
END_TEST

static void
say_hostile(void)
{
	log_info("a\nb\rc\td\033[31m\001\177 \302\205 \377 \303\244 \342\202\254");
}

START_TEST(controls_are_escaped)
{
	char	*said = said_by(say_hostile);

	/* C1 controls and bytes that are no UTF-8 too; letters stay. */
	ck_assert_str_eq(only_text(said), "a\\x0ab\\x0dc\\x09d\\x1b[31m\\x01"
	    "\\x7f \\xc2\\x85 \\xff \303\244 \342\202\254\n");
	free(said);
}
END_TEST

static void
say_long(void)
{
	char	 text[10000];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_info("%s", text);
	memset(text, '\001', sizeof text - 1);
	log_info("%s", text);
	text[1000] = '\0';	/* fits before it is escaped, not after */
	log_info("%s", text);
}

START_TEST(long_lines_are_cut)
{
	char	*said = said_by(say_long), *line = said, *end;
	int	 n;

	for (n = 0; (end = strchr(line, '\n')) != NULL; line = end + 1, n++) {
		ck_assert_int_le(end - line, 4095);
		ck_assert_int_ge(end - line, n < 2 ? 4080 : 4000);
		if (n < 2)
			ck_assert_int_eq(strncmp(end - 3, "...", 3), 0);
	}
	ck_assert_int_eq(n, 3);
	free(said);
}
END_TEST

START_TEST(one_write_a_line)
{
	char	 buf[8192];
	int	 fds[2], saved = dup(STDERR_FILENO);
	ssize_t	 n;

	/* A datagram socket shows each write by itself. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	dup2(fds[0], STDERR_FILENO);
	log_info("one %s", "\n");
	log_info("two");
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = recv(fds[1], buf, sizeof buf, MSG_DONTWAIT);
	ck_assert_int_gt(n, 8);
	ck_assert_int_eq(memcmp(buf + n - 9, "one \\x0a\n", 9), 0);
	n = recv(fds[1], buf, sizeof buf, MSG_DONTWAIT);
	ck_assert_int_gt(n, 4);
	ck_assert_int_eq(memcmp(buf + n - 4, "two\n", 4), 0);
	ck_assert_int_eq(recv(fds[1], buf, sizeof buf, MSG_DONTWAIT), -1);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(errno_stays)
{
	int	 saved = dup(STDERR_FILENO);
	int	 null = open("/dev/null", O_RDONLY);

	/* A descriptor that cannot be written: the write itself fails. */
	dup2(null, STDERR_FILENO);
	errno = EXDEV;
	log_error("x");
	ck_assert_int_eq(errno, EXDEV);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
}
END_TEST

static void
die_with_errno(void)
{
	errno = ENOENT;
	fatal("open %s", "/x");
}

static void
die_of_a_bug(void)
{
	log_set_level(LOG_ERROR);
	errno = ENOENT;
	fatalx("state %d", 7);
}

START_TEST(fatal_aborts)
{
	ck_assert(child_dies(die_with_errno,
	    "open /x: No such file or directory\n"));
	ck_assert(child_dies(die_of_a_bug, "state 7\n"));
	ck_assert(!child_dies(say_one, ""));
}
END_TEST

static void
die_of_reallocarray(void)
{
	free(xreallocarray(NULL, SIZE_MAX / 2, 3));
}

static void
die_of_malloc(void)
{
	volatile size_t	 much = SIZE_MAX / 4;

	free(xmalloc(much));
}

START_TEST(allocation_dies)
{
	ck_assert(child_dies(die_of_reallocarray, "too much"));
#ifndef SANITIZED	/* there malloc itself ends the program */
	ck_assert(child_dies(die_of_malloc, "allocate"));
#else
	(void)die_of_malloc;
#endif
}
END_TEST

START_TEST(allocation_gives)
{
	char	*s, *z;
	int	*n;

	z = xmalloc(0);
	ck_assert_ptr_nonnull(z);
	free(z);
	z = xreallocarray(xcalloc(0, 8), 0, 0);
	ck_assert_ptr_nonnull(z);
	free(z);
	z = xmemdup(NULL, 0);
	ck_assert_ptr_nonnull(z);
	free(z);
	n = xcalloc(3, sizeof *n);
	ck_assert_int_eq(n[0] | n[1] | n[2], 0);
	n = xreallocarray(n, 100, sizeof *n);
	n[99] = 1;
	free(n);
	s = xstrndup("abcdef", 3);
	ck_assert_str_eq(s, "abc");
	free(s);
	s = xstrndup("ab", 30);
	ck_assert_str_eq(s, "ab");
	free(s);
	s = xasprintf("%s-%d", "a", 5);
	ck_assert_str_eq(s, "a-5");
	free(s);
	s = xasprintf("%s", "");
	ck_assert_str_eq(s, "");
	free(s);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("log");
	TCase	*t = tcase_create("log");

	tcase_add_test(t, line_has_its_shape);
	tcase_add_test(t, nameless_is_a_question_mark);
	tcase_add_test(t, level_decides);
	tcase_add_test(t, levels_have_names);
	tcase_add_test(t, controls_are_escaped);
	tcase_add_test(t, long_lines_are_cut);
	tcase_add_test(t, one_write_a_line);
	tcase_add_test(t, errno_stays);
	tcase_add_test(t, fatal_aborts);
	tcase_add_test(t, allocation_dies);
	tcase_add_test(t, allocation_gives);
	suite_add_tcase(s, t);
	return s;
}
