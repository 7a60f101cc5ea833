/* packring.c - pieces keep their order and their level, whoever packs them. */
#include "unit.h"
#include "lib_pack.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "data/packring.h"

#define PIECE	1000
#define LEVELS	9		/* the last that there is */
#define WAIT_S	20

static pthread_t	 caller;
static _Atomic int	 packed[100];	/* by the first byte of the piece */
static _Atomic int	 by_caller, by_others, begun, ended;
static bool		 swap;		/* each other piece waits for the next */
static int		 alone;		/* only so many can begin; 0: all */
static struct err	 e;

static bool
begin(void *state, int level)
{
	begun++;
	*(int *)state = 1;
	return level <= LEVELS && (alone == 0 || begun <= alone);
}

static void
end(void *state)
{
	ck_assert_int_eq(*(int *)state, 1);
	ended++;
}

static void
wait_for(_Atomic int *n, int least)
{
	time_t	until = time(NULL) + WAIT_S;

	while (*n < least && time(NULL) < until)
		sched_yield();
}

/* A digit that is the level, and the piece itself. */
static size_t
copy(void *state, int level, const void *in, size_t len, void *out, size_t room)
{
	size_t	 i = len > 0 ? *(const unsigned char *)in : 0;
	char	*to = out;

	(void)state;
	if (pthread_equal(pthread_self(), caller))
		by_caller++;
	else
		by_others++;
	if (swap && i % 2 == 0)
		wait_for(&packed[i + 1], 1);
	if (alone > 0)
		wait_for(&begun, (int)pack_cpus);
	packed[i] = 1;
	if (len + 1 > room || level == LEVELS)
		return 0;
	to[0] = (char)('0' + level);
	memcpy(to + 1, in, len);
	return len + 1;
}

static const struct packer copier = { "copies", sizeof(int), begin, copy, end };

static struct packring *
ring(size_t after, tarout_write_fn write, void *arg)
{
	struct packring_spec	spec = {
		.packer = &copier, .level = 1, .piece = PIECE, .room = PIECE + 1,
		.threads = 4, .after = after, .write = write, .arg = arg,
	};

	return packring_new(&spec, &e);
}

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	caller = pthread_self();
	pack_cpus = 3;
	memset(packed, 0, sizeof packed);
	by_caller = by_others = begun = ended = alone = 0;
	swap = false;
}

static void
teardown(void)
{
	ck_assert_int_eq(begun, ended);
	pack_threads(true);
	pack_cpus = 0;
}

/* n pieces, each full of its number, and half a one. */
static void
add(struct packring *g, int n)
{
	char	piece[PIECE];
	int	i;

	for (i = 0; i <= n; i++) {
		memset(piece, i, PIECE);
		ck_assert_int_eq(packring_add(g, piece, i < n ? PIECE :
		    PIECE / 2, &e), 0);
	}
}

static void
is_in_order(const struct str *s, int n)
{
	int	 i, k;
	size_t	 at = 0;

	ck_assert_uint_eq(s->len, (size_t)(n * (PIECE + 1) + PIECE / 2 + 1));
	for (i = 0; i <= n; i++) {
		ck_assert_int_eq(s->s[at++], '1');
		for (k = 0; k < (i < n ? PIECE : PIECE / 2); k++)
			ck_assert_int_eq(s->s[at++], i);
	}
}

/* n pieces and a half go through a ring, and come out as they went in. */
static void
pass(size_t after, int n)
{
	struct str	 s = STR_INIT;
	struct packring	*g = ring(after, pack_to_str, &s);

	add(g, n);
	ck_assert_int_eq(packring_finish(g, &e), 0);
	is_in_order(&s, n);
	packring_free(g);
	str_release(&s);
}

START_TEST(order)
{
	swap = true;
	pass(0, 31);
	ck_assert_int_eq(by_caller, 0);
	ck_assert_int_eq(by_others, 32);
	ck_assert_int_eq(begun, 3);	/* the processors */
}
END_TEST

/* Exactly so much is packed before the first thread. */
START_TEST(later)
{
	pass(10 * PIECE, 9);
	ck_assert_int_eq(by_others, 0);
	by_caller = 0;
	pass(10 * PIECE, 30);
	ck_assert_int_eq(by_caller, 10);
	ck_assert_int_eq(by_others, 21);
}
END_TEST

/* Neither on one processor nor where threads are refused. */
START_TEST(without_threads)
{
	if (_i == 0)
		pack_cpus = 1;
	else
		pack_threads(false);
	pass(0, 20);
	ck_assert_int_eq(by_others, 0);
	ck_assert_int_eq(begun, 1);
}
END_TEST

START_TEST(nothing)
{
	struct str	 s = STR_INIT;
	struct packring	*g = ring(0, pack_to_str, &s);

	ck_assert_int_eq(packring_finish(g, &e), 0);
	ck_assert_str_eq(str_text(&s), "1");
	packring_free(g);
	packring_free(NULL);
	str_release(&s);
}
END_TEST

/* --- levels --------------------------------------------------------------------------- */

struct leveller {
	struct packring	*g;
	char		 levels[100];
	size_t		 n, former;
};

/* The fifth piece changes it, for those that are not yet full. */
static int
see_level(void *arg, const void *p, size_t len)
{
	struct leveller	*k = arg;

	(void)len;
	k->levels[k->n++] = *(const char *)p;
	if (k->n == 5)
		k->former = packring_level(k->g, 2);
	return 0;
}

START_TEST(levels)
{
	struct leveller	k = { .n = 0 };
	size_t		i;

	k.g = ring(_i == 0 ? 0 : 1000 * PIECE, see_level, &k);
	add(k.g, 40);
	ck_assert_int_eq(packring_finish(k.g, &e), 0);
	ck_assert_uint_eq(k.n, 41);
	ck_assert_uint_le(k.former, 3 + 2);
	if (_i == 1)
		ck_assert_uint_eq(k.former, 0);
	for (i = 0; i < k.n; i++)
		ck_assert_int_eq(k.levels[i], i < 5 + k.former ? '1' : '2');
	packring_free(k.g);
}
END_TEST

/* --- what goes wrong --------------------------------------------------------------------- */

/* Takes so many. */
static int
write_some(void *arg, const void *p, size_t len)
{
	int	*left = arg;

	ck_assert_int_ge(*left, 0);	/* never again after it failed */
	return (*left)-- > 0 ? 0 : pack_refused(NULL, p, len);
}

START_TEST(refused)
{
	char		*s = xcalloc(30, PIECE);
	int		 left = 7;
	struct packring	*g = ring(_i == 0 ? 0 : 5 * PIECE, write_some, &left);

	ck_assert_int_eq(packring_add(g, s, 30 * PIECE, &e), -1);
	ck_assert_int_eq(e.code, ENOSPC);
	packring_free(g);
	free(s);
}
END_TEST

/* With pieces on their way. */
START_TEST(given_up)
{
	struct str	 s = STR_INIT;
	struct packring	*g = ring(0, pack_to_str, &s);

	add(g, _i);
	packring_free(g);
	ck_assert_uint_le(s.len, (size_t)_i * (PIECE + 1));
	str_release(&s);
}
END_TEST

START_TEST(cannot_pack)
{
	struct str	 s = STR_INIT;
	struct packring	*g = ring(0, pack_to_str, &s);
	char		 piece[PIECE] = "";

	packring_level(g, LEVELS);
	ck_assert_int_eq(packring_add(g, piece, PIECE, &e), 0);
	ck_assert_int_eq(packring_finish(g, &e), -1);
	ck_assert_str_eq(e.msg, "pack with copies: out of memory");
	packring_free(g);
	str_release(&s);
}
END_TEST

/* The caller's could begin, those of the threads cannot. */
START_TEST(cannot_begin)
{
	struct str	 s = STR_INIT;
	struct packring	*g;
	char		*v = xcalloc(300, PIECE);

	alone = 1;
	g = ring(0, pack_to_str, &s);
	ck_assert_int_eq(packring_add(g, v, 300 * PIECE, &e), -1);
	ck_assert_str_eq(e.msg, "pack with copies: out of memory");
	packring_free(g);
	str_release(&s);
	free(v);
}
END_TEST

START_TEST(no_such_level)
{
	struct packring_spec	spec = { .packer = &copier, .level = LEVELS + 1,
		.piece = 1, .room = 2, .write = pack_to_str };

	ck_assert_ptr_null(packring_new(&spec, &e));
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_str_eq(e.msg, "pack with copies: level 10");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("packring");
	TCase	*t = tcase_create("packring");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, order);
	tcase_add_test(t, later);
	tcase_add_loop_test(t, without_threads, 0, 2);
	tcase_add_test(t, nothing);
	tcase_add_loop_test(t, levels, 0, 2);
	tcase_add_loop_test(t, refused, 0, 2);
	tcase_add_loop_test(t, given_up, 0, 12);
	tcase_add_test(t, cannot_pack);
	tcase_add_test(t, cannot_begin);
	tcase_add_test(t, no_such_level);
	suite_add_tcase(s, t);
	return s;
}
