/*
 * store_execs.c - what outlives the coordinator, continued: execs, the ends of
 * their output, drains, limits of leases; and files of older versions.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "coordinator/store.h"
#include "data/db.h"

static char		 dir[512], path[600];
static struct store	*s;

#define DONE(call) do {							\
	struct err e = ERR_INIT;					\
	ck_assert_msg((call) == 0, "%s", e.msg);			\
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

/* --- execs ------------------------------------------------------------------------ */

static void
put(const char *instance, const char *id, const char *user, int64_t created, int64_t ended)
{
	const struct store_exec	x = { .instance = instance, .id = id, .user = user,
	    .who = "user-x", .cmd = "prog", .args = "a\0\0b c", .args_len = 7,
	    .created = created, .ended = ended, .status = ended == 0 ? "" : "ok", .why = "" };

	DONE(store_exec_put(s, &x, &e));
}

static bool
add_exec(const struct store_exec *x, void *arg)
{
	ck_assert_str_eq(x->cmd, "prog");
	ck_assert_uint_eq(x->args_len, 7);
	ck_assert_int_eq(memcmp(x->args, "a\0\0b c", 7), 0);
	str_addf(arg, "%s/%s%s%s:%lld ", x->instance, x->id, x->ended == 0 ? "" : "!",
	    x->saved ? "s" : "", (long long)x->kept);
	return true;
}

static void
check_of(const char *user, const char *instance, int64_t limit, const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_execs_of(s, user, instance, limit, add_exec, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

static void
check_running(const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_execs_running(s, add_exec, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

START_TEST(test_execs)
{
	put("i1", "aaaaaa", "alice", 100, 0);
	put("i1", "bbbbbb", "alice", 110, 120);
	put("i2", "aaaaaa", "alice", 105, 0);
	put("i3", "cccccc", "bob", 1, 2);
	reopen();
	check_running("i1/aaaaaa:0 i2/aaaaaa:0 ");
	check_of("alice", NULL, 10, "i1/bbbbbb!:0 i2/aaaaaa:0 i1/aaaaaa:0 ");
	check_of("alice", "i1", 10, "i1/bbbbbb!:0 i1/aaaaaa:0 ");
	check_of("bob", "i1", 10, "");
	/* Again: what became of it, under the same name. */
	put("i1", "aaaaaa", "alice", 999, 300);
	check_running("i2/aaaaaa:0 ");
	check_of("alice", NULL, 10, "i1/bbbbbb!:0 i2/aaaaaa:0 i1/aaaaaa!:0 ");
	/* At most so many of those that run, and of those that do not. */
	check_of("alice", NULL, 1, "i1/bbbbbb!:0 i2/aaaaaa:0 ");
}
END_TEST

static void
check_found(const char *user, const char *prefix, int64_t limit, const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_execs_find(s, user, prefix, limit, add_exec, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

START_TEST(test_find)
{
	struct str	got = STR_INIT;

	put("i1", "abcdef", "alice", 1, 0);
	put("i1", "abzzzz", "alice", 1, 0);
	put("i2", "zzzzzz", "alice", 1, 0);
	check_found("alice", "ab", 10, "i1/abcdef:0 i1/abzzzz:0 ");
	check_found("alice", "ab", 1, "i1/abcdef:0 ");
	check_found("alice", "abz", 10, "i1/abzzzz:0 ");
	check_found("alice", "z", 10, "i2/zzzzzz:0 ");
	check_found("alice", "abcdefg", 10, "");
	check_found("bob", "ab", 10, "");
	ck_assert_int_eq(store_exec_get(s, "i1", "abcdef", add_exec, &got, NULL), 1);
	ck_assert_str_eq(str_text(&got), "i1/abcdef:0 ");
	ck_assert_int_eq(store_exec_get(s, "i2", "abcdef", add_exec, &got, NULL), 0);
	str_release(&got);
}
END_TEST

/* --- output ------------------------------------------------------------------------- */

static const struct store_tail_max	much = { 1000, 1000000 };

static void
tail(const char *instance, const char *id, int64_t until, const char *text,
    const struct store_tail_max *max)
{
	DONE(store_tail_put(s, instance, id, until, text, strlen(text), max, &e));
}

static void
copy_tail(const void *data, size_t len, void *arg)
{
	str_addn(arg, data, len);
}

/* NULL: there is none. */
static void
check_tail(const char *instance, const char *id, const char *want)
{
	struct str	got = STR_INIT;

	ck_assert_int_eq(store_tail_get(s, instance, id, copy_tail, &got, NULL), want != NULL);
	ck_assert_str_eq(str_text(&got), want == NULL ? "" : want);
	str_release(&got);
}

START_TEST(test_tails)
{
	put("i1", "aaaaaa", "alice", 1, 2);
	put("i1", "bbbbbb", "alice", 2, 3);
	tail("i1", "aaaaaa", 500, "the end", &much);
	tail("i1", "bbbbbb", 500, "", &much);
	tail("i1", "cccccc", 500, "of nothing", &much);
	reopen();
	check_of("alice", NULL, 10, "i1/bbbbbb!s:0 i1/aaaaaa!s:7 ");
	check_tail("i1", "aaaaaa", "the end");
	check_tail("i1", "bbbbbb", NULL);
	check_tail("i1", "cccccc", NULL);
	/* Once: what is there stays. */
	tail("i1", "aaaaaa", 500, "another", &much);
	check_tail("i1", "aaaaaa", "the end");
	put("i1", "aaaaaa", "alice", 1, 5);
	check_of("alice", NULL, 10, "i1/bbbbbb!s:0 i1/aaaaaa!s:7 ");
}
END_TEST

START_TEST(test_tails_are_bounded)
{
	const struct store_tail_max	few = { 2, 1000 }, small = { 100, 10 };

	put("i1", "aaaaaa", "alice", 1, 2);
	put("i1", "bbbbbb", "alice", 2, 3);
	put("i1", "cccccc", "alice", 3, 4);
	put("i1", "dddddd", "alice", 4, 5);
	tail("i1", "aaaaaa", 900, "aaaa", &few);
	tail("i1", "bbbbbb", 500, "bbbb", &few);
	reopen();				/* they are counted anew */
	tail("i1", "cccccc", 700, "cccc", &few);
	check_tail("i1", "bbbbbb", NULL);	/* would have gone first */
	check_tail("i1", "aaaaaa", "aaaa");
	check_tail("i1", "cccccc", "cccc");
	tail("i1", "dddddd", STORE_UNTIL_END, "dddd", &small);
	check_tail("i1", "cccccc", NULL);
	check_tail("i1", "aaaaaa", "aaaa");
	check_tail("i1", "dddddd", "dddd");
}
END_TEST

START_TEST(test_prune)
{
	put("i1", "aaaaaa", "alice", 1, 100);
	put("i1", "bbbbbb", "alice", 2, 200);
	put("i1", "cccccc", "alice", 3, 0);
	put("i1", "dddddd", "alice", 4, 400);
	tail("i1", "aaaaaa", 600, "a", &much);
	tail("i1", "bbbbbb", 500, "b", &much);
	DONE(store_execs_prune(s, 499, 0, 100, &e));
	check_tail("i1", "bbbbbb", "b");
	DONE(store_execs_prune(s, 500, 100, 100, &e));
	check_tail("i1", "bbbbbb", NULL);
	check_tail("i1", "aaaaaa", "a");
	check_of("alice", NULL, 10, "i1/dddddd!:0 i1/cccccc:0 i1/bbbbbb!s:0 i1/aaaaaa!s:1 ");
	DONE(store_execs_prune(s, 500, 101, 100, &e));
	check_of("alice", NULL, 10, "i1/dddddd!:0 i1/cccccc:0 i1/bbbbbb!s:0 ");
	/* The newest of all stay, and what runs. */
	DONE(store_execs_prune(s, 500, 0, 1, &e));
	check_of("alice", NULL, 10, "i1/dddddd!:0 i1/cccccc:0 ");
}
END_TEST

/* --- leases -------------------------------------------------------------------------- */

static void
begin(const char *user, const char *request, const char *want)
{
	struct store_lease	l = { .user = user, .builder_type = "b", .host_type = "hx",
	    .machine = "m1", .created = 100, .last_use = 100, .expires = 200, .idle_ms = 100,
	    .limit_at = 1000, .request = request };
	char			name[STORE_LEASE_MAX];

	DONE(store_lease_begin(s, &l, name, &e));
	ck_assert_str_eq(name, want);
}

static bool
add_lease(const struct store_lease *l, void *arg)
{
	str_addf(arg, "%s %lld %lld %lld %s\n", l->name, (long long)l->expires,
	    (long long)l->limit_at, (long long)l->keep_until,
	    l->request == NULL ? "-" : l->request);
	return true;
}

static void
check_lease(const char *name, const char *want)
{
	struct str	got = STR_INIT;

	ck_assert_int_eq(store_lease_find(s, name, add_lease, &got, NULL), 1);
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

static bool
add_status(const struct store_exec *x, void *arg)
{
	str_addf(arg, "%s %lld %s %s %lld\n", x->id, (long long)x->ended, x->status, x->why,
	    (long long)x->kept);
	return true;
}

/* What ran ends with the lease, and its output is kept from then on. */
START_TEST(test_lease_ends_execs)
{
	struct str	got = STR_INIT;

	begin("alice", NULL, "user-alice-b-0");
	put("user-alice-b-0", "aaaaaa", "alice", 150, 0);
	put("user-alice-b-0", "bbbbbb", "alice", 160, 170);
	put("user-alice-b-1", "cccccc", "alice", 170, 0);
	tail("user-alice-b-0", "bbbbbb", STORE_UNTIL_END, "out", &much);
	DONE(store_execs_prune(s, INT64_MAX - 1, 0, 100, &e));
	check_tail("user-alice-b-0", "bbbbbb", "out");
	DONE(store_lease_end(s, "user-alice-b-0", 300, "over", 5000, &e));
	DONE(store_execs_of(s, "alice", NULL, 10, add_status, &got, &e));
	ck_assert_str_eq(str_text(&got), "cccccc 0   0\nbbbbbb 170 ok  3\n"
	    "aaaaaa 300 the instance ended: over instance 0\n");
	str_release(&got);
	DONE(store_execs_prune(s, 4999, 0, 100, &e));
	check_tail("user-alice-b-0", "bbbbbb", "out");
	DONE(store_execs_prune(s, 5000, 0, 100, &e));
	check_tail("user-alice-b-0", "bbbbbb", NULL);
}
END_TEST

START_TEST(test_lease_limits)
{
	begin("alice", "key001", "user-alice-b-0");
	check_lease("user-alice-b-0", "user-alice-b-0 200 1000 0 key001\n");
	DONE(store_lease_keep(s, "user-alice-b-0", 777, 800, &e));
	reopen();
	check_lease("user-alice-b-0", "user-alice-b-0 800 1000 777 key001\n");
	ck_assert_int_eq(store_lease_keep(s, "user-alice-b-9", 1, 1, NULL), -1);
}
END_TEST

/* One instance for a request that lives; another user's, or a later one, is another. */
START_TEST(test_one_lease_a_request)
{
	struct store_lease	l = { .user = "alice", .builder_type = "b",
	    .host_type = "hx", .machine = "m2", .request = "key001" };
	char			name[STORE_LEASE_MAX];

	begin("alice", "key001", "user-alice-b-0");
	begin("bob", "key001", "user-bob-b-0");
	begin("alice", NULL, "user-alice-b-1");
	begin("alice", NULL, "user-alice-b-2");
	ck_assert_int_eq(store_lease_begin(s, &l, name, NULL), -1);
	DONE(store_lease_end(s, "user-alice-b-0", 300, "over", 1, &e));
	begin("alice", "key001", "user-alice-b-3");
}
END_TEST

static bool
add_ended(const struct store_lease *l, void *arg)
{
	str_addf(arg, "%s ", l->name);
	return true;
}

START_TEST(test_ended_of_a_user)
{
	struct str	got = STR_INIT;

	begin("alice", NULL, "user-alice-b-0");
	begin("alice", NULL, "user-alice-b-1");
	begin("alice", NULL, "user-alice-b-2");
	begin("bob", NULL, "user-bob-b-0");
	DONE(store_lease_end(s, "user-alice-b-1", 300, "x", 1, &e));
	DONE(store_lease_end(s, "user-bob-b-0", 350, "x", 1, &e));
	DONE(store_lease_end(s, "user-alice-b-0", 400, "x", 1, &e));
	DONE(store_leases_ended_of(s, "alice", add_ended, &got, 10, &e));
	ck_assert_str_eq(str_text(&got), "user-alice-b-0 user-alice-b-1 ");
	str_clear(&got);
	DONE(store_leases_ended_of(s, "alice", add_ended, &got, 1, &e));
	ck_assert_str_eq(str_text(&got), "user-alice-b-0 ");
	str_release(&got);
}
END_TEST

/* --- drains ---------------------------------------------------------------------------- */

static bool
add_drain(const char *machine, const char *host_type, void *arg)
{
	str_addf(arg, "%s/%s ", machine, host_type);
	return true;
}

START_TEST(test_drains)
{
	struct str	got = STR_INIT;

	DONE(store_drain_set(s, "m2", "hx", 5, &e));
	DONE(store_drain_set(s, "m1", "hx", 5, &e));
	DONE(store_drain_set(s, "m2", "hy", 6, &e));
	DONE(store_drain_set(s, "m3", "hx", 6, &e));
	DONE(store_drain_delete(s, "m3", &e));
	DONE(store_drain_delete(s, "m9", &e));
	reopen();
	DONE(store_drains(s, add_drain, &got, &e));
	ck_assert_str_eq(str_text(&got), "m1/hx m2/hy ");
	str_release(&got);
}
END_TEST

/* --- older files ---------------------------------------------------------------------- */

/* The schema as the first version of the program made it. */
static const char *const first_schema[] = {
	"CREATE TABLE users ("
	" name TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE,"
	" disabled INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL,"
	" instances_max INTEGER NOT NULL DEFAULT -1) WITHOUT ROWID;"
	"CREATE TABLE keys ("
	" name TEXT PRIMARY KEY, host_type TEXT NOT NULL, kind INTEGER NOT NULL,"
	" hash TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,"
	" revoked INTEGER NOT NULL DEFAULT 0,"
	" last_used INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE counters (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE leases ("
	" name TEXT PRIMARY KEY, user TEXT NOT NULL, builder_type TEXT NOT NULL,"
	" host_type TEXT NOT NULL, machine TEXT NOT NULL, boot TEXT,"
	" created INTEGER NOT NULL, last_use INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, idle_ms INTEGER NOT NULL,"
	" granted INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,"
	" reason TEXT) WITHOUT ROWID;"
	"CREATE INDEX leases_live ON leases (name) WHERE ended = 0;"
	"CREATE INDEX leases_ended ON leases (ended) WHERE ended > 0;"
	"CREATE TABLE events ("
	" id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL,"
	" what TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL,"
	" peer TEXT NOT NULL);"
	"CREATE INDEX events_at ON events (at);",
};

START_TEST(test_older_file)
{
	struct err	 why = ERR_INIT;
	struct db	*db;

	store_close(s);
	s = NULL;
	snprintf(path, sizeof path, "%s/older", dir);
	db = db_open(path, first_schema, 1, &why);
	ck_assert_msg(db != NULL, "%s", why.msg);
	ck_assert_int_eq(db_exec(db, &why, "INSERT INTO counters VALUES ('user-alice-b', 4)", ""), 1);
	ck_assert_int_eq(db_exec(db, &why, "INSERT INTO leases VALUES ('user-alice-b-3', 'alice',"
	    " 'b', 'hx', 'm1', 'boot', 100, 100, 200, 100, 1, 0, NULL)", ""), 1);
	db_close(db);
	reopen();
	check_lease("user-alice-b-3", "user-alice-b-3 200 0 0 -\n");
	begin("alice", "key001", "user-alice-b-4");
	put("user-alice-b-3", "aaaaaa", "alice", 1, 0);
	DONE(store_lease_end(s, "user-alice-b-3", 300, "over", 1, &e));
	check_running("");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*su = suite_create("store_execs");
	TCase	*tc = tcase_create("store_execs");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, test_execs);
	tcase_add_test(tc, test_find);
	tcase_add_test(tc, test_tails);
	tcase_add_test(tc, test_tails_are_bounded);
	tcase_add_test(tc, test_prune);
	tcase_add_test(tc, test_lease_ends_execs);
	tcase_add_test(tc, test_lease_limits);
	tcase_add_test(tc, test_one_lease_a_request);
	tcase_add_test(tc, test_ended_of_a_user);
	tcase_add_test(tc, test_drains);
	tcase_add_test(tc, test_older_file);
	suite_add_tcase(su, tc);
	return su;
}
