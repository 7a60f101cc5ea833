/* execspec.c - what the form of POST /exec becomes (PROTOCOL 1). */
#include "unit.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "buildlet/execspec.h"

#include <fcntl.h>

static char		 dir[64];	/* the work directory */
static struct strs	 own;
static struct execspec	 x;
static struct err	 e;

static void
script_make(const char *name, mode_t mode)
{
	char	*path = xasprintf("%s/%s", dir, name);

	ck_assert_int_eq(file_write(path, "#!/bin/sh\n", 10, mode, &e), 0);
	free(path);
}

static void
setup(void)
{
	char	*sub;

	snprintf(dir, sizeof dir, "/tmp/execspec.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	sub = xasprintf("%s/bin", dir);
	ck_assert_int_eq(mkdir(sub, 0755), 0);
	free(sub);
	script_make("bin/prog", 0755);
	script_make("local", 0755);
	script_make("plain", 0644);
	own = (struct strs)STRS_INIT;
	strs_add(&own, "PATH=.:relative:/usr/bin:/bin");
	strs_add(&own, "KEEP=yes");
	x = (struct execspec)EXECSPEC_INIT;
	e = (struct err)ERR_INIT;
}

static void
teardown(void)
{
	int	fd = open(dir, O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(tree_remove(fd, ".", &e), 0);
	close(fd);
	rmdir(dir);
	execspec_release(&x);
	strs_release(&own);
}

/* The form as it comes over the wire. */
static int
make(const char *form)
{
	struct form	*f = form_parse(form, strlen(form), 100, &e);
	int		 ret;

	ck_assert_ptr_nonnull(f);
	execspec_release(&x);
	x = (struct execspec)EXECSPEC_INIT;
	e = (struct err)ERR_INIT;
	ret = execspec_make(&x, f, dir, &own, &e);
	form_free(f);
	return ret;
}

static void
check_below(const char *path, const char *rel)
{
	char	*want = xasprintf("%s%s%s", dir, rel[0] != '\0' ? "/" : "", rel);

	ck_assert_str_eq(path, want);
	free(want);
}

static const char *
env(const char *name)
{
	size_t	len = strlen(name), i;

	for (i = 0; i < x.env.n; i++)
		if (strncmp(x.env.v[i], name, len) == 0 && x.env.v[i][len] == '=')
			return x.env.v[i] + len + 1;
	return NULL;
}

START_TEST(finds_the_command)
{
	ck_assert_int_eq(make("cmd=/any/where/x"), 0);
	ck_assert_str_eq(x.cmd, "/any/where/x");
	ck_assert_str_eq(x.dir, "/any/where");
	ck_assert_int_eq(make("cmd=bin/prog"), 0);
	check_below(x.cmd, "bin/prog");
	check_below(x.dir, "bin");
	ck_assert_int_eq(make("cmd=./local"), 0);
	check_below(x.cmd, "local");
	ck_assert_int_eq(make("cmd=local"), 0);
	check_below(x.cmd, "local");
	check_below(x.dir, "");
	ck_assert_int_eq(make("cmd=sh&mode=sys"), 0);
	ck_assert_str_eq(x.cmd, "/usr/bin/sh");
	check_below(x.dir, "");
	ck_assert_int_eq(make("cmd=sh"), 0);
	ck_assert_str_eq(x.cmd, "/usr/bin/sh");
	ck_assert_str_eq(x.dir, "/usr/bin");
}
END_TEST

/* Each is refused, with this status and text. */
static const struct {
	const char	*form;
	int		 status;
	const char	*text;
} refusals[] = {
	{ "", 400, "invalid 'cmd' parameter: requires 'cmd' parameter" },
	{ "cmd=", 400, "invalid 'cmd' parameter: requires 'cmd' parameter" },
	{ "cmd=nonesuch", 422, "invalid 'cmd' parameter: command \"nonesuch\" not found" },
	{ "cmd=plain", 422, "invalid 'cmd' parameter: command \"plain\" not found" },
	{ "cmd=bin", 422, "invalid 'cmd' parameter: command \"bin\" not found" },
	{ "cmd=local&mode=sys", 422, "invalid 'cmd' parameter: command \"local\" not found" },
	{ "cmd=bin/prog&mode=sys", 400, "invalid 'cmd' parameter: "
	    "'sys' mode requires absolute or system 'cmd' path" },
	{ "cmd=../x", 400, "invalid 'cmd' parameter: invalid 'cmd' parameter: "
	    "path \"../x\" refers to a parent directory" },
	{ "cmd=..", 400, "invalid 'cmd' parameter: invalid 'cmd' parameter: "
	    "path \"..\" refers to a parent directory" },
	{ "cmd=/bin/true&dir=a/../../x", 400, "invalid 'dir' parameter: "
	    "path \"a/../../x\" refers to a parent directory" },
};

START_TEST(refuses)
{
	ck_assert_int_eq(make(refusals[_i].form), -1);
	ck_assert_int_eq(e.code, refusals[_i].status);
	ck_assert_str_eq(e.msg, refusals[_i].text);
}
END_TEST

START_TEST(places_the_directory)
{
	ck_assert_int_eq(make("cmd=bin/prog&dir=a//b/."), 0);
	check_below(x.dir, "a/b");
	ck_assert_int_eq(make("cmd=bin/prog&dir=/tmp/"), 0);
	ck_assert_str_eq(x.dir, "/tmp");
	ck_assert_int_eq(make("cmd=/bin/true&mode=sys"), 0);
	check_below(x.dir, "");
	ck_assert_str_eq(env("PWD"), x.dir);
}
END_TEST

START_TEST(passes_arguments)
{
	ck_assert_int_eq(make("cmd=/bin/x&cmdArg=a&cmdArg=&cmdArg=b+c%3B"), 0);
	ck_assert_uint_eq(x.argv.n, 4);
	ck_assert_str_eq(x.argv.v[0], "/bin/x");
	ck_assert_str_eq(x.argv.v[1], "a");
	ck_assert_str_eq(x.argv.v[2], "");
	ck_assert_str_eq(x.argv.v[3], "b c;");
	ck_assert_ptr_null(x.argv.v[4]);
	ck_assert(!x.debug);
	ck_assert_int_eq(make("cmd=/bin/x&debug=true"), 0);
	ck_assert(x.debug);
	ck_assert_int_eq(make("cmd=/bin/x&debug=yes"), 0);
	ck_assert(!x.debug);
}
END_TEST

START_TEST(last_of_the_same_name_wins)
{
	ck_assert_int_eq(make("cmd=/bin/x&env=A%3D1&env=KEEP%3Dno&env=A%3D2"
	    "&env=TMPDIR%3D%2Felse&env=odd"), 0);
	ck_assert_str_eq(env("A"), "2");
	ck_assert_str_eq(env("KEEP"), "no");
	check_below(env("TMPDIR"), "tmp");
	check_below(env("GOCACHE"), "gocache");
	check_below(env("GOPLSCACHE"), "goplscache");
	check_below(env("WORKDIR"), "");
	ck_assert(strs_has(&x.env, "odd"));
	ck_assert(!strs_has(&x.env, "A=1"));
	ck_assert(!strs_has(&x.env, "KEEP=yes"));
}
END_TEST

START_TEST(bootstrap_is_inherited_or_ours)
{
	char	*go = xasprintf("%s/go1.4", dir);

	ck_assert_int_eq(make("cmd=/bin/x"), 0);
	check_below(env("GOROOT_BOOTSTRAP"), "go1.4");
	strs_add(&own, "GOROOT_BOOTSTRAP=/mine");
	ck_assert_int_eq(make("cmd=/bin/x"), 0);
	ck_assert_str_eq(env("GOROOT_BOOTSTRAP"), "/mine");
	ck_assert_int_eq(mkdir(go, 0755), 0);
	ck_assert_int_eq(make("cmd=/bin/x"), 0);
	check_below(env("GOROOT_BOOTSTRAP"), "go1.4");
	ck_assert_int_eq(make("cmd=/bin/x&env=GOROOT_BOOTSTRAP%3D/user"), 0);
	ck_assert_str_eq(env("GOROOT_BOOTSTRAP"), "/user");
	free(go);
}
END_TEST

START_TEST(path_is_expanded)
{
	char	*want = xasprintf("PATH=%s/bin:/old:", dir);

	ck_assert_int_eq(make("cmd=/bin/x"), 0);
	ck_assert_str_eq(env("PATH"), ".:relative:/usr/bin:/bin");
	ck_assert_int_eq(make("cmd=/bin/x&env=PATH%3D/old"
	    "&path=%24WORKDIR/bin&path=%24PATH&path=%24EMPTY"), 0);
	ck_assert_str_eq(env("PATH"), want + strlen("PATH="));
	ck_assert_int_eq(make("cmd=/bin/x&path=%24EMPTY"), 0);
	ck_assert_str_eq(env("PATH"), "");
	ck_assert_int_eq(make("cmd=/bin/x&path=%24PAT&path=a%24"), 0);
	ck_assert_str_eq(env("PATH"), "$PAT:a$");
	free(want);
}
END_TEST

START_TEST(tells_what_it_runs)
{
	struct execspec	 s = EXECSPEC_INIT;
	char		*text;

	s.cmd = xstrdup("/bin/x");
	s.dir = xstrdup("/w");
	strs_add(&s.argv, "/bin/x");
	strs_add(&s.argv, "a \"b\"\n");
	strs_add(&s.env, "A=1");
	text = execspec_debug(&s);
	ck_assert_str_eq(text, ":: Running /bin/x with args [\"/bin/x\" "
	    "\"a \\\"b\\\"\\n\"] and env [\"A=1\"] in dir /w\n\n");
	free(text);
	execspec_release(&s);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("execspec");
	TCase	*t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, finds_the_command);
	tcase_add_loop_test(t, refuses, 0,
	    (int)(sizeof refusals / sizeof refusals[0]));
	tcase_add_test(t, places_the_directory);
	tcase_add_test(t, passes_arguments);
	tcase_add_test(t, last_of_the_same_name_wins);
	tcase_add_test(t, bootstrap_is_inherited_or_ours);
	tcase_add_test(t, path_is_expanded);
	tcase_add_test(t, tells_what_it_runs);
	suite_add_tcase(s, t);
	return s;
}
