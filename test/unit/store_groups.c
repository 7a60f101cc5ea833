/* store_groups.c - what outlives the coordinator, continued: groups, operators. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "coordinator/store.h"

static char		 dir[512], path[600];
static struct store	*s;

#define MAX	100

#define DONE(call) do {							\
	struct err e = ERR_INIT;					\
	ck_assert_msg((call) == 0, "%s", e.msg);			\
} while (0)
/* The call is refused with that code, and the text has word in it. */
#define REFUSED(code_, word, call) do {					\
	struct err e = ERR_INIT;					\
	ck_assert_int_eq((call), -1);					\
	ck_assert_msg(e.code == (code_), "code %d: %s", e.code, e.msg);	\
	ck_assert_msg(strstr(e.msg, word) != NULL, "%s", e.msg);	\
} while (0)

static void
reopen(void)
{
	struct err	e = ERR_INIT;

	store_close(s);
	s = store_open(path, &e);
	ck_assert_msg(s != NULL, "%s", e.msg);
}

static void
up(void)
{
	snprintf(dir, sizeof dir, "%s/store.XXXXXX",
	    getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/db", dir);
	s = NULL;
	reopen();
}

static void
down(void)
{
	char	*up_dir = path_dir(dir);
	int	 root = open(up_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	store_close(s);
	ck_assert_int_eq(tree_remove(root, path_base(dir), NULL), 0);
	close(root);
	free(up_dir);
}

/* An instance of that user's, live. */
static void
live(const char *user, int64_t created, const char *want)
{
	struct store_lease	l = { .user = user, .builder_type = "b", .host_type = "hx",
	    .machine = "m1", .created = created, .last_use = 100, .expires = 200 };
	char			name[STORE_LEASE_MAX];

	DONE(store_lease_begin(s, &l, name, &e));
	ck_assert_str_eq(name, want);
	DONE(store_lease_grant(s, name, NULL, 100, 200, &e));
}

static int
join(const char *user, const char *group, const char *instance)
{
	struct err	e = ERR_INIT;
	int		ret = store_group_join(s, user, group, instance, &e);

	ck_assert_msg(ret != -1, "%s", e.msg);
	return ret;
}

static bool
add(const char *name, const char *instance, void *arg)
{
	str_addf(arg, "%s:%s ", name, instance == NULL ? "-" : instance);
	return true;
}

static void
check(const char *user, const char *group, const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_groups(s, user, group, add, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

static void
check_of(const char *instance, const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_groups_of(s, instance, add, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

START_TEST(test_groups)
{
	check("alice", NULL, "");
	DONE(store_group_add(s, "alice", "two", 1, MAX, &e));
	DONE(store_group_add(s, "alice", "one", 2, MAX, &e));
	DONE(store_group_add(s, "bob", "one", 3, MAX, &e));
	REFUSED(STORE_EXISTS, "\"one\"", store_group_add(s, "alice", "one", 4, MAX, &e));
	reopen();
	check("alice", NULL, "one:- two:- ");
	check("alice", "two", "two:- ");
	check("alice", "three", "");
	check("bob", NULL, "one:- ");
	ck_assert_int_eq(store_group_find(s, "alice", "two", NULL), 1);
	ck_assert_int_eq(store_group_find(s, "bob", "two", NULL), 0);
	DONE(store_group_delete(s, "alice", "one", &e));
	REFUSED(STORE_MISSING, "no group \"one\"", store_group_delete(s, "alice", "one", &e));
	check("alice", NULL, "two:- ");
	check("bob", NULL, "one:- ");
}
END_TEST

START_TEST(test_names)
{
	static const char	*const bad[] = { "", ".", "..", ".a", "-a", "_a", "a b", "a/b",
	    "\xc3\xa4", "a\n", "'; DROP TABLE leases; --" };
	char			 name[STORE_NAME_MAX + 2];
	size_t			 i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		REFUSED(STORE_BAD_NAME, "group name",
		    store_group_add(s, "alice", bad[i], 1, MAX, &e));
	memset(name, 'a', sizeof name);
	name[STORE_NAME_MAX + 1] = '\0';
	REFUSED(STORE_BAD_NAME, "group name", store_group_add(s, "alice", name, 1, MAX, &e));
	name[STORE_NAME_MAX] = '\0';
	DONE(store_group_add(s, "alice", name, 1, MAX, &e));
	DONE(store_group_add(s, "alice", "7.A_b-c", 1, MAX, &e));
}
END_TEST

START_TEST(test_bounded)
{
	DONE(store_group_add(s, "alice", "a", 1, 2, &e));
	DONE(store_group_add(s, "alice", "b", 1, 2, &e));
	REFUSED(STORE_FULL, "2 groups", store_group_add(s, "alice", "c", 1, 2, &e));
	REFUSED(STORE_EXISTS, "\"a\"", store_group_add(s, "alice", "a", 1, 2, &e));
	DONE(store_group_add(s, "bob", "c", 1, 2, &e));
	DONE(store_group_delete(s, "alice", "a", &e));
	DONE(store_group_add(s, "alice", "c", 1, 2, &e));
}
END_TEST

START_TEST(test_members)
{
	live("alice", 30, "user-alice-b-0");
	live("alice", 20, "user-alice-b-1");
	live("bob", 10, "user-bob-b-0");
	DONE(store_group_add(s, "alice", "g", 1, MAX, &e));
	DONE(store_group_add(s, "alice", "h", 1, MAX, &e));
	DONE(store_group_add(s, "bob", "g", 1, MAX, &e));
	ck_assert_int_eq(join("alice", "g", "user-alice-b-0"), 1);
	ck_assert_int_eq(join("alice", "g", "user-alice-b-0"), 0);
	ck_assert_int_eq(join("alice", "g", "user-alice-b-1"), 1);
	ck_assert_int_eq(join("alice", "h", "user-alice-b-1"), 1);
	/* Not there, or somebody else's. */
	ck_assert_int_eq(join("alice", "i", "user-alice-b-0"), 0);
	ck_assert_int_eq(join("alice", "g", "user-alice-b-7"), 0);
	ck_assert_int_eq(join("alice", "g", "user-bob-b-0"), 0);
	ck_assert_int_eq(join("bob", "g", "user-alice-b-0"), 0);
	reopen();
	/* In the order of their creation. */
	check("alice", NULL, "g:user-alice-b-1 g:user-alice-b-0 h:user-alice-b-1 ");
	check("bob", NULL, "g:- ");
	check_of("user-alice-b-1", "g:user-alice-b-1 h:user-alice-b-1 ");
	check_of("user-bob-b-0", "");
	DONE(store_group_leave(s, "alice", "g", "user-alice-b-1", &e));
	REFUSED(STORE_MISSING, "not in group g",
	    store_group_leave(s, "alice", "g", "user-alice-b-1", &e));
	REFUSED(STORE_MISSING, "no group \"x\"",
	    store_group_leave(s, "alice", "x", "user-alice-b-1", &e));
	check("alice", NULL, "g:user-alice-b-0 h:user-alice-b-1 ");
	/* Made anew, a group is empty. */
	DONE(store_group_delete(s, "alice", "g", &e));
	DONE(store_group_add(s, "alice", "g", 1, MAX, &e));
	check("alice", "g", "g:- ");
	check_of("user-alice-b-0", "");
}
END_TEST

/* Eleven within one millisecond: the tenth comes behind the ninth. */
START_TEST(test_order)
{
	struct str	want = STR_INIT;
	char		name[STORE_LEASE_MAX];
	int		i;

	DONE(store_group_add(s, "alice", "g", 1, MAX, &e));
	for (i = 0; i < 11; i++) {
		snprintf(name, sizeof name, "user-alice-b-%d", i);
		live("alice", 10, name);
		ck_assert_int_eq(join("alice", "g", name), 1);
		str_addf(&want, "g:%s ", name);
	}
	check("alice", "g", str_text(&want));
	str_release(&want);
}
END_TEST

START_TEST(test_lease_ends)
{
	live("alice", 10, "user-alice-b-0");
	live("alice", 20, "user-alice-b-1");
	DONE(store_group_add(s, "alice", "g", 1, MAX, &e));
	DONE(store_group_add(s, "alice", "h", 1, MAX, &e));
	ck_assert_int_eq(join("alice", "g", "user-alice-b-0"), 1);
	ck_assert_int_eq(join("alice", "h", "user-alice-b-0"), 1);
	ck_assert_int_eq(join("alice", "h", "user-alice-b-1"), 1);
	DONE(store_lease_end(s, "user-alice-b-0", 300, "over", 400, &e));
	check("alice", NULL, "g:- h:user-alice-b-1 ");
	check_of("user-alice-b-0", "");
	ck_assert_int_eq(join("alice", "g", "user-alice-b-0"), 0);
	DONE(store_prune(s, 1000, 10, &e));
	reopen();
	check("alice", NULL, "g:- h:user-alice-b-1 ");
}
END_TEST

/* In a batch that is aborted nothing has happened. */
START_TEST(test_batch)
{
	live("alice", 10, "user-alice-b-0");
	DONE(store_group_add(s, "alice", "g", 1, MAX, &e));
	DONE(store_batch_begin(s, &e));
	ck_assert_int_eq(join("alice", "g", "user-alice-b-0"), 1);
	DONE(store_group_add(s, "alice", "h", 1, MAX, &e));
	store_batch_abort(s);
	check("alice", NULL, "g:- ");
	/* A refusal within one ends all of it. */
	DONE(store_batch_begin(s, &e));
	DONE(store_group_add(s, "alice", "h", 1, MAX, &e));
	REFUSED(STORE_EXISTS, "\"g\"", store_group_add(s, "alice", "g", 1, MAX, &e));
	ck_assert_int_eq(store_batch_commit(s, NULL), -1);
	check("alice", NULL, "g:- ");
}
END_TEST

START_TEST(test_operators)
{
	struct store_user	u;

	DONE(store_user_add(s, "alice", "h1", 1, &e));
	ck_assert_int_eq(store_user_find(s, "alice", &u, NULL), 1);
	ck_assert(!u.is_operator);
	DONE(store_user_set_operator(s, "alice", true, &e));
	reopen();
	ck_assert_int_eq(store_user_by_token_hash(s, "h1", &u, NULL), 1);
	ck_assert(u.is_operator);
	DONE(store_user_set_operator(s, "alice", false, &e));
	ck_assert_int_eq(store_user_find(s, "alice", &u, NULL), 1);
	ck_assert(!u.is_operator);
	REFUSED(STORE_MISSING, "eve", store_user_set_operator(s, "eve", true, &e));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*su = suite_create("store_groups");
	TCase	*tc = tcase_create("store_groups");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, test_groups);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_bounded);
	tcase_add_test(tc, test_members);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_lease_ends);
	tcase_add_test(tc, test_batch);
	tcase_add_test(tc, test_operators);
	suite_add_tcase(su, tc);
	return su;
}
