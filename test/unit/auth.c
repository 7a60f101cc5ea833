/* auth.c - who is asking: users by token, machines by key. */
#include "unit.h"

#include "coordinator/auth.h"
#include "coordinator/core.h"
#include "core_fixture.h"
#include "io/digest.h"

static struct fix	fx;
static char		*token;		/* alice's */

static void
up(void)
{
	char	hash[SECRET_HASH_MAX];

	fix_up(&fx);
	add_host(fx.catalog, "host-y", "reverse", 0);
	ck_assert_int_eq(catalog_add_limit(fx.catalog, "alice", 3, NULL), 0);
	token = auth_make_token(hash);
	ck_assert_int_eq(store_user_add(fx.store, "alice", hash, 1, NULL), 0);
}

static void
down(void)
{
	free(token);
	fix_down(&fx);
}

static void
user_refused(const char *name, const char *tok, int code, const char *text)
{
	struct user	u;
	struct err	e = ERR_INIT;

	ck_assert_int_eq(auth_user(fx.core, name, tok, &u, &e), -1);
	ck_assert_int_eq(e.code, code);
	ck_assert_str_eq(e.msg, text);
}

START_TEST(test_user)
{
	static const char	*const names[] = { "alice", "user-alice", NULL };
	struct user		 u;
	size_t			 i;

	for (i = 0; i < 3; i++) {
		memset(&u, 'x', sizeof u);
		ck_assert_int_eq(auth_user(fx.core, names[i], token, &u, NULL), 0);
		ck_assert_str_eq(u.name, "alice");
		ck_assert_str_eq(u.key, "user-alice");
		ck_assert_int_eq(u.instances_max, 3);
	}
	ck_assert_int_eq(store_user_set_limit(fx.store, "alice", 9, NULL), 0);
	ck_assert_int_eq(auth_user(fx.core, "alice", token, &u, NULL), 0);
	ck_assert_int_eq(u.instances_max, 9);
}
END_TEST

/* Nobody learns from the answer whether a user exists. */
START_TEST(test_user_refusals_are_alike)
{
	static const char	same[] = "unknown user or wrong token";
	char			hash[SECRET_HASH_MAX], *other = auth_make_token(hash);
	char			*huge = xcalloc(1, 10000);

	memset(huge, 'a', 9999);
	user_refused("alice", "wrong", AUTH_DENIED, same);
	user_refused("alice", other, AUTH_DENIED, same);
	user_refused("nobody", "wrong", AUTH_DENIED, same);
	user_refused("nobody", token, AUTH_DENIED, same);
	user_refused("user-user-alice", token, AUTH_DENIED, same);
	user_refused("", token, AUTH_DENIED, same);
	user_refused("alice", "", AUTH_DENIED, same);
	user_refused("alice", NULL, AUTH_DENIED, same);
	user_refused("alice", huge, AUTH_DENIED, same);
	/* The hash is not a token. */
	secret_hash(token, hash);
	user_refused("alice", hash, AUTH_DENIED, same);
	free(other);
	free(huge);
}
END_TEST

START_TEST(test_disabled_and_new_token)
{
	char		hash[SECRET_HASH_MAX], *next = auth_make_token(hash);
	struct user	u;

	/* Whoever was let in before is looked at again. */
	ck_assert_int_eq(auth_user(fx.core, "alice", token, &u, NULL), 0);
	ck_assert_int_eq(store_user_set_disabled(fx.store, "alice", true, NULL), 0);
	user_refused("alice", token, AUTH_DISABLED, "user alice is disabled");
	user_refused("alice", next, AUTH_DENIED, "unknown user or wrong token");
	ck_assert_int_eq(store_user_set_disabled(fx.store, "alice", false, NULL), 0);
	ck_assert_int_eq(auth_user(fx.core, "alice", token, &u, NULL), 0);
	ck_assert(!u.is_operator);
	ck_assert_int_eq(store_user_set_operator(fx.store, "alice", true, NULL), 0);
	ck_assert_int_eq(auth_user(fx.core, "alice", token, &u, NULL), 0);
	ck_assert(u.is_operator);
	ck_assert_int_eq(store_user_set_limit(fx.store, "alice", 7, NULL), 0);
	ck_assert_int_eq(auth_user(fx.core, "alice", token, &u, NULL), 0);
	ck_assert_int_eq(u.instances_max, 7);
	ck_assert_int_eq(store_user_set_token(fx.store, "alice", hash, NULL), 0);
	user_refused("alice", token, AUTH_DENIED, "unknown user or wrong token");
	ck_assert_int_eq(auth_user(fx.core, "alice", next, &u, NULL), 0);
	free(next);
}
END_TEST

/* What was seen of a change that came to nothing does not count either. */
START_TEST(test_change_taken_back)
{
	struct user	u;

	ck_assert_int_eq(store_batch_begin(fx.store, NULL), 0);
	ck_assert_int_eq(store_user_set_disabled(fx.store, "alice", true, NULL), 0);
	user_refused("alice", token, AUTH_DISABLED, "user alice is disabled");
	store_batch_abort(fx.store);
	ck_assert_int_eq(auth_user(fx.core, "alice", token, &u, NULL), 0);
}
END_TEST

static void
machine_refused(const char *host_type, const char *key, const char *hostname, int code)
{
	struct auth_machine	m;
	struct err		e = ERR_INIT;

	ck_assert_int_eq(auth_machine(fx.core, host_type, key, hostname, &m, &e), -1);
	ck_assert_msg(e.code == code, "code %d: %s", e.code, e.msg);
	if (code == AUTH_DENIED)
		ck_assert_ptr_nonnull(strstr(e.msg, "wrong key"));
	ck_assert_ptr_null(m.new_key);
}

static void
machine_ok(const char *host_type, const char *key, const char *hostname,
    const char *name, enum auth_how how)
{
	struct auth_machine	m;
	struct err		e = ERR_INIT;

	ck_assert_msg(auth_machine(fx.core, host_type, key, hostname, &m, &e) == 0,
	    "%s", e.msg);
	ck_assert_str_eq(m.name, name);
	ck_assert_int_eq(m.how, how);
	ck_assert_ptr_null(m.new_key);
}

START_TEST(test_machine_key)
{
	char	hash[SECRET_HASH_MAX], *key = auth_make_key(hash);
	char	other_hash[SECRET_HASH_MAX], *other = auth_make_key(other_hash);

	ck_assert_int_eq(store_key_add(fx.store, "box1", HOST, STORE_KEY_MACHINE, hash, 1,
	    NULL), 0);
	machine_ok(HOST, key, NULL, "box1", AUTH_KEY);
	machine_ok(HOST, key, "whatever it says", "box1", AUTH_KEY);
	machine_refused("host-y", key, NULL, AUTH_DENIED);
	machine_refused("host-z", key, NULL, AUTH_DENIED);
	machine_refused(HOST, other, NULL, AUTH_DENIED);
	machine_refused(HOST, hash, "box1", AUTH_DENIED);
	machine_refused(HOST, "", "box1", AUTH_BAD);
	machine_refused(HOST, NULL, "box1", AUTH_BAD);
	machine_refused(NULL, key, "box1", AUTH_BAD);
	machine_refused("a b", key, "box1", AUTH_BAD);
	ck_assert_int_eq(core_key_revoke(fx.core, "box1", "operator", NULL), 0);
	machine_refused(HOST, key, NULL, AUTH_DISABLED);
	free(key);
	free(other);
}
END_TEST

static bool
see_key(const struct store_key *k, void *arg)
{
	*(struct store_key *)arg = *k;
	return true;
}

START_TEST(test_use_of_a_key_is_noted)
{
	char			 hash[SECRET_HASH_MAX], *key = auth_make_key(hash);
	struct store_key	 k;

	ck_assert_int_eq(store_key_add(fx.store, "box1", HOST, STORE_KEY_MACHINE, hash, 1,
	    NULL), 0);
	machine_ok(HOST, key, NULL, "box1", AUTH_KEY);
	core_sweep(fx.core);
	ck_assert_int_eq(store_keys(fx.store, see_key, &k, NULL), 0);
	ck_assert_int_gt(k.last_used, 0);
	free(key);
}
END_TEST

START_TEST(test_join_token_works_once)
{
	struct auth_machine	m;
	char			*t = auth_join_token(fx.core, HOST, "local-1", 60000);
	char			*t2;

	machine_refused("host-y", "gmj_wrong", NULL, AUTH_DENIED);
	ck_assert_int_eq(auth_machine(fx.core, HOST, t, "anything", &m, NULL), 0);
	ck_assert_str_eq(m.name, "local-1");
	ck_assert_int_eq(m.how, AUTH_JOIN);
	ck_assert_ptr_nonnull(m.new_key);
	machine_refused(HOST, t, NULL, AUTH_DENIED);
	/* From now on it comes by its key, to the next coordinator too. */
	machine_ok(HOST, m.new_key, NULL, "local-1", AUTH_KEY);
	fix_restart(&fx);
	machine_ok(HOST, m.new_key, NULL, "local-1", AUTH_KEY);
	free(m.new_key);
	free(t);

	t = auth_join_token(fx.core, HOST, "local-2", 60000);
	t2 = auth_join_token(fx.core, HOST, "local-2", 60000);
	machine_refused(HOST, t, NULL, AUTH_DENIED);	/* the newer one made it void */
	machine_refused("host-y", t2, NULL, AUTH_DENIED);
	machine_refused(HOST, t2, NULL, AUTH_DENIED);	/* used up by the failure */
	free(t);
	free(t2);
}
END_TEST

START_TEST(test_join_token_grows_old)
{
	char	*t = auth_join_token(fx.core, HOST, "local-1", 60000);

	clock_advance(loop_clock(fx.loop), 60001);
	loop_turn(fx.loop, 0);
	machine_refused(HOST, t, NULL, AUTH_DENIED);
	free(t);
}
END_TEST

START_TEST(test_shared_keys)
{
	char	stock[DIGEST_HEX_MAX];

	digest_hmac_md5("gophers rule", HOST, stock);
	machine_refused(HOST, stock, "box1", AUTH_DENIED);	/* nobody allowed it */
	machine_refused(HOST, "the dev key", "box1", AUTH_DENIED);
	fx.cfg.master_key = "gophers rule";
	fx.cfg.dev_key = "the dev key";
	fix_restart(&fx);
	machine_ok(HOST, stock, "box1", HOST "/box1", AUTH_STOCK);
	machine_refused("host-y", stock, "box1", AUTH_DENIED);
	machine_refused(HOST, stock, "", AUTH_BAD);
	machine_refused(HOST, stock, NULL, AUTH_BAD);
	machine_refused(HOST, stock, "../../x", AUTH_BAD);
	machine_ok("host-y", "the dev key", "box2", "host-y/box2", AUTH_DEV);
	machine_refused("host-z", "the dev key", "box2", AUTH_DENIED);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("auth");
	TCase	*tc = tcase_create("auth");

	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, test_user);
	tcase_add_test(tc, test_user_refusals_are_alike);
	tcase_add_test(tc, test_disabled_and_new_token);
	tcase_add_test(tc, test_change_taken_back);
	tcase_add_test(tc, test_machine_key);
	tcase_add_test(tc, test_use_of_a_key_is_noted);
	tcase_add_test(tc, test_join_token_works_once);
	tcase_add_test(tc, test_join_token_grows_old);
	tcase_add_test(tc, test_shared_keys);
	suite_add_tcase(s, tc);
	return s;
}
