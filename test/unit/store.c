/* store.c - what outlives the coordinator: users, keys, leases, events. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "coordinator/store.h"

static char		 dir[512], path[600];
static struct store	*s;

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

/* The call is refused with that code. */
#define REFUSED(code_, call) do {					\
	struct err e = ERR_INIT;					\
	ck_assert_int_eq((call), -1);					\
	ck_assert_msg(e.code == (code_), "code %d: %s", e.code, e.msg);	\
	ck_assert_int_ne(e.msg[0], '\0');				\
} while (0)
#define DONE(call) do {							\
	struct err e = ERR_INIT;					\
	ck_assert_msg((call) == 0, "%s", e.msg);			\
} while (0)

static bool
add_user(const struct store_user *u, void *arg)
{
	str_addf(arg, "%s%s ", u->name, u->disabled ? "!" : "");
	return true;
}

static void
check_users(const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_users(s, add_user, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

START_TEST(test_users)
{
	struct store_user	u;

	DONE(store_user_add(s, "bob", "h-bob", 10, &e));
	DONE(store_user_add(s, "alice", "h-alice", 20, &e));
	REFUSED(STORE_EXISTS, store_user_add(s, "bob", "h-other", 30, &e));
	check_users("alice bob ");
	reopen();
	ck_assert_int_eq(store_user_by_token_hash(s, "h-alice", &u, NULL), 1);
	ck_assert_str_eq(u.name, "alice");
	ck_assert_int_eq(u.created, 20);
	ck_assert_int_eq(u.instances_max, -1);
	ck_assert(!u.disabled);
	ck_assert_int_eq(store_user_by_token_hash(s, "h-other", &u, NULL), 0);
	ck_assert_int_eq(store_user_find(s, "bob", &u, NULL), 1);
	ck_assert_int_eq(store_user_find(s, "bobby", &u, NULL), 0);
}
END_TEST

START_TEST(test_user_changes)
{
	struct store_user	u;

	DONE(store_user_add(s, "bob", "h1", 10, &e));
	DONE(store_user_set_token(s, "bob", "h2", &e));
	ck_assert_int_eq(store_user_by_token_hash(s, "h1", &u, NULL), 0);
	ck_assert_int_eq(store_user_by_token_hash(s, "h2", &u, NULL), 1);
	DONE(store_user_set_disabled(s, "bob", true, &e));
	check_users("bob! ");
	DONE(store_user_set_disabled(s, "bob", false, &e));
	check_users("bob ");
	DONE(store_user_set_limit(s, "bob", 4, &e));
	ck_assert_int_eq(store_user_find(s, "bob", &u, NULL), 1);
	ck_assert_int_eq(u.instances_max, 4);
	REFUSED(STORE_MISSING, store_user_set_token(s, "eve", "h", &e));
	REFUSED(STORE_MISSING, store_user_set_disabled(s, "eve", true, &e));
	REFUSED(STORE_MISSING, store_user_set_limit(s, "eve", 1, &e));
}
END_TEST

START_TEST(test_bad_names)
{
	static const char	*const names[] = { "", ".", "-x", "a b", "a/b", "user-bob",
	    "\xc3\xa4", "'; DROP TABLE users; --" };
	size_t			 i;
	char			 name[100];

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		REFUSED(STORE_BAD_NAME, store_user_add(s, names[i], "h", 1, &e));
	memset(name, 'a', sizeof name);
	name[STORE_NAME_MAX + 1] = '\0';
	REFUSED(STORE_BAD_NAME, store_user_add(s, name, "h", 1, &e));
	REFUSED(STORE_BAD_NAME, store_key_add(s, "a/b", "host", STORE_KEY_MACHINE, "h", 1, &e));
	REFUSED(STORE_BAD_NAME, store_key_add(s, "a", "", STORE_KEY_MACHINE, "h", 1, &e));
	name[STORE_NAME_MAX] = '\0';
	DONE(store_user_add(s, name, "h", 1, &e));
}
END_TEST

static bool
add_key(const struct store_key *k, void *arg)
{
	str_addf(arg, "%s/%s%s ", k->name, k->host_type, k->revoked ? "!" : "");
	return true;
}

START_TEST(test_keys)
{
	struct store_key	k;
	struct str		got = STR_INIT;

	DONE(store_key_add(s, "m2", "hx", STORE_KEY_MACHINE, "h2", 5, &e));
	DONE(store_key_add(s, "m1", "hx", STORE_KEY_LOCAL, "h1", 5, &e));
	REFUSED(STORE_EXISTS, store_key_add(s, "m1", "hy", STORE_KEY_MACHINE, "h3", 6, &e));
	ck_assert_int_eq(store_key_by_hash(s, "h1", &k, NULL), 1);
	ck_assert_int_eq(k.kind, STORE_KEY_LOCAL);
	ck_assert_int_eq(k.last_used, 0);
	DONE(store_key_used(s, "m1", 99, &e));
	DONE(store_key_revoke(s, "m2", 77, &e));
	REFUSED(STORE_MISSING, store_key_revoke(s, "m2", 78, &e));
	REFUSED(STORE_MISSING, store_key_revoke(s, "m3", 78, &e));
	reopen();
	ck_assert_int_eq(store_key_by_hash(s, "h1", &k, NULL), 1);
	ck_assert_int_eq(k.last_used, 99);
	ck_assert_int_eq(store_key_by_hash(s, "h2", &k, NULL), 1);
	ck_assert_int_eq(k.revoked, 77);
	DONE(store_keys(s, add_key, &got, &e));
	ck_assert_str_eq(str_text(&got), "m1/hx m2/hx! ");
	str_release(&got);
	/* A revoked name may be given again; its old key stays worthless. */
	DONE(store_key_add(s, "m2", "hz", STORE_KEY_MACHINE, "h9", 80, &e));
	ck_assert_int_eq(store_key_by_hash(s, "h2", &k, NULL), 0);
	ck_assert_int_eq(store_key_by_hash(s, "h9", &k, NULL), 1);
	ck_assert_int_eq(k.revoked, 0);
	DONE(store_key_delete(s, "m2", &e));
	DONE(store_key_delete(s, "m2", &e));
	ck_assert_int_eq(store_key_by_hash(s, "h9", &k, NULL), 0);
}
END_TEST

static void
begin(const char *user, const char *builder, const char *want)
{
	struct store_lease	l = { .user = user, .builder_type = builder,
	    .host_type = "hx", .machine = "m1", .created = 100, .last_use = 100,
	    .expires = 200, .idle_ms = 100 };
	char			name[STORE_LEASE_MAX];

	DONE(store_lease_begin(s, &l, name, &e));
	ck_assert_str_eq(name, want);
}

static bool
add_lease(const struct store_lease *l, void *arg)
{
	str_addf(arg, "%s%s%s%s ", l->name, l->granted ? "+" : "", l->ended ? ":" : "",
	    l->reason == NULL ? "" : l->reason);
	return true;
}

static void
check_live(const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_leases_live(s, add_lease, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

START_TEST(test_names_are_never_reused)
{
	begin("alice", "b", "user-alice-b-0");
	begin("alice", "b", "user-alice-b-1");
	begin("alice", "c", "user-alice-c-0");
	DONE(store_lease_end(s, "user-alice-b-1", 300, "over", 9999, &e));
	begin("alice", "b", "user-alice-b-2");
	DONE(store_lease_end(s, "user-alice-b-2", 300, "over", 9999, &e));
	DONE(store_prune(s, 1000, 100, &e));
	reopen();
	begin("alice", "b", "user-alice-b-3");
	check_live("user-alice-b-0 user-alice-b-3 user-alice-c-0 ");
}
END_TEST

/* "a" with builder "b-c" and "a-b" with builder "c" share their names. */
START_TEST(test_names_of_two_users_never_collide)
{
	begin("a", "b-c", "user-a-b-c-0");
	begin("a-b", "c", "user-a-b-c-1");
	begin("a", "b-c", "user-a-b-c-2");
}
END_TEST

static bool
copy_times(const struct store_lease *l, void *arg)
{
	int64_t	*t = arg;

	t[0] = l->last_use;
	t[1] = l->expires;
	t[2] = l->ended;
	ck_assert_str_eq(l->user, "alice");
	ck_assert_str_eq(l->host_type, "hx");
	ck_assert_str_eq(l->machine, "m1");
	return true;
}

START_TEST(test_lease_life)
{
	int64_t	t[3];

	begin("alice", "b", "user-alice-b-0");
	check_live("user-alice-b-0 ");
	DONE(store_lease_grant(s, "user-alice-b-0", "boot", 110, 210, &e));
	DONE(store_lease_touch(s, "user-alice-b-0", 150, 250, &e));
	reopen();
	check_live("user-alice-b-0+ ");
	ck_assert_int_eq(store_lease_find(s, "user-alice-b-0", copy_times, t, NULL), 1);
	ck_assert_int_eq(t[0], 150);
	ck_assert_int_eq(t[1], 250);
	ck_assert_int_eq(t[2], 0);
	DONE(store_lease_end(s, "user-alice-b-0", 300, "destroyed", 9999, &e));
	REFUSED(STORE_MISSING, store_lease_end(s, "user-alice-b-0", 301, "again", 9999, &e));
	REFUSED(STORE_MISSING, store_lease_touch(s, "user-alice-b-0", 1, 2, &e));
	REFUSED(STORE_MISSING, store_lease_grant(s, "user-alice-b-0", NULL, 1, 2, &e));
	check_live("");
	ck_assert_int_eq(store_lease_find(s, "user-alice-b-0", copy_times, t, NULL), 1);
	ck_assert_int_eq(t[2], 300);
	ck_assert_int_eq(store_lease_find(s, "nobody", copy_times, t, NULL), 0);
}
END_TEST

START_TEST(test_ended_newest_first)
{
	struct str	got = STR_INIT;

	begin("a", "b", "user-a-b-0");
	begin("a", "b", "user-a-b-1");
	begin("a", "b", "user-a-b-2");
	DONE(store_lease_end(s, "user-a-b-1", 300, "x", 9999, &e));
	DONE(store_lease_end(s, "user-a-b-0", 400, "y", 9999, &e));
	DONE(store_leases_ended(s, add_lease, &got, 10, &e));
	ck_assert_str_eq(str_text(&got), "user-a-b-0:y user-a-b-1:x ");
	str_clear(&got);
	DONE(store_leases_ended(s, add_lease, &got, 1, &e));
	ck_assert_str_eq(str_text(&got), "user-a-b-0:y ");
	str_release(&got);
}
END_TEST

START_TEST(test_a_batch_is_all_or_nothing)
{
	begin("a", "b", "user-a-b-0");
	DONE(store_batch_begin(s, &e));
	DONE(store_lease_end(s, "user-a-b-0", 300, "x", 9999, &e));
	store_batch_abort(s);
	check_live("user-a-b-0 ");
	DONE(store_batch_begin(s, &e));
	DONE(store_lease_end(s, "user-a-b-0", 300, "x", 9999, &e));
	DONE(store_batch_commit(s, &e));
	check_live("");
}
END_TEST

static bool
add_event(const struct store_event *ev, void *arg)
{
	str_addf(arg, "%s:%s:%s ", ev->who, ev->what, ev->object);
	return true;
}

static void
check_events(int64_t limit, const char *want)
{
	struct str	got = STR_INIT;

	DONE(store_events(s, add_event, &got, limit, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

START_TEST(test_events)
{
	struct store_event	ev = { .at = 5, .who = "w1", .what = "did", .object = "o1" };

	DONE(store_event_add(s, &ev, &e));
	ev.at = 6;
	ev.who = "w2";
	ev.object = NULL;
	DONE(store_event_add(s, &ev, &e));
	check_events(10, "w2:did: w1:did:o1 ");
	check_events(1, "w2:did: ");
	DONE(store_prune(s, 6, 100, &e));
	check_events(10, "w2:did: ");
}
END_TEST

static bool
ignore_lease(const struct store_lease *l, void *arg)
{
	(void)l;
	(void)arg;
	return true;
}

START_TEST(test_prune_spares_the_living)
{
	begin("a", "b", "user-a-b-0");
	begin("a", "b", "user-a-b-1");
	DONE(store_lease_end(s, "user-a-b-1", 300, "x", 9999, &e));
	DONE(store_prune(s, 300, 100, &e));
	ck_assert_int_eq(store_lease_find(s, "user-a-b-1", ignore_lease, NULL, NULL), 1);
	DONE(store_prune(s, 301, 100, &e));
	ck_assert_int_eq(store_lease_find(s, "user-a-b-1", ignore_lease, NULL, NULL), 0);
	check_live("user-a-b-0 ");
}
END_TEST

START_TEST(test_not_a_database)
{
	char		other[600];
	struct err	e = ERR_INIT;

	snprintf(other, sizeof other, "%s/other", dir);
	ck_assert_int_eq(file_write(other, "this is no database at all, not at all", 38,
	    0600, NULL), 0);
	ck_assert_ptr_null(store_open(other, &e));
	ck_assert_int_ne(e.msg[0], '\0');
	ck_assert_ptr_null(store_open("/nonexistent/dir/db", &e));
	store_close(NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*su = suite_create("store");
	TCase	*tc = tcase_create("store");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, test_users);
	tcase_add_test(tc, test_user_changes);
	tcase_add_test(tc, test_bad_names);
	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_names_are_never_reused);
	tcase_add_test(tc, test_names_of_two_users_never_collide);
	tcase_add_test(tc, test_lease_life);
	tcase_add_test(tc, test_ended_newest_first);
	tcase_add_test(tc, test_a_batch_is_all_or_nothing);
	tcase_add_test(tc, test_events);
	tcase_add_test(tc, test_prune_spares_the_living);
	tcase_add_test(tc, test_not_a_database);
	suite_add_tcase(su, tc);
	return su;
}
