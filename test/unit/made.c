/*
 * made.c - unit tests of client/made.h. The helper runs in this same program: a
 * constructor looks at argv before Check's main() does.
 */
#include "unit.h"
#include "lib_io.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "client/made.h"
#include "io/helper.h"

/* Prints without end. */
static int
role_pour(int argc, char **argv)
{
	static const char	piece[65536];

	(void)argc;
	(void)argv;
	while (file_write_all(STDOUT_FILENO, piece, sizeof piece) == 0)
		;
	return HELPER_FAILED;
}

/* "say TEXT": prints it. */
static int
role_say(int argc, char **argv)
{
	(void)argc;
	return file_write_all(STDOUT_FILENO, argv[1], strlen(argv[1])) == 0 ?
	    HELPER_OK : HELPER_FAILED;
}

/* "fail TEXT": says why. */
static int
role_fail(int argc, char **argv)
{
	(void)argc;
	fprintf(stderr, "%s\n", argv[1]);
	return HELPER_FAILED;
}

static const struct helper_role roles[] = {
	{ "pour", role_pour },
	{ "say", role_say },
	{ "fail", role_fail },
	{ NULL, NULL },
};

static void __attribute__((constructor))
before_main(int argc, char **argv)
{
	helper_main(roles, argc, argv);
}

static struct loop	*loop;
static struct made	*made;
static struct body	*body;

static void
setup(void)
{
	loop = loop_new(NULL);
	ck_assert_ptr_nonnull(loop);
}

static void
teardown(void)
{
	made_free(made);
	loop_settle(loop, 5000);	/* its helper is reaped */
	loop_free(loop);
}

static void
start(const char *role, const char *text)
{
	const char	*argv[] = { role, text, NULL };
	struct evbuffer	*words = buf_new();
	struct err	 e = ERR_INIT;

	made = made_start(loop, argv, words, &body, &e);
	buf_free(words);
	ck_assert_msg(made != NULL, "%s", e.msg);
}

START_TEST(whole)
{
	start("say", "three words here");
	WAIT(loop, body_done(body) || buf_len(body_buf(body)) == 16);
	ck_assert_uint_eq(buf_len(body_buf(body)), 16);
	buf_drain(body_buf(body), 16);
	body_took(body);
	WAIT(loop, body_done(body));
	ck_assert_ptr_null(body_error(body));
	ck_assert_ptr_null(made_error(made));
	ck_assert_uint_eq(made_bytes(made), 16);
	body_close(body);
}
END_TEST

START_TEST(fails)
{
	start("fail", "no such tree");
	WAIT(loop, body_error(body) != NULL);
	ck_assert_str_eq(body_error(body)->msg, "no such tree");
	ck_assert_ptr_nonnull(made_error(made));
	ck_assert_str_eq(made_error(made)->msg, "no such tree");
	body_close(body);
}
END_TEST

/* A server that refuses in the middle closes the body: its refusal is to be told,
 * not that the packing broke. */
START_TEST(unwanted)
{
	uint64_t	at;
	int		quiet = 0;

	start("pour", NULL);
	WAIT(loop, buf_len(body_buf(body)) > 0);
	body_close(body);
	while (quiet < 5) {
		at = made_bytes(made);
		loop_turn(loop, 20);
		quiet = made_bytes(made) == at ? quiet + 1 : 0;
	}
	ck_assert_ptr_null(made_error(made));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("made");
	TCase	*tc = tcase_create("made");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, fails);
	tcase_add_test(tc, unwanted);
	suite_add_tcase(s, tc);
	return s;
}
