/*
 * groups.c - groups over the whole core: who is in which, from the grant to the end,
 * over restarts, and where the store fails.
 */
#include "unit.h"

#include "coordinator/core.h"
#include "core_fixture.h"
#include "data/db.h"

#define ALICE0	"user-alice-b-0"
#define ALICE1	"user-alice-b-1"

static struct fix	fx;
static struct user	alice, bob;

static void
up(void)
{
	fix_up(&fx);
	alice = user_of("alice", -1);
	bob = user_of("bob", -1);
}

static void
down(void)
{
	fix_down(&fx);
}

#define DONE(call) do {							\
	struct err e = ERR_INIT;					\
	ck_assert_msg((call) == 0, "%s", e.msg);			\
} while (0)
#define REFUSED(code_, word, call) do {					\
	struct err e = ERR_INIT;					\
	ck_assert_int_eq((call), -1);					\
	ck_assert_msg(e.code == (code_), "code %d: %s", e.code, e.msg);	\
	ck_assert_msg(strstr(e.msg, word) != NULL, "%s", e.msg);	\
} while (0)

static void
add_group(const struct group_row *row, void *arg)
{
	size_t	i;

	str_addf(arg, "%s(", row->name);
	for (i = 0; i < row->instances->n; i++)
		str_addf(arg, "%s%s", i == 0 ? "" : " ", row->instances->v[i]);
	str_add(arg, ")");
}

static void
check(const struct user *u, const char *want)
{
	struct str	got = STR_INIT;

	DONE(groups_rows(fx.core, u, add_group, &got, &e));
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
}

static void
check_of(const char *instance, const char *want)
{
	struct strs	got = STRS_INIT;
	struct str	text = STR_INIT;
	size_t		i;

	DONE(groups_of(fx.core, instance, &got, &e));
	for (i = 0; i < got.n; i++)
		str_addf(&text, "%s ", got.v[i]);
	ck_assert_str_eq(str_text(&text), want);
	str_release(&text);
	strs_release(&got);
}

static void
create(const struct user *u, const char *name)
{
	DONE(groups_create(fx.core, u, name, "peer", &e));
}

/* Alice asks for an instance in those groups. */
static void
ask_in(struct ask *a, const char *key, const char *one, const char *two)
{
	struct strs			groups = STRS_INIT;
	const struct sched_order	o = { .builder_type = "b", .key = key,
	    .groups = &groups };
	struct err			e = ERR_INIT;

	strs_add(&groups, one);
	if (two != NULL)
		strs_add(&groups, two);
	memset(a, 0, sizeof *a);
	a->request = sched_request(fx.core, &alice, &o, on_granted, a, &e);
	ck_assert_msg(a->request != NULL, "%s", e.msg);
	strs_release(&groups);
}

/* --- what users see ------------------------------------------------------------- */

START_TEST(test_own)
{
	(void)fake_idle(&fx, "m1");
	(void)fake_idle(&fx, "m2");
	create(&alice, "g");
	create(&alice, "empty");
	create(&bob, "g");
	(void)get_one(&fx, "alice", "b");
	(void)get_one(&fx, "bob", "b");
	DONE(groups_add(fx.core, &alice, "g", ALICE0, "peer", &e));
	DONE(groups_add(fx.core, &alice, "g", ALICE0, "peer", &e));
	check(&alice, "empty()g(" ALICE0 ")");
	check(&bob, "g()");
	check_of(ALICE0, "g ");
	REFUSED(STORE_MISSING, "no group \"x\"",
	    groups_add(fx.core, &alice, "x", ALICE0, "peer", &e));
	REFUSED(STORE_MISSING, "no group \"empty\"",
	    groups_add(fx.core, &bob, "empty", "user-bob-b-0", "peer", &e));
	REFUSED(STORE_MISSING, "no instance \"user-alice-b-7\"",
	    groups_add(fx.core, &alice, "g", "user-alice-b-7", "peer", &e));
	REFUSED(STORE_MISSING, "not yours",
	    groups_add(fx.core, &bob, "g", ALICE0, "peer", &e));
	REFUSED(STORE_MISSING, "not in group empty",
	    groups_remove(fx.core, &alice, "empty", ALICE0, "peer", &e));
	DONE(groups_remove(fx.core, &alice, "g", ALICE0, "peer", &e));
	check(&alice, "empty()g()");
	DONE(groups_destroy(fx.core, &alice, "g", "peer", &e));
	ck_assert_ptr_nonnull(instance_peek(fx.core, ALICE0));
	check(&bob, "g()");
}
END_TEST

START_TEST(test_bounded)
{
	char	name[16];
	int	i;

	for (i = 0; i < GROUPS_MAX; i++) {
		snprintf(name, sizeof name, "g%d", i);
		create(&alice, name);
	}
	REFUSED(STORE_FULL, "100 groups", groups_create(fx.core, &alice, "more", "peer", &e));
	create(&bob, "more");
	DONE(groups_destroy(fx.core, &alice, "g0", "peer", &e));
	create(&alice, "more");
}
END_TEST

START_TEST(test_end_and_restart)
{
	(void)fake_idle(&fx, "m1");
	(void)fake_idle(&fx, "m2");
	create(&alice, "g");
	(void)get_one(&fx, "alice", "b");
	(void)get_one(&fx, "alice", "b");
	DONE(groups_add(fx.core, &alice, "g", ALICE1, "peer", &e));
	DONE(groups_add(fx.core, &alice, "g", ALICE0, "peer", &e));
	fix_restart(&fx);
	/* Their machines are not back yet. */
	check(&alice, "g(" ALICE0 " " ALICE1 ")");
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "enough");
	check(&alice, "g(" ALICE1 ")");
	check_of(ALICE0, "");
	REFUSED(STORE_MISSING, "enough",
	    groups_add(fx.core, &alice, "g", ALICE0, "peer", &e));
	REFUSED(STORE_MISSING, "not in group",
	    groups_remove(fx.core, &alice, "g", ALICE0, "peer", &e));
	advance(&fx, 301000);		/* the grace time of the other */
	check(&alice, "g()");
	fix_restart(&fx);
	check(&alice, "g()");
}
END_TEST

/* --- from the grant on ---------------------------------------------------------- */

START_TEST(test_granted_in_groups)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct ask	 a;

	f->hold_wipe = true;
	create(&alice, "g");
	create(&alice, "h");
	create(&alice, "gone");
	ask_in(&a, NULL, "gone", "g");
	UNTIL(&fx, f->wipes == 2);
	check(&alice, "g()gone()h()");
	DONE(groups_destroy(fx.core, &alice, "gone", "peer", &e));
	fake_cut(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_GONE);
	f->hold_wipe = false;
	fake_connect(f);
	UNTIL(&fx, a.over);
	ck_assert_msg(a.got != NULL, "%s", a.why.msg);
	check_of(a.name, "g ");
	fix_restart(&fx);
	check_of(a.name, "g ");
}
END_TEST

/* Asked again, in the queue and after the grant, it is the same request. */
START_TEST(test_asked_again)
{
	struct ask	a, b;

	create(&alice, "g");
	ask_in(&a, "key001", "g", NULL);
	ck_assert(sched_has(fx.core, "alice", "key001"));
	ck_assert(!sched_has(fx.core, "alice", "key002"));
	ck_assert(!sched_has(fx.core, "bob", "key001"));
	ask_in(&b, "key001", "g", NULL);
	ck_assert(a.over);
	fake_connect(fake_new(&fx, "m1"));
	UNTIL(&fx, b.over);
	ck_assert_ptr_nonnull(b.got);
	check(&alice, "g(" ALICE0 ")");
	ck_assert(!sched_has(fx.core, "alice", "key001"));
	ck_assert_ptr_eq(instance_of_request(fx.core, "alice", "key001"), b.got);
}
END_TEST

START_TEST(test_check)
{
	struct strs	names = STRS_INIT;

	DONE(groups_check(fx.core, &alice, &names, &e));
	create(&alice, "g");
	create(&bob, "h");
	strs_add(&names, "g");
	DONE(groups_check(fx.core, &alice, &names, &e));
	strs_add(&names, "h");
	REFUSED(STORE_MISSING, "no group \"h\"", groups_check(fx.core, &alice, &names, &e));
	strs_release(&names);
}
END_TEST

/* --- a store that fails ----------------------------------------------------------- */

/* Another door to the store's file, whatever its version is. */
static void
in_store(const char *sql)
{
	static const char *const	 steps[32];	/* as many as it has seen already */
	char				 path[600];
	struct err			 e = ERR_INIT;
	struct db			*db = NULL;
	int				 n;

	snprintf(path, sizeof path, "%s/db", fx.dir);
	for (n = 1; n <= 32 && db == NULL; n++)
		db = db_open(path, steps, n, &e);
	ck_assert_msg(db != NULL, "%s", e.msg);
	ck_assert_msg(db_exec(db, &e, sql, "") != -1, "%s", e.msg);
	db_close(db);
}

START_TEST(test_grant_fails)
{
	struct ask	a;

	create(&alice, "g");
	(void)fake_idle(&fx, "m1");
	in_store("CREATE TRIGGER bad BEFORE INSERT ON group_members"
	    " BEGIN SELECT RAISE(ABORT, 'no more room'); END");
	ask_in(&a, NULL, "g", NULL);
	UNTIL(&fx, a.over);
	ck_assert_ptr_null(a.got);
	ck_assert_int_eq(a.why.code, SCHED_FAILED);
	ck_assert_msg(strstr(a.why.msg, "no more room") != NULL, "%s", a.why.msg);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 0);
	check(&alice, "g()");
	in_store("DROP TRIGGER bad");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ask_in(&a, NULL, "g", NULL);
	UNTIL(&fx, a.over);
	ck_assert_msg(a.got != NULL, "%s", a.why.msg);
	check(&alice, "g(" ALICE1 ")");
}
END_TEST

START_TEST(test_changes_fail)
{
	(void)fake_idle(&fx, "m1");
	create(&alice, "g");
	(void)get_one(&fx, "alice", "b");
	DONE(groups_add(fx.core, &alice, "g", ALICE0, "peer", &e));
	in_store("CREATE TRIGGER bad BEFORE DELETE ON group_members"
	    " BEGIN SELECT RAISE(ABORT, 'no more room'); END");
	REFUSED(STORE_FAILED, "no more room",
	    groups_remove(fx.core, &alice, "g", ALICE0, "peer", &e));
	/* All of it or nothing. */
	REFUSED(STORE_FAILED, "no more room",
	    groups_destroy(fx.core, &alice, "g", "peer", &e));
	check(&alice, "g(" ALICE0 ")");
	REFUSED(STORE_FAILED, "no more room",
	    instance_give_back(instance_peek(fx.core, ALICE0), "user-alice", "over", &e));
	ck_assert_ptr_nonnull(instance_peek(fx.core, ALICE0));
	check(&alice, "g(" ALICE0 ")");
	in_store("DROP TRIGGER bad");
	DONE(instance_give_back(instance_peek(fx.core, ALICE0), "user-alice", "over", &e));
	check(&alice, "g()");
}
END_TEST

/* It has ended, and only the store does not know: nobody is shown it, until a
 * restart finds it alive. */
START_TEST(test_end_not_written)
{
	(void)fake_idle(&fx, "m1");
	create(&alice, "g");
	(void)get_one(&fx, "alice", "b");
	DONE(groups_add(fx.core, &alice, "g", ALICE0, "peer", &e));
	in_store("CREATE TRIGGER bad BEFORE DELETE ON group_members"
	    " BEGIN SELECT RAISE(ABORT, 'no more room'); END");
	instance_end(instance_peek(fx.core, ALICE0), "coordinator", "over");
	check(&alice, "g()");
	in_store("DROP TRIGGER bad");
	fix_restart(&fx);
	check(&alice, "g(" ALICE0 ")");
	instance_end(instance_peek(fx.core, ALICE0), "coordinator", "over");
	check(&alice, "g()");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("groups");
	TCase	*tc = tcase_create("groups");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_own);
	tcase_add_test(tc, test_bounded);
	tcase_add_test(tc, test_end_and_restart);
	tcase_add_test(tc, test_granted_in_groups);
	tcase_add_test(tc, test_asked_again);
	tcase_add_test(tc, test_check);
	tcase_add_test(tc, test_grant_fails);
	tcase_add_test(tc, test_changes_fail);
	tcase_add_test(tc, test_end_not_written);
	suite_add_tcase(s, tc);
	return s;
}
