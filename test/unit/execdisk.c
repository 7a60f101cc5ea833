/* execdisk.c - the directories of execs: made, found again, used again, removed. */
#include "unit.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "buildlet/execdisk.h"
#include "lib_dir.h"
#include "lib_io.h"

static struct dir		 state;
static struct loop		*loop;
static struct execdisk		*d;
static struct json		*spec;
static struct err		 e;

static void
setup(void)
{
	dir_make(&state);
	loop = loop_new(&e);
	d = execdisk_open(loop, state.path, &e);
	ck_assert_ptr_nonnull(d);
	spec = json_object();
	json_set_str(spec, "Cmd", "/bin/true");
}

static void
teardown(void)
{
	json_free(spec);
	execdisk_close(d);
	loop_turn(loop, 0);
	loop_free(loop);
	dir_drop(&state);
}

static void
again(void)
{
	execdisk_close(d);
	d = execdisk_open(loop, state.path, &e);
	ck_assert_ptr_nonnull(d);
}

static void
make(const char *id)
{
	int	fd = execdisk_make(d, id, spec, &e);

	ck_assert_msg(fd != -1, "%s", e.msg);
	close(fd);
}

static bool
spec_is_there(const char *id)
{
	int		 fd = execdisk_find(d, id);
	struct json	*j = fd == -1 ? NULL : execdisk_spec_read(fd, &e);
	bool		 there = strcmp(json_str(j, "Cmd", ""), "/bin/true") == 0;

	json_free(j);
	if (fd != -1)
		close(fd);
	return there;
}

START_TEST(made_and_found_again)
{
	struct strs	ids = STRS_INIT;

	make("first0001");
	WAIT(loop, dir_has(&state, "execs/.next-0/spec"));
	make("second001");	/* from what was made ahead */
	ck_assert(!dir_has(&state, "execs/.next-0"));
	ck_assert(spec_is_there("first0001"));
	ck_assert(spec_is_there("second001"));
	ck_assert_int_eq(execdisk_find(d, "third0001"), -1);
	ck_assert_uint_eq(dir_mode(&state, "execs/second001") & 0777, 0700);
	again();
	execdisk_list(d, &ids);
	ck_assert_uint_eq(ids.n, 2);
	ck_assert(strs_has(&ids, "first0001") && strs_has(&ids, "second001"));
	strs_release(&ids);
}
END_TEST

START_TEST(one_id_once)
{
	make("first0001");
	ck_assert_int_eq(execdisk_make(d, "first0001", spec, &e), -1);
	ck_assert_int_eq(e.code, 500);
	ck_assert(spec_is_there("first0001"));
}
END_TEST

START_TEST(dropped_is_out_of_sight)
{
	struct strs	ids = STRS_INIT;

	make("first0001");
	execdisk_drop(d, "first0001");
	ck_assert_int_eq(execdisk_find(d, "first0001"), -1);
	execdisk_list(d, &ids);
	ck_assert_uint_eq(ids.n, 0);
	execdisk_drop(d, "first0001");	/* not there: fine */
}
END_TEST

/* Nothing that lies there is believed. */
START_TEST(specs_that_are_none)
{
	int	fd;

	make("first0001");
	fd = execdisk_find(d, "first0001");
	dir_write(&state, "execs/first0001/spec", "{\"Cmd\":");
	ck_assert_ptr_null(execdisk_spec_read(fd, &e));
	ck_assert_int_eq(unlinkat(fd, "spec", 0), 0);
	ck_assert_int_eq(mkfifoat(fd, "spec", 0600), 0);
	ck_assert_ptr_null(execdisk_spec_read(fd, &e));
	ck_assert_int_eq(unlinkat(fd, "spec", 0), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", fd, "spec"), 0);
	ck_assert_ptr_null(execdisk_spec_read(fd, &e));
	ck_assert(!execdisk_held(fd));
	close(fd);
	ck_assert_int_eq(symlinkat("/", state.fd, "execs/linked001"), 0);
	ck_assert_int_eq(execdisk_find(d, "linked001"), -1);
}
END_TEST

START_TEST(a_lock_tells_that_somebody_lives)
{
	int	fd, lock;

	make("first0001");
	fd = execdisk_find(d, "first0001");
	ck_assert(!execdisk_held(fd));
	lock = openat(fd, "spec", O_RDONLY);
	ck_assert_int_eq(flock(lock, LOCK_EX), 0);
	ck_assert(execdisk_held(fd));
	close(lock);
	ck_assert(!execdisk_held(fd));
	close(fd);
}
END_TEST

START_TEST(slots_are_used_again)
{
	struct execdisk_slot	*a = execdisk_slot(d, &e), *b;
	int			 fd = execdisk_slot_dir(a);

	dir_write(&state, "execs/.slot-0/log-1", "text");
	execdisk_slot_back(d, a, true);
	b = execdisk_slot(d, &e);	/* the first is not clean yet */
	ck_assert_ptr_ne(a, b);
	execdisk_slot_back(d, b, false);
	WAIT(loop, !dir_has(&state, "execs/.slot-0/log-1"));
	a = execdisk_slot(d, &e);
	ck_assert_int_eq(execdisk_slot_dir(a), fd);
	ck_assert_int_eq(faccessat(fd, "log-1", F_OK, 0), -1);
	execdisk_slot_back(d, a, false);
}
END_TEST

/* What somebody laid there that is not removed with a word is given up. */
START_TEST(a_slot_with_a_directory_in_it)
{
	struct execdisk_slot	*a = execdisk_slot(d, &e);

	ck_assert_int_eq(mkdirat(execdisk_slot_dir(a), "trap", 0700), 0);
	execdisk_slot_back(d, a, true);
	loop_turn(loop, 50);
	a = execdisk_slot(d, &e);
	ck_assert_int_eq(faccessat(execdisk_slot_dir(a), "trap", F_OK, 0), -1);
	execdisk_slot_back(d, a, false);
}
END_TEST

START_TEST(emptied_by_somebody_else)
{
	struct execdisk_slot	*a = execdisk_slot(d, &e), *b = execdisk_slot(d, &e);
	struct stat		 st;

	make("first0001");
	WAIT(loop, dir_has(&state, "execs/.next-2/spec"));
	execdisk_slot_back(d, a, false);
	ck_assert_int_eq(unlinkat(state.fd, "execs/.slot-0", AT_REMOVEDIR), 0);
	ck_assert_int_eq(unlinkat(state.fd, "execs/.slot-1", AT_REMOVEDIR), 0);
	execdisk_forget(d);
	execdisk_slot_back(d, b, false);
	a = execdisk_slot(d, &e);
	ck_assert_int_eq(fstat(execdisk_slot_dir(a), &st), 0);
	ck_assert_uint_gt(st.st_nlink, 0);
	execdisk_slot_back(d, a, false);
	make("second001");
	ck_assert(spec_is_there("second001"));
}
END_TEST

START_TEST(without_a_state_directory)
{
	char	*path;

	execdisk_close(d);
	d = execdisk_open(loop, NULL, &e);
	ck_assert_ptr_nonnull(d);
	path = xstrdup(execdisk_path(d));
	ck_assert_int_eq(access(path, F_OK), 0);
	execdisk_close(d);
	ck_assert_int_eq(access(path, F_OK), -1);
	free(path);
	d = execdisk_open(loop, state.path, &e);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*suite = suite_create("execdisk");
	TCase	*t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, made_and_found_again);
	tcase_add_test(t, one_id_once);
	tcase_add_test(t, dropped_is_out_of_sight);
	tcase_add_test(t, specs_that_are_none);
	tcase_add_test(t, a_lock_tells_that_somebody_lives);
	tcase_add_test(t, slots_are_used_again);
	tcase_add_test(t, a_slot_with_a_directory_in_it);
	tcase_add_test(t, emptied_by_somebody_else);
	tcase_add_test(t, without_a_state_directory);
	suite_add_tcase(suite, t);
	return suite;
}
