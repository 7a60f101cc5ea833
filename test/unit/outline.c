/* outline.c - what one push finds out for the others of a broadcast. */
#include "client/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/loop.h"
#include "unit.h"

static struct gomote	 g;
static struct push_spec	 spec;
static struct push	 p;
static char		*where;

/* Two pushes of one process cannot hold claims against each other: one after the
 * other, then. */
static void
setup(void)
{
	struct err	e = ERR_INIT;
	char		*mark;

	memset(&g, 0, sizeof g);
	memset(&spec, 0, sizeof spec);
	memset(&p, 0, sizeof p);
	g.loop = loop_new(&e);
	ck_assert_msg(g.loop != NULL, "%s", e.msg);
	where = share_make();
	ck_assert_ptr_nonnull(where);
	mark = share_mark(where);
	ck_assert_int_eq(setenv("GOMOTE_SHARE", strchr(mark, '=') + 1, 1), 0);
	free(mark);
	spec.instance = "user-alice-linux-amd64-0";
	p.g = &g;
	p.spec = &spec;
	p.share = share_join();
	ck_assert_ptr_nonnull(p.share);
}

static void
teardown(void)
{
	share_leave(p.share);
	share_remove(where);
	loop_free(g.loop);
}

static bool
join(const char *state, struct outline *o, struct share_task **t)
{
	struct str	s = STR_INIT;
	bool		told;

	str_add(&s, state);
	told = outline_join(&p, &s, o, t);
	str_release(&s);
	return told;
}

START_TEST(test_told)
{
	const struct outline	 o = { 11751, 2, 3, 40, 1ULL << 40, (char *)"name" };
	struct outline		 got = { .upload = NULL };
	struct share_task	*t;

	ck_assert(!join("empty", &got, &t));
	ck_assert_ptr_nonnull(t);
	outline_tell(t, &o);
	share_task_free(t);

	ck_assert(join("empty", &got, &t));
	ck_assert_ptr_null(t);
	ck_assert_uint_eq(got.sends, 11751);
	ck_assert_uint_eq(got.removals, 2);
	ck_assert_uint_eq(got.gone, 3);
	ck_assert_uint_eq(got.ours, 40);
	ck_assert_uint_eq(got.bytes, 1ULL << 40);
	ck_assert_str_eq(got.upload, "name");
	outline_release(&got);
}
END_TEST

/* An instance in another state has a plan of its own. */
START_TEST(test_another_state)
{
	const struct outline	 o = { 1, 0, 0, 0, 1, (char *)"name" };
	struct outline		 got = { .upload = NULL };
	struct share_task	*t;

	ck_assert(!join("empty", &got, &t));
	outline_tell(t, &o);
	share_task_free(t);
	ck_assert(!join("full", &got, &t));
	ck_assert_ptr_nonnull(t);
	share_task_free(t);
}
END_TEST

/* What is of no use is told, too; who did not get so far leaves it to the next. */
START_TEST(test_none)
{
	struct outline		 got = { .upload = NULL };
	struct share_task	*t;

	ck_assert(!join("empty", &got, &t));
	share_task_free(t);
	ck_assert(!join("empty", &got, &t));
	ck_assert_ptr_nonnull(t);
	outline_tell(t, NULL);
	share_task_free(t);
	ck_assert(!join("empty", &got, &t));
	ck_assert_ptr_null(t);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("outline");
	TCase	*t = tcase_create("outline");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_told);
	tcase_add_test(t, test_another_state);
	tcase_add_test(t, test_none);
	suite_add_tcase(s, t);
	return s;
}
