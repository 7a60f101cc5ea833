/*
 * pool_again.c - the local pool: buildlets that end while they are in use are
 * started again on their work directory.
 */
#include "unit.h"

#include "coordinator/pool.h"
#include "pool_fixture.h"

/* Somebody has it: it is started again in its directory. */
START_TEST(test_killed_while_leased)
{
	char	*name, *was, *now;
	pid_t	 pid;

	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	pool_local_ops.event(pool, name, POOL_BUSY);
	is_leased = true;
	pid = pid_of(name);
	was = in_dir(name, "token");
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	UNTIL(&fx, (sweep(100), pid_of(name) != pid));
	ck_assert_uint_eq(deads, 0);
	ck_assert_uint_eq(tokens, 2);		/* the old key is of no use to it */
	now = in_dir(name, "token");
	ck_assert_str_eq(was, now);		/* of the same machine */
	ck_assert_uint_eq(row().machines, 1);
	ck_assert_uint_eq(row().starting, 1);
	/* Killed again and again: tried again and again, but not all the time. */
	pid = pid_of(name);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	UNTIL(&fx, (sweep(100), pid_of(name) != pid));
	ck_assert_uint_eq(deads, 0);
	pool_local_ops.event(pool, name, POOL_JOINED);
	ck_assert_uint_eq(row().starting, 0);
	free(name);
	free(was);
	free(now);
}
END_TEST

/* It comes back even if its instance has ended meanwhile, so that what ran
 * there is ended; but not for ever. */
START_TEST(test_killed_and_ended_meanwhile)
{
	char		*name;
	unsigned	 n;

	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	pool_local_ops.event(pool, name, POOL_BUSY);
	is_leased = true;
	script("exit 7");
	ck_assert_int_eq(kill(pid_of(name), SIGKILL), 0);
	UNTIL(&fx, (sweep(100), tokens == 2));
	is_leased = false;
	pool_local_ops.want(pool, LOCAL, 0);
	UNTIL(&fx, (sweep(1000), deads == 1));
	n = tokens;
	ck_assert_uint_ge(n, 4);
	ck_assert_uint_le(n, 8);
	ck_assert_ptr_nonnull(strstr(dead_why, "exited with status 7"));
	UNTIL(&fx, (sweep(1000), count_dirs() == 0));
	free(name);
}
END_TEST

/* Told to end, it has emptied everything: there is nothing to come back to. */
START_TEST(test_ends_orderly_while_leased)
{
	char	*name;

	script("trap 'exit 0' TERM; while :; do sleep 0.01; done");
	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	is_leased = true;
	pool_local_ops.want(pool, LOCAL, 0);
	UNTIL(&fx, (deads == 0 ? kill(pid_of(name), SIGTERM) : 0, sweep(100), deads == 1));
	ck_assert_ptr_nonnull(strstr(dead_why, "exited with status 0"));
	is_leased = false;
	free(name);
}
END_TEST

/* Both were killed: the next coordinator starts it again, once it can be dialed. */
START_TEST(test_killed_with_the_coordinator)
{
	char	*name;
	pid_t	 pid;
	int	 status;

	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	pool_local_ops.free(pool);
	pid = pid_of(name);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	is_leased = true;
	port = 0;
	pool_up();
	sweep(1000);
	ck_assert_uint_eq(deads, 0);
	ck_assert_uint_eq(row().machines, 1);
	ck_assert_int_eq(pid_of(name), pid);
	port = 8119;
	UNTIL(&fx, (sweep(100), pid_of(name) != pid));
	ck_assert_uint_eq(deads, 0);
	pool_local_ops.event(pool, name, POOL_JOINED);
	is_leased = false;
	free(name);
}
END_TEST

/* Nobody has it any more, but it was not clean when both were killed. */
START_TEST(test_killed_before_it_was_clean)
{
	char	*name;
	pid_t	 pid;
	int	 status;

	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	pool_local_ops.event(pool, name, POOL_BUSY);
	pool_local_ops.event(pool, name, POOL_LOST);
	pool_local_ops.free(pool);
	pid = pid_of(name);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	pool_up();
	UNTIL(&fx, (sweep(100), pid_of(name) != pid));
	ck_assert_uint_eq(deads, 0);
	pool_local_ops.event(pool, name, POOL_JOINED);
	pool_local_ops.event(pool, name, POOL_IDLE);
	pool_local_ops.want(pool, LOCAL, 0);
	ck_assert_int_eq(kill(pid_of(name), SIGKILL), 0);
	UNTIL(&fx, (sweep(0), deads == 1));
	free(name);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("pool_again");
	TCase	*tc = tcase_create("pool_again");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_killed_while_leased);
	tcase_add_test(tc, test_killed_and_ended_meanwhile);
	tcase_add_test(tc, test_ends_orderly_while_leased);
	tcase_add_test(tc, test_killed_with_the_coordinator);
	tcase_add_test(tc, test_killed_before_it_was_clean);
	suite_add_tcase(s, tc);
	return s;
}
