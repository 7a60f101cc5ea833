/* execstate.c - unit tests of buildlet/execstate.h. */
#include "unit.h"
#include "lib_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "buildlet/execstate.h"

static struct dir	dir;

static const struct super_end an_end = {
	.started = 1700000000123, .ended = 1700000001456, .log_end = 1 << 30,
	.output = 5000000000, .dropped = 4000000000, .why = SUPER_WHY_TIMEOUT, .left = 3,
	.state_len = 14, .left_len = 13,
};
static const char good[] = "{\"Started\":1,\"Ended\":2,\"LogEnd\":3,\"Output\":4,"
    "\"Dropped\":0,\"Why\":\"\",\"Left\":0,\"State\":\"ok\",\"LeftNames\":\"\"}";

static void
setup(void)
{
	dir_make(&dir);
}

static void
teardown(void)
{
	dir_drop(&dir);
}

static void
check_there(void)
{
	struct super_end	 end;
	struct err		 e = ERR_INIT;
	char			*state, *left;

	ck_assert_msg(execstate_read(dir.fd, &end, &state, &left, &e) == 0, "%s", e.msg);
	ck_assert(memcmp(&end, &an_end, sizeof end) == 0);
	ck_assert_str_eq(state, "signal: killed");
	ck_assert_str_eq(left, "sleep, server");
	ck_assert_int_eq(dir_count(&dir, "."), 1);
	free(state);
	free(left);
}

START_TEST(written)
{
	struct err	e = ERR_INIT;
	int		fd;

	ck_assert_int_eq(execstate_write(dir.fd, -1, &an_end, "signal: killed",
	    "sleep, server", &e), 0);
	check_there();
	/* Over the old one, with room that was reserved twice. */
	close(execstate_reserve(dir.fd));
	fd = execstate_reserve(dir.fd);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(dir_count(&dir, "."), 2);
	ck_assert_int_eq(execstate_write(dir.fd, fd, &an_end, "signal: killed",
	    "sleep, server", &e), 0);
	check_there();
}
END_TEST

/* Links that somebody laid are replaced, not followed. */
START_TEST(laid_links)
{
	struct err	 e = ERR_INIT;
	char		*text;

	ck_assert_int_eq(mkdirat(dir.fd, "other", 0700), 0);
	dir_write(&dir, "other/victim", "whole");
	ck_assert_int_eq(symlinkat("other/victim", dir.fd, "state"), 0);
	ck_assert_int_eq(symlinkat("other/victim", dir.fd, "state.new"), 0);
	ck_assert_int_eq(execstate_write(dir.fd, -1, &an_end, "signal: killed",
	    "sleep, server", &e), 0);
	text = dir_read(&dir, "other/victim");
	ck_assert_str_eq(text, "whole");
	ck_assert(S_ISREG(dir_mode(&dir, "state")));
	free(text);
}
END_TEST

static void
check_refused(const char *want)
{
	struct super_end	 end;
	struct err		 e = ERR_INIT;
	char			*state, *left;

	ck_assert_int_eq(execstate_read(dir.fd, &end, &state, &left, &e), -1);
	ck_assert_msg(strstr(e.msg, want) != NULL, "%s", e.msg);
	ck_assert_ptr_null(state);
	ck_assert_ptr_null(left);
}

START_TEST(refused)
{
	static const char *const	keys[] = { "Started", "Ended", "LogEnd", "Output",
		"Dropped", "Why", "Left", "State", "LeftNames" };
	static const char *const	values[] = { "-1", "\"x\"", "null", "1.5", "[]",
		"18446744073709551615" };
	char				text[40000], *at;
	size_t				i, k;

	check_refused("No such file");
	dir_write(&dir, "state", good);
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {	/* one is missing */
		snprintf(text, sizeof text, "%s", good);
		at = strstr(text, keys[i]);
		at[0] = 'x';
		dir_write(&dir, "state", text);
		check_refused("no state of an exec");
	}
	for (k = 0; k < sizeof values / sizeof values[0]; k++) {
		snprintf(text, sizeof text, "{\"Started\":1,\"Ended\":2,\"LogEnd\":3,"
		    "\"Output\":4,\"Dropped\":0,\"Why\":\"\",\"Left\":%s,"
		    "\"State\":\"ok\",\"LeftNames\":\"\"}", values[k]);
		dir_write(&dir, "state", text);
		check_refused("no state of an exec");
	}
	for (i = 0; i < strlen(good); i++) {		/* half of it */
		snprintf(text, sizeof text, "%.*s", (int)i, good);
		dir_write(&dir, "state", text);
		check_refused("");
	}
	memset(text, ' ', sizeof text);
	text[sizeof text - 1] = '\0';
	dir_write(&dir, "state", text);
	check_refused("no state of an exec");
	ck_assert_int_eq(unlinkat(dir.fd, "state", 0), 0);
	ck_assert_int_eq(mkfifoat(dir.fd, "state", 0644), 0);
	check_refused("no state of an exec");
	ck_assert_int_eq(unlinkat(dir.fd, "state", 0), 0);
	dir_write(&dir, "real", good);
	ck_assert_int_eq(symlinkat("real", dir.fd, "state"), 0);
	check_refused("open state");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("execstate");
	TCase	*t = tcase_create("execstate");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, written);
	tcase_add_test(t, laid_links);
	tcase_add_test(t, refused);
	suite_add_tcase(s, t);
	return s;
}
