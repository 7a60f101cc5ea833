/*
 * pool.c - the local pool: buildlets started, watched, stopped and taken over.
 * The buildlet is a shell script that waits, or ends at once; the pool is told
 * by hand that it registered.
 */
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "coordinator/core.h"
#include "coordinator/detached.h"
#include "coordinator/pool.h"
#include "core_fixture.h"

#define LOCAL "host-l"

static struct fix	 fx;
static char		 buildlet[600];
static struct pool	*pool;
static struct pool_host	 host;
static unsigned		 deads, halts, tokens;
static char		 dead_name[100], dead_why[ERR_MAX], halted[100];
static bool		 may_halt, is_leased;
static int		 port;

static int
on_port(void *arg)
{
	(void)arg;
	return port;
}

static char *
on_token(const char *host_type, const char *name, void *arg)
{
	(void)arg;
	ck_assert_str_eq(host_type, LOCAL);
	tokens++;
	return xasprintf("token-of-%s", name);
}

static void
on_dead(const char *name, const char *why, void *arg)
{
	(void)arg;
	deads++;
	snprintf(dead_name, sizeof dead_name, "%s", name);
	snprintf(dead_why, sizeof dead_why, "%s", why);
}

static bool
on_halt(const char *name, void *arg)
{
	(void)arg;
	halts++;
	snprintf(halted, sizeof halted, "%s", name);
	return may_halt;
}

static bool
on_leased(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return is_leased;
}

static void
script(const char *text)
{
	char	*whole = xasprintf("#!/bin/sh\n%s\n", text);

	ck_assert_int_eq(file_write(buildlet, whole, strlen(whole), 0700, NULL), 0);
	free(whole);
}

static void
pool_up(void)
{
	struct err	e = ERR_INIT;

	pool = pool_local_ops.start(&host, &e);
	ck_assert_msg(pool != NULL, "%s", e.msg);
	pool_local_ops.types(pool, fx.catalog);
}

static void
up(void)
{
	fix_up(&fx);
	add_host(fx.catalog, LOCAL, "local", 3);
	snprintf(buildlet, sizeof buildlet, "%s/buildlet", fx.dir);
	script("exec sleep 100");
	host = (struct pool_host){ .loop = fx.loop, .state_dir = fx.dir,
	    .buildlet = buildlet, .start_ms = 60000, .idle_ms = 300000,
	    .port = on_port, .token = on_token, .dead = on_dead, .halt = on_halt,
	    .leased = on_leased };
	deads = halts = tokens = 0;
	may_halt = true;
	is_leased = false;
	port = 8119;
	pool_up();
}

static struct pool_row
row(void)
{
	struct pool_row	r;

	pool_local_ops.describe(pool, LOCAL, &r);
	return r;
}

static void
sweep(int64_t ms)
{
	clock_advance(loop_clock(fx.loop), ms);
	loop_turn(fx.loop, 0);
	pool_local_ops.sweep(pool, loop_now(fx.loop));
}

static void
on_done(void *arg)
{
	*(bool *)arg = true;
}

static void
down(void)
{
	bool	done = false;

	is_leased = false;
	pool_local_ops.stop(pool, 10000, on_done, &done);
	UNTIL(&fx, done);
	pool_local_ops.free(pool);
	fix_down(&fx);
}

/* The names in STATE/local. */
static struct strs
dirs(void)
{
	struct strs	 got = STRS_INIT;
	char		*path = xasprintf("%s/local", fx.dir);
	DIR		*d = opendir(path);
	struct dirent	*de;

	ck_assert_ptr_nonnull(d);
	while ((de = readdir(d)) != NULL) {
		if (de->d_name[0] != '.')
			strs_add(&got, de->d_name);
	}
	closedir(d);
	free(path);
	return got;
}

static size_t
count_dirs(void)
{
	struct strs	names = dirs();
	size_t		n = names.n;

	strs_release(&names);
	return n;
}

/* The only one there is, once what is being removed is gone. */
static char *
only_dir(void)
{
	struct strs	 names;
	char		*name;

	UNTIL(&fx, (sweep(0), count_dirs() == 1));
	names = dirs();
	name = xstrdup(names.v[0]);
	strs_release(&names);
	return name;
}

static char *
in_dir(const char *name, const char *file)
{
	char	*path = xasprintf("%s/local/%s/%s", fx.dir, name, file);
	char	*text = file_read_trimmed(path, 4096, NULL);

	free(path);
	return text;
}

static pid_t
pid_of(const char *name)
{
	char	*text = in_dir(name, "pid");
	int64_t	 pid = 0;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(str_int64(text, 1, 1 << 30, &pid), 0);
	free(text);
	return (pid_t)pid;
}

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

	pool_up();
	pool_local_ops.want(pool, LOCAL, 1);
	is_leased = done = false;
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
	TCase	*tc = tcase_create("local");

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
