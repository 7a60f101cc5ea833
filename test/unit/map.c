/* map.c - unit tests of base/map.h. */
#include "unit.h"
#include "lib_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define MANY 20000

static int values[MANY];

static const char *
key_of(int i, char buf[32])
{
	snprintf(buf, 32, "key-%d", i);
	return buf;
}

START_TEST(empty)
{
	struct map	*m = map_new();
	size_t		 it = 0;

	ck_assert_uint_eq(map_len(m), 0);
	ck_assert_ptr_null(map_find(m, "a"));
	ck_assert_ptr_null(map_find(m, ""));
	ck_assert_ptr_null(map_del(m, "a"));
	ck_assert(!map_next(m, &it, NULL, NULL));
	map_free(m);
	map_free(NULL);
}
END_TEST

START_TEST(set_find_del)
{
	struct map	*m = map_new();
	char		 key[] = "alpha";
	int		 a, b;

	ck_assert_ptr_null(map_set(m, key, &a));
	key[0] = 'X';	/* the key was copied */
	ck_assert_ptr_eq(map_find(m, "alpha"), &a);
	ck_assert_ptr_null(map_find(m, key));
	ck_assert_ptr_eq(map_set(m, "alpha", &b), &a);
	ck_assert_uint_eq(map_len(m), 1);
	ck_assert_ptr_eq(map_del(m, "alpha"), &b);
	ck_assert_ptr_null(map_del(m, "alpha"));
	ck_assert_ptr_null(map_find(m, "alpha"));
	ck_assert_uint_eq(map_len(m), 0);
	ck_assert_ptr_null(map_set(m, "", &a));
	ck_assert_ptr_eq(map_find(m, ""), &a);
	map_free(m);
}
END_TEST

START_TEST(keys_of_every_length)
{
	struct map	*m = map_new();
	char		 key[66];
	size_t		 len;

	/* Keys that differ in length only, and in the last byte only. */
	for (len = 0; len < 64; len++) {
		memset(key, 'a', sizeof key);
		key[len] = '\0';
		ck_assert_ptr_null(map_set(m, key, &values[len]));
		key[len] = '\377';
		key[len + 1] = '\0';
		ck_assert_ptr_null(map_set(m, key, &values[100 + len]));
	}
	for (len = 0; len < 64; len++) {
		memset(key, 'a', sizeof key);
		key[len] = '\0';
		ck_assert_ptr_eq(map_find(m, key), &values[len]);
		key[len] = '\377';
		key[len + 1] = '\0';
		ck_assert_ptr_eq(map_find(m, key), &values[100 + len]);
	}
	map_free(m);
}
END_TEST

START_TEST(many)
{
	struct map	*m = map_new();
	char		 buf[32];
	int		 i;

	for (i = 0; i < MANY; i++)
		ck_assert_ptr_null(map_set(m, key_of(i, buf), &values[i]));
	ck_assert_uint_eq(map_len(m), MANY);
	for (i = 0; i < MANY; i += 2)
		ck_assert_ptr_eq(map_del(m, key_of(i, buf)), &values[i]);
	ck_assert_uint_eq(map_len(m), MANY / 2);
	for (i = 0; i < MANY; i++)
		ck_assert_ptr_eq(map_find(m, key_of(i, buf)),
		    i % 2 == 0 ? NULL : &values[i]);
	for (i = 0; i < MANY; i += 2)
		ck_assert_ptr_null(map_set(m, key_of(i, buf), &values[i]));
	for (i = 0; i < MANY; i++)
		ck_assert_ptr_eq(map_find(m, key_of(i, buf)), &values[i]);
	map_free(m);
}
END_TEST

START_TEST(churn_stays_right)
{
	struct map	*m = map_new();
	char		 buf[32];
	int		 i;

	/* A window of ten moves on: removed entries must not pile up, or the
	 * search for what is absent would never end. */
	for (i = 0; i < 200000; i++) {
		map_set(m, key_of(i, buf), &values[i % MANY]);
		if (i >= 10)
			ck_assert_ptr_eq(map_del(m, key_of(i - 10, buf)),
			    &values[(i - 10) % MANY]);
		ck_assert_ptr_null(map_find(m, "absent"));
	}
	ck_assert_uint_eq(map_len(m), 10);
	map_free(m);
}
END_TEST

START_TEST(walk_sees_each_once)
{
	struct map	*m = map_new();
	static int	 seen[1000];
	char		 buf[32];
	const char	*key;
	void		*value;
	size_t		 it = 0;
	int		 i, n = 0;

	for (i = 0; i < 1000; i++)
		map_set(m, key_of(i, buf), &values[i]);
	while (map_next(m, &it, &key, &value)) {
		i = (int)((int *)value - values);
		ck_assert_str_eq(key, key_of(i, buf));
		ck_assert_int_eq(seen[i]++, 0);
		n++;
	}
	ck_assert_int_eq(n, 1000);
	ck_assert(!map_next(m, &it, &key, &value));
	map_free(m);
}
END_TEST

START_TEST(walk_may_delete_what_it_saw)
{
	struct map	*m = map_new();
	char		 buf[32], copy[32];
	const char	*key;
	void		*value;
	size_t		 it = 0;
	int		 i, n = 0;

	for (i = 0; i < 1000; i++)
		map_set(m, key_of(i, buf), &values[i]);
	while (map_next(m, &it, &key, &value)) {
		snprintf(copy, sizeof copy, "%s", key);
		if ((int *)value - values != 500)
			ck_assert_ptr_eq(map_del(m, copy), value);
		n++;
	}
	ck_assert_int_eq(n, 1000);
	ck_assert_uint_eq(map_len(m), 1);
	ck_assert_ptr_eq(map_find(m, "key-500"), &values[500]);
	map_free(m);
}
END_TEST

/* The order of a walk as one string. */
static char *
walk_order(void)
{
	struct map	*m = map_new();
	char		*order = calloc(1, 1000), buf[32];
	const char	*key;
	size_t		 it = 0;
	int		 i;

	ck_assert_ptr_nonnull(order);
	for (i = 0; i < 50; i++)
		map_set(m, key_of(i, buf), &values[i]);
	while (map_next(m, &it, &key, NULL))
		snprintf(order + strlen(order), 1000 - strlen(order), "%s ",
		    key);
	map_free(m);
	return order;
}

START_TEST(hashing_is_seeded)
{
	char	*a = walk_order(), *b = walk_order();

	/* The chance of the same order is far below that of a broken disk. */
	ck_assert_str_ne(a, b);
	free(a);
	free(b);
}
END_TEST

static void
set_null(void)
{
	struct map	*m = map_new();

	map_set(m, "a", NULL);
}

START_TEST(null_is_no_value)
{
	ck_assert(child_dies(set_null, "map_set"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("map");
	TCase	*t = tcase_create("map");

	tcase_add_test(t, empty);
	tcase_add_test(t, set_find_del);
	tcase_add_test(t, keys_of_every_length);
	tcase_add_test(t, many);
	tcase_add_test(t, churn_stays_right);
	tcase_add_test(t, walk_sees_each_once);
	tcase_add_test(t, walk_may_delete_what_it_saw);
	tcase_add_test(t, hashing_is_seeded);
	tcase_add_test(t, null_is_no_value);
	suite_add_tcase(s, t);
	return s;
}
