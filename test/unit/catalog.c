/* catalog.c - host types, builder types and limits as one snapshot. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "coordinator/catalog.h"

static struct host_type
host(const char *name, const char *pool, size_t limit)
{
	return (struct host_type){ .name = (char *)name, .pool = (char *)pool,
	    .limit = limit };
}

static struct builder_type
builder(const char *name, const char *host_type)
{
	return (struct builder_type){ .name = (char *)name, .host_type = (char *)host_type };
}

START_TEST(test_values_and_defaults)
{
	struct catalog		*c = catalog_new();
	struct host_type	 h = host("h1", NULL, 0), l = host("a-local", "local", 3);
	struct builder_type	 b = builder("b1", "h1");

	h.expect = 5;
	strs_add(&h.env, "A=1");
	ck_assert_int_eq(catalog_add_host(c, &h, NULL), 0);
	ck_assert_int_eq(catalog_add_host(c, &l, NULL), 0);
	strs_add(&b.env, "B=x=y");
	ck_assert_int_eq(catalog_add_builder(c, &b, NULL), 0);
	strs_release(&h.env);
	strs_release(&b.env);
	ck_assert_int_eq(catalog_check(c, NULL), 0);

	ck_assert_str_eq(catalog_host(c, "h1")->pool, "reverse");
	ck_assert_str_eq(catalog_host(c, "h1")->env.v[0], "A=1");
	ck_assert_str_eq(catalog_host(c, "h1")->owner, "");
	ck_assert_uint_eq(catalog_host(c, "h1")->expect, 5);
	ck_assert_uint_eq(catalog_host(c, "a-local")->limit, 3);
	ck_assert_ptr_null(catalog_host(c, "h"));
	ck_assert_str_eq(catalog_builder(c, "b1")->setup, "make.bash");
	ck_assert_str_eq(catalog_builder(c, "b1")->env.v[0], "B=x=y");
	ck_assert_ptr_null(catalog_builder(c, "b1")->bootstrap);
	ck_assert_int_eq(catalog_builder(c, "b1")->idle_ms, 30 * 60 * 1000);
	ck_assert_str_eq(catalog_host_at(c, 0)->name, "a-local");
	ck_assert_str_eq(catalog_host_at(c, 1)->name, "h1");
	catalog_unref(c);
}
END_TEST

START_TEST(test_many_stay_sorted)
{
	static const char	*const names[] = { "m", "c", "x", "a", "z", "b" };
	struct catalog		*c = catalog_new();
	struct host_type	 h;
	size_t			 i;

	for (i = 0; i < 6; i++) {
		h = host(names[i], NULL, 0);
		ck_assert_int_eq(catalog_add_host(c, &h, NULL), 0);
	}
	ck_assert_uint_eq(catalog_hosts(c), 6);
	for (i = 1; i < 6; i++)
		ck_assert_int_lt(strcmp(catalog_host_at(c, i - 1)->name,
		    catalog_host_at(c, i)->name), 0);
	for (i = 0; i < 6; i++)
		ck_assert_str_eq(catalog_host(c, names[i])->name, names[i]);
	catalog_unref(c);
}
END_TEST

static void
refused_host(struct catalog *c, struct host_type h, const char *word)
{
	struct err	e = ERR_INIT;

	ck_assert_int_eq(catalog_add_host(c, &h, &e), -1);
	ck_assert_msg(strstr(e.msg, word) != NULL, "%s", e.msg);
}

START_TEST(test_refusals)
{
	struct catalog		*c = catalog_new();
	struct host_type	 h = host("h1", "reverse", 0);
	struct builder_type	 b = builder("b1", "nowhere");
	struct err		 e = ERR_INIT;

	ck_assert_int_eq(catalog_add_host(c, &h, NULL), 0);
	refused_host(c, h, "twice");
	refused_host(c, host("../x", "reverse", 0), "name");
	refused_host(c, host("h2", "cloud", 0), "cloud");
	refused_host(c, host("h2", "reverse", 4), "limit");
	refused_host(c, host("h2", "local", 0), "limit");
	h = host("h2", "reverse", 0);
	strs_add(&h.env, "novalue");
	refused_host(c, h, "novalue");
	strs_release(&h.env);

	ck_assert_int_eq(catalog_add_builder(c, &b, NULL), 0);
	ck_assert_int_eq(catalog_check(c, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "nowhere"));
	b = builder("b1", "h1");
	ck_assert_int_eq(catalog_add_builder(c, &b, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "twice"));
	b = builder("b2", "");
	ck_assert_int_eq(catalog_add_builder(c, &b, &e), -1);
	catalog_unref(c);
}
END_TEST

START_TEST(test_limits)
{
	struct catalog	*c = catalog_new();

	ck_assert_int_eq(catalog_limit(c, "alice"), -1);
	ck_assert_int_eq(catalog_add_limit(c, NULL, 7, NULL), 0);
	ck_assert_int_eq(catalog_add_limit(c, "alice", 0, NULL), 0);
	ck_assert_int_eq(catalog_limit(c, "alice"), 0);
	ck_assert_int_eq(catalog_limit(c, "bob"), 7);
	ck_assert_int_eq(catalog_add_limit(c, "alice", 2, NULL), -1);
	ck_assert_int_eq(catalog_add_limit(c, "bob", -2, NULL), -1);
	catalog_unref(c);
}
END_TEST

START_TEST(test_lives_while_referenced)
{
	struct catalog		*c = catalog_new();
	struct host_type	 h = host("h1", NULL, 0);

	ck_assert_int_eq(catalog_add_host(c, &h, NULL), 0);
	ck_assert_ptr_eq(catalog_ref(c), c);
	catalog_unref(c);
	ck_assert_str_eq(catalog_host(c, "h1")->name, "h1");
	catalog_unref(c);
	catalog_unref(NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("catalog");
	TCase	*tc = tcase_create("catalog");

	tcase_add_test(tc, test_values_and_defaults);
	tcase_add_test(tc, test_many_stay_sorted);
	tcase_add_test(tc, test_refusals);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_lives_while_referenced);
	suite_add_tcase(s, tc);
	return s;
}
