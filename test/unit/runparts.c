/* runparts.c - unit tests of small parts of the client's commands: where stdin
 * has anything to give (client/input.h), new ids, options behind operands. */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/types.h"
#include "client/cmd.h"
#include "client/front.h"
#include "client/input.h"
#include "client/newid.h"
#include "lib_dir.h"

#include <stdlib.h>

START_TEST(test_input)
{
	struct dir	dir;
	int		fd, p[2];

	dir_make(&dir);
	dir_write(&dir, "empty", "");
	dir_write(&dir, "file", "12345");
	ck_assert(!input_is_there(dir.fd));
	ck_assert(!input_is_there(-1));
	fd = open("/dev/null", O_RDONLY);
	ck_assert(!input_is_there(fd));
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	ck_assert(input_is_there(fd));
	close(fd);
	fd = openat(dir.fd, "empty", O_RDONLY);
	ck_assert(!input_is_there(fd));
	close(fd);
	fd = openat(dir.fd, "file", O_RDONLY);
	ck_assert(input_is_there(fd));
	ck_assert_int_eq(lseek(fd, 5, SEEK_SET), 5);
	ck_assert(!input_is_there(fd));
	close(fd);
	ck_assert_int_eq(pipe(p), 0);
	ck_assert(input_is_there(p[0]));
	ck_assert_int_eq(write(p[1], "x", 1), 1);
	close(p[1]);
	ck_assert(input_is_there(p[0]));	/* it is ended, but not at its end */
	ck_assert_int_eq(read(p[0], p, 1), 1);
	close(p[0]);
	dir_drop(&dir);
}
END_TEST

START_TEST(test_drained)
{
	int	p[2];

	ck_assert_int_eq(pipe(p), 0);
	close(p[1]);
	ck_assert(!input_is_there(p[0]));
	close(p[0]);
}
END_TEST

START_TEST(test_newid)
{
	char	a[NEWID_MAX], b[NEWID_MAX];

	newid(a);
	newid(b);
	ck_assert_uint_eq(strlen(a), 10);
	ck_assert(api_exec_id_ok(a));
	ck_assert(api_exec_id_ok(b));
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(test_names)
{
	char	*name = front_name("user-a-linux-0", "abcdefghij");

	ck_assert_str_eq(name, "abcdefghij");
	free(name);
	name = front_name("linux@10.0.0.1:80", "abcdefghij");
	ck_assert_str_eq(name, "linux@10.0.0.1:80/abcdefghij");
	free(name);
}
END_TEST

/* The operands of words, with commas, after an index. */
static void
options(char **words, const char *want, bool want_f, const char *want_n)
{
	static const struct cmd	 cmd = { "x", "", "", "", NULL };
	bool			 f = false;
	char			*n = NULL;
	const struct opt	 opts[] = {
		{ "f", OPT_BOOL, &f, NULL, "" },
		{ "n", OPT_STRING, &n, "N", "" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct str		 got = STR_INIT;
	int			 argc, i, status = -1;

	for (argc = 0; words[argc] != NULL; argc++)
		;
	i = cmd_options_any(&cmd, opts, argc, words, 0, 3, &status);
	ck_assert_int_ne(i, -1);
	for (; i < argc; i++)
		str_addf(&got, "%s,", words[i]);
	ck_assert_str_eq(str_text(&got), want);
	ck_assert(f == want_f);
	ck_assert(str_eq(n, want_n));
	str_release(&got);
}

#define WORDS(...) (char *[]){ (char *)"x", __VA_ARGS__, NULL }
#define W(s) (char *)(s)

START_TEST(test_options)
{
	options(WORDS(W("a")), "a,", false, NULL);
	options(WORDS(W("-f"), W("a")), "a,", true, NULL);
	options(WORDS(W("a"), W("-f")), "a,", true, NULL);
	options(WORDS(W("a"), W("-n"), W("5"), W("b")), "a,b,", false, "5");
	options(WORDS(W("-n=5"), W("a"), W("-f"), W("b")), "a,b,", true, "5");
	options(WORDS(W("a"), W("--"), W("-f"), W("b")), "a,-f,b,", false, NULL);
	options(WORDS(W("--"), W("-f")), "-f,", false, NULL);
	options(WORDS(W("a"), W("-n"), W("--"), W("b")), "a,b,", false, "--");
	options(WORDS(W("-f")), "", true, NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("runparts");
	TCase	*c = tcase_create("runparts");

	tcase_add_test(c, test_input);
	tcase_add_test(c, test_drained);
	tcase_add_test(c, test_newid);
	tcase_add_test(c, test_names);
	tcase_add_test(c, test_options);
	suite_add_tcase(s, c);
	return s;
}
