/* pool.c - the local pool: buildlets started, watched, stopped and taken over. */
#include "unit.h"

#include "coordinator/pool.h"
#include "pool_fixture.h"

START_TEST(test_starts_what_is_wanted)
{
	char		*name, *token;
	struct stat	 st;
	char		*path;

	port = 0;			/* nobody could dial us yet */
	pool_local_ops.want(pool, LOCAL, 1);
	ck_assert_uint_eq(row().machines, 0);
	port = 8119;
	sweep(0);
	ck_assert_uint_eq(row().machines, 1);
	ck_assert_uint_eq(row().starting, 1);
	ck_assert_uint_eq(row().limit, 3);
	pool_local_ops.want(pool, LOCAL, 1);
	ck_assert_uint_eq(row().machines, 1);
	name = only_dir();
	ck_assert(str_starts(name, LOCAL "-"));
	token = in_dir(name, "token");
	ck_assert(str_starts(token, "token-of-" LOCAL "-"));
	path = xasprintf("%s/local/%s/token", fx.dir, name);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(getpgid(pid_of(name)), pid_of(name));	/* apart from us */
	pool_local_ops.event(pool, name, POOL_JOINED);
	ck_assert_uint_eq(row().starting, 0);
	pool_local_ops.want(pool, LOCAL, 10);
	ck_assert_uint_eq(row().machines, 3);
	ck_assert_uint_eq(tokens, 3);
	pool_local_ops.want(pool, "host-unknown", 10);
	ck_assert_uint_eq(row().machines, 3);
	free(path);
	free(name);
	free(token);
}
END_TEST

START_TEST(test_ends_before_it_registers)
{
	unsigned	 n;
	char		*name;

	script("echo one; echo 'cannot find my hat'; exit 3");
	pool_local_ops.want(pool, LOCAL, 1);
	UNTIL(&fx, (sweep(0), deads > 0));
	ck_assert_ptr_nonnull(strstr(row().note, "exited with status 3"));
	ck_assert_ptr_nonnull(strstr(row().note, "cannot find my hat"));
	ck_assert_ptr_nonnull(strstr(dead_why, "exited with status 3"));
	/* Tried again, but less and less often. */
	UNTIL(&fx, (sweep(0), deads == 2 && row().machines == 0));
	n = tokens;
	sweep(100);
	ck_assert_uint_eq(tokens, n);
	UNTIL(&fx, (sweep(100), tokens > n));
	script("exec sleep 100");
	UNTIL(&fx, (sweep(5000), row().machines == 1 && deads == tokens - 1));
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	free(name);
	ck_assert_str_eq(row().note, "");
}
END_TEST

START_TEST(test_cannot_start)
{
	ck_assert_int_eq(unlink(buildlet), 0);
	pool_local_ops.want(pool, LOCAL, 1);
	ck_assert_uint_eq(row().machines, 0);
	ck_assert_ptr_nonnull(strstr(row().note, "No such file"));
	ck_assert_ptr_nonnull(strstr(row().note, "/buildlet"));
}
END_TEST

START_TEST(test_never_registers)
{
	pool_local_ops.want(pool, LOCAL, 1);
	sweep(59000);
	ck_assert_uint_eq(deads, 0);
	pool_local_ops.want(pool, LOCAL, 0);
	sweep(1001);
	UNTIL(&fx, (sweep(0), deads == 1));
	ck_assert_ptr_nonnull(strstr(row().note, "did not register in time"));
	ck_assert_uint_eq(row().machines, 0);
}
END_TEST

START_TEST(test_killed)
{
	char	*name;

	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	pool_local_ops.event(pool, name, POOL_BUSY);
	pool_local_ops.event(pool, name, POOL_IDLE);
	pool_local_ops.want(pool, LOCAL, 0);
	ck_assert_int_eq(kill(pid_of(name), SIGKILL), 0);
	UNTIL(&fx, (sweep(0), deads == 1));
	ck_assert_str_eq(dead_name, name);
	ck_assert_ptr_nonnull(strstr(dead_why, "was killed by signal 9"));
	ck_assert_str_eq(row().note, "");
	UNTIL(&fx, (sweep(0), count_dirs() == 0));
	free(name);
}
END_TEST

START_TEST(test_idle_ones_go)
{
	struct strs	names;
	size_t		i;

	pool_local_ops.want(pool, LOCAL, 3);
	names = dirs();
	ck_assert_uint_eq(names.n, 3);
	for (i = 0; i < names.n; i++) {
		pool_local_ops.event(pool, names.v[i], POOL_JOINED);
		pool_local_ops.event(pool, names.v[i], POOL_IDLE);
	}
	pool_local_ops.want(pool, LOCAL, 0);
	sweep(299000);
	ck_assert_uint_eq(halts, 0);
	may_halt = false;			/* just lent */
	sweep(2000);
	ck_assert_uint_gt(halts, 0);
	ck_assert_uint_eq(row().machines, 3);
	may_halt = true;
	halts = 0;
	sweep(1000);
	ck_assert_uint_eq(halts, 2);		/* one stays for the next who comes */
	pool_local_ops.event(pool, halted, POOL_LOST);
	UNTIL(&fx, (sweep(0), deads == 1));
	ck_assert_str_eq(dead_name, halted);
	sweep(16000);				/* the other does not end by itself */
	UNTIL(&fx, (sweep(0), deads == 2));
	sweep(1000000);
	ck_assert_uint_eq(row().machines, 1);
	strs_release(&names);
}
END_TEST

START_TEST(test_no_longer_offered)
{
	struct catalog	*c = catalog_new();
	char		*name;

	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pool_local_ops.event(pool, name, POOL_JOINED);
	pool_local_ops.event(pool, name, POOL_IDLE);
	pool_local_ops.types(pool, c);
	sweep(0);
	ck_assert_uint_eq(halts, 1);
	pool_local_ops.want(pool, LOCAL, 2);
	ck_assert_uint_eq(row().machines, 1);
	catalog_unref(c);
	free(name);
}
END_TEST

/* Killed coordinator: the next one finds what runs and clears away what does not. */
START_TEST(test_taken_over)
{
	struct strs	 names;
	const char	*first, *second;
	pid_t		 pid;
	int		 status;

	pool_local_ops.want(pool, LOCAL, 2);
	names = dirs();
	ck_assert_uint_eq(names.n, 2);
	first = names.v[0];
	second = names.v[1];
	pool_local_ops.event(pool, first, POOL_JOINED);
	pool_local_ops.event(pool, second, POOL_JOINED);
	pool_local_ops.free(pool);
	ck_assert_int_eq(kill(pid_of(first), 0), 0);	/* they go on */
	pid = pid_of(second);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);

	pool_up();
	ck_assert_uint_eq(deads, 1);
	ck_assert_str_eq(dead_name, second);
	ck_assert_uint_eq(row().machines, 1);
	ck_assert_uint_eq(row().starting, 0);
	sweep(60000);
	ck_assert_uint_eq(deads, 1);
	/* It dials in again, in time; or else it is stopped. */
	pool_local_ops.event(pool, first, POOL_JOINED);
	sweep(600000);
	ck_assert_uint_eq(deads, 1);
	pid = pid_of(first);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	(void)waitpid(pid, &status, 0);
	UNTIL(&fx, (sweep(0), deads == 2));
	strs_release(&names);
}
END_TEST

/* After a reboot the number may be anybody's: it must not be touched. */
START_TEST(test_a_strangers_pid)
{
	char	*dir = xasprintf("%s/local/" LOCAL "-0123", fx.dir), *path, *text;

	pool_local_ops.free(pool);
	ck_assert_int_eq(file_mkdirs(dir, 0700, NULL), 0);
	path = xasprintf("%s/pid", dir);
	text = xasprintf("%ld\n", (long)getpid());
	ck_assert_int_eq(file_write(path, text, strlen(text), 0600, NULL), 0);
	free(path);
	path = xasprintf("%s/lock", dir);
	ck_assert_int_eq(file_write(path, "", 0, 0600, NULL), 0);
	pool_up();
	ck_assert_uint_eq(deads, 1);
	ck_assert_str_eq(dead_name, LOCAL "-0123");
	ck_assert_uint_eq(row().machines, 0);
	free(path);
	free(text);
	free(dir);
}
END_TEST

START_TEST(test_stop)
{
	char	*name;
	pid_t	 pid;
	bool	 done = false;
	int	 status;

	pool_local_ops.want(pool, LOCAL, 1);
	name = only_dir();
	pid = pid_of(name);
	pool_local_ops.event(pool, name, POOL_JOINED);
	is_leased = true;
	pool_local_ops.stop(pool, 5000, on_done, &done);
	ck_assert(!done);
	UNTIL(&fx, done);
	ck_assert_int_eq(kill(pid, 0), 0);	/* somebody has it: it stays */
	pool_local_ops.free(pool);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);

	is_leased = done = false;
	pool_up();
	pool_local_ops.want(pool, LOCAL, 1);
	deads = 0;
	pool_local_ops.stop(pool, 5000, on_done, &done);
	UNTIL(&fx, done);
	ck_assert_uint_eq(deads, 1);
	ck_assert_uint_eq(row().machines, 0);
	ck_assert_uint_eq(count_dirs(), 0);
	free(name);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("pool");
	TCase	*tc = tcase_create("pool");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_starts_what_is_wanted);
	tcase_add_test(tc, test_ends_before_it_registers);
	tcase_add_test(tc, test_cannot_start);
	tcase_add_test(tc, test_never_registers);
	tcase_add_test(tc, test_killed);
	tcase_add_test(tc, test_idle_ones_go);
	tcase_add_test(tc, test_no_longer_offered);
	tcase_add_test(tc, test_taken_over);
	tcase_add_test(tc, test_a_strangers_pid);
	tcase_add_test(tc, test_stop);
	suite_add_tcase(s, tc);
	return s;
}
