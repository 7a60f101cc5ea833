/*
 * exec_fixture.h - core_fixture.h with execs on its machines, and looks at what is
 * known of them.
 */
#ifndef EXEC_FIXTURE_H
#define EXEC_FIXTURE_H

#include "coordinator/core.h"
#include "core_fixture.h"

#define ALICE0	"user-alice-b-0"

static struct fix	 fx;

static UNUSED bool
add_text(const struct store_exec *x, void *arg)
{
	str_addf(arg, "%s:%s:%s:%s:%lld ", x->id, x->ended == 0 ? "running" :
	    x->lost ? "lost" : "ended", x->status, x->why, (long long)x->kept);
	return true;
}

static UNUSED char *
all_of(const char *user)
{
	struct str	s = STR_INIT;
	struct err	e = ERR_INIT;

	ck_assert_msg(execs_of(fx.core, user, NULL, 100, add_text, &s, &e) == 0, "%s", e.msg);
	return str_take(&s);
}

static UNUSED bool
is_now(const char *want)
{
	char	*got = all_of("alice");
	bool	 same = strcmp(got, want) == 0;

	free(got);
	return same;
}

static UNUSED void
check(const char *want)
{
	char	*got = all_of("alice");

	ck_assert_str_eq(got, want);
	free(got);
}

static UNUSED void
see_tail(const void *data, size_t len, void *arg)
{
	ck_assert_uint_ge(len, RECORD_HEAD);
	str_addn(arg, (const char *)data + RECORD_HEAD, len - RECORD_HEAD);
}

static UNUSED void
check_tail(const char *id, const char *want)
{
	struct str	s = STR_INIT;
	struct err	e = ERR_INIT;

	ck_assert_int_eq(store_tail_get(fx.store, ALICE0, id, see_tail, &s, &e), 1);
	ck_assert_str_eq(str_text(&s), want);
	str_release(&s);
}

static UNUSED struct fake *
with_execs(const char *name)
{
	struct fake	*f = fake_new(&fx, name);

	f->has_execs = true;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, name) == MACHINE_IDLE);
	return f;
}

/* A machine that alice has, with one exec that runs and is known. */
static UNUSED struct fake *
with_running(const char *id)
{
	struct fake	*f = with_execs("m1");

	(void)get_one(&fx, "alice", "b");
	UNTIL(&fx, f->lists == 1);
	settle(&fx);
	fake_run(f, id);
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, f->lists == 2);
	settle(&fx);
	ck_assert_uint_eq(execs_running(fx.core, ALICE0), 1);
	return f;
}

static UNUSED bool
is_over(const char *name)
{
	return instance_peek(fx.core, name) == NULL;
}

#endif
