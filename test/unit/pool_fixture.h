/*
 * pool_fixture.h - a local pool whose buildlet is a shell script that waits, or ends
 * at once; the pool is told by hand that it registered.
 */
#ifndef POOL_FIXTURE_H
#define POOL_FIXTURE_H

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "coordinator/core.h"
#include "coordinator/detached.h"
#include "coordinator/pool.h"
#include "core_fixture.h"

#define LOCAL "host-l"

static UNUSED struct fix	 fx;
static UNUSED char		 buildlet[600];
static UNUSED struct pool	*pool;
static UNUSED struct pool_host	 host;
static UNUSED unsigned		 deads, halts, tokens;
static UNUSED char		 dead_name[100], dead_why[ERR_MAX], halted[100];
static UNUSED bool		 may_halt, is_leased;
static UNUSED int		 port;

static UNUSED int
on_port(void *arg)
{
	(void)arg;
	return port;
}

static UNUSED char *
on_token(const char *host_type, const char *name, void *arg)
{
	(void)arg;
	ck_assert_str_eq(host_type, LOCAL);
	tokens++;
	return xasprintf("token-of-%s", name);
}

static UNUSED void
on_dead(const char *name, const char *why, void *arg)
{
	(void)arg;
	deads++;
	snprintf(dead_name, sizeof dead_name, "%s", name);
	snprintf(dead_why, sizeof dead_why, "%s", why);
}

static UNUSED bool
on_halt(const char *name, void *arg)
{
	(void)arg;
	halts++;
	snprintf(halted, sizeof halted, "%s", name);
	return may_halt;
}

static UNUSED bool
on_leased(const char *name, void *arg)
{
	(void)name;
	(void)arg;
	return is_leased;
}

static UNUSED void
script(const char *text)
{
	char	*whole = xasprintf("#!/bin/sh\n%s\n", text);

	ck_assert_int_eq(file_write(buildlet, whole, strlen(whole), 0700, NULL), 0);
	free(whole);
}

static UNUSED void
pool_up(void)
{
	struct err	e = ERR_INIT;

	pool = pool_local_ops.start(&host, &e);
	ck_assert_msg(pool != NULL, "%s", e.msg);
	pool_local_ops.types(pool, fx.catalog);
}

static UNUSED void
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

static UNUSED struct pool_row
row(void)
{
	struct pool_row	r;

	pool_local_ops.describe(pool, LOCAL, &r);
	return r;
}

static UNUSED void
sweep(int64_t ms)
{
	clock_advance(loop_clock(fx.loop), ms);
	loop_turn(fx.loop, 0);
	pool_local_ops.sweep(pool, loop_now(fx.loop));
}

static UNUSED void
on_done(void *arg)
{
	*(bool *)arg = true;
}

static UNUSED void
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
static UNUSED struct strs
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

static UNUSED size_t
count_dirs(void)
{
	struct strs	names = dirs();
	size_t		n = names.n;

	strs_release(&names);
	return n;
}

/* The only one there is, once what is being removed is gone. */
static UNUSED char *
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

static UNUSED char *
in_dir(const char *name, const char *file)
{
	char	*path = xasprintf("%s/local/%s/%s", fx.dir, name, file);
	char	*text = file_read_trimmed(path, 4096, NULL);

	free(path);
	return text;
}

static UNUSED pid_t
pid_of(const char *name)
{
	char	*text = in_dir(name, "pid");
	int64_t	 pid = 0;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(str_int64(text, 1, 1 << 30, &pid), 0);
	free(text);
	return (pid_t)pid;
}

#endif
