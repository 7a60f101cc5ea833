/* packed.c - packed by threads it is the same; a slow reader gets less of it. The
 * clock is the test's: so much time is spent by reading, so much by the rest. */
#include "unit.h"
#include "lib_pack.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "api/packed.h"
#include "api/seal.h"
#include "base/str.h"
#include "data/packzst.h"

#define FRAME	((size_t)2 * MIB)
#define FAST	1000	/* bytes a us */
#define SLOW	1
#define FD	-7	/* of the reader */

static struct str	out;		/* what it got */
static size_t		sizes[100], nsizes;
static int64_t		us, rate;
static size_t		faster_at;	/* frames; then it is FAST */
static size_t		slow_from;	/* bytes of a frame */
static char		*text;
static size_t		 frames;	/* of it; the last is short */
static struct err	e;

/* In place of the C library's. */
int
clock_gettime(clockid_t id, struct timespec *t)
{
	if (id != CLOCK_MONOTONIC || us == 0)
		return (int)syscall(SYS_clock_gettime, id, t);
	*t = (struct timespec){ us / 1000000, us % 1000000 * 1000 };
	return 0;
}

ssize_t
write(int fd, const void *p, size_t len)
{
	if (fd != FD)
		return syscall(SYS_write, fd, p, len);
	us += (int64_t)len / (len < slow_from ? rate : SLOW);
	sizes[nsizes++] = len;
	str_addn(&out, p, len);
	if (nsizes == faster_at)
		rate = FAST;
	return (ssize_t)len;
}

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	pack_cpus = 2;
	us = 1;
	faster_at = 0;
	slow_from = SIZE_MAX;
	text = NULL;
}

static void
teardown(void)
{
	us = pack_cpus = 0;
	free(text);
	str_release(&out);
}

static size_t
length(void)
{
	return frames * FRAME - 5;
}

/* Packs so many frames for a reader of that rate. */
static void
pack(size_t n_frames, size_t spread, int64_t reader)
{
	struct packed	*k = packed_new(FD);
	size_t		 at, n;

	frames = n_frames;
	free(text);
	text = pack_text(length());
	str_clear(&out);
	nsizes = 0;
	rate = reader;
	packed_seal(k);
	packed_spread(k, spread);
	for (at = 0; at < length(); at += n) {
		n = length() - at < 100000 ? length() - at : 100000;
		us += 100;
		ck_assert_int_eq(packed_add(k, text + at, n, &e), 0);
	}
	ck_assert_int_eq(packed_end(k, &e), 0);
	packed_free(k);
}

static void
holds(void)
{
	struct seal	*s = seal_new();

	seal_see(s, out.s, out.len);
	ck_assert(seal_holds(s));
	seal_free(s);
	pack_gives(out.s, out.len, text, length());
}

/* What was written n-th is that part of text, at that level. */
static bool
has_level(size_t n, int level)
{
	struct str	 s = STR_INIT;
	struct packring	*g = packzst_new(level, false, PACKZST_ALONE, pack_to_str,
	    &s, &e);
	size_t		 from = n * FRAME, at = 0, i;
	size_t		 left = length() - from;
	bool		 yes;

	for (i = 0; i < n; i++)
		at += sizes[i];
	ck_assert_int_eq(packring_add(g, text + from, left < FRAME ? left :
	    FRAME, &e), 0);
	ck_assert_int_eq(packring_finish(g, &e), 0);
	yes = s.len == sizes[n] && memcmp(out.s + at, s.s, s.len) == 0;
	packring_free(g);
	str_release(&s);
	return yes;
}

/* By how many threads, makes no difference. */
START_TEST(test_same)
{
	struct str	alone = STR_INIT;

	pack(9, PACKZST_ALONE, FAST);
	ck_assert_uint_eq(nsizes, frames + 1);
	holds();
	ck_assert(has_level(0, -1));
	ck_assert(has_level(frames - 1, -1));
	str_addn(&alone, out.s, out.len);
	pack(9, 2 * FRAME, FAST);
	holds();
	ck_assert_uint_eq(out.len, alone.len);
	ck_assert_mem_eq(out.s, alone.s, out.len);
	str_release(&alone);
}
END_TEST

/* Alone, and by two threads, which have begun three frames or fewer when the caller
 * has thought it over. */
static const size_t	spreads[] = { PACKZST_ALONE, 0 };

/* For a slow reader it is packed better and better. */
START_TEST(test_slow)
{
	pack(_i == 0 ? 7 : 16, spreads[_i], SLOW);
	holds();
	ck_assert(has_level(0, -1));
	ck_assert(has_level(1, -1));
	if (_i == 0) {
		ck_assert(has_level(2, 1));
		ck_assert(has_level(4, 3));
	}
	ck_assert(has_level(frames - 1, 5));
}
END_TEST

/* ... until it is slow no more. */
START_TEST(test_slow_at_first)
{
	faster_at = 2;
	pack(_i == 0 ? 8 : 12, spreads[_i], SLOW);
	holds();
	ck_assert(has_level(frames - 1, -1));
}
END_TEST

/* Where the reader keeps up with what is packed, it is not he who is waited for. */
START_TEST(test_busy)
{
	pack(9, spreads[_i], 20);
	ck_assert(has_level(frames - 1, -1));
}
END_TEST

/* One that is slow until he gets less. How frames fare that were begun before that
 * says nothing of the new level, which is enough. */
START_TEST(test_not_too_much)
{
	size_t	i;

	slow_from = 800 * 1000;
	pack(12, spreads[_i], FAST);
	holds();
	ck_assert(has_level(1, -1));
	for (i = 0; i < frames; i++)
		ck_assert(has_level(i, -1) || has_level(i, 1));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("packed");
	TCase	*c = tcase_create("packed");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, test_same);
	tcase_add_loop_test(c, test_slow, 0, 2);
	tcase_add_loop_test(c, test_slow_at_first, 0, 2);
	tcase_add_loop_test(c, test_busy, 0, 2);
	tcase_add_loop_test(c, test_not_too_much, 0, 2);
	suite_add_tcase(s, c);
	return s;
}
