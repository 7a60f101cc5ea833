/* uploads.c - what users hand to many instances: bounds, shares, expiry, ends. */
#include "coordinator/uploads.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "lib_dir.h"
#include "lib_io.h"
#include "unit.h"

#define KIB		1024
#define KEEP_MS		60000

static struct dir	 dir;
static struct loop	*loop;
static struct uploads	*all;
static struct upload_row got;
static struct err	 why;
static int		 takes, fails;

static void
open_uploads(uint64_t max, uint64_t user_max)
{
	char			path[128];
	struct uploads_config	cfg = { path, max, user_max, KEEP_MS };
	struct err		e = ERR_INIT;

	snprintf(path, sizeof path, "%s/uploads", dir.path);
	all = uploads_new(loop, &cfg, &e);
	ck_assert_msg(all != NULL, "%s", e.msg);
}

static void
setup(void)
{
	struct err	e = ERR_INIT;

	log_set_level(LOG_ERROR);
	dir_make(&dir);
	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	takes = fails = 0;
	open_uploads(100 * KIB, 60 * KIB);
}

static void
turn(void)
{
	int	i;

	for (i = 0; i < 20; i++)
		loop_turn(loop, 0);
}

static void
teardown(void)
{
	uploads_free(all);
	turn();
	loop_free(loop);
	dir_drop(&dir);
}

static void
on_taken(const struct upload_row *row, const struct err *e, void *arg)
{
	ck_assert_ptr_eq(arg, &takes);
	if (row != NULL) {
		got = *row;
		takes++;
	} else {
		why = *e;
		fails++;
	}
}

/* len bytes that differ for each seed. */
static struct evbuffer *
bytes(char seed, size_t len)
{
	struct evbuffer	*b = buf_new();
	char		*p = malloc(len + 1);

	ck_assert_ptr_nonnull(p);
	memset(p, seed, len);
	buf_add(b, p, len);
	free(p);
	return b;
}

static void
digest_of(char seed, size_t len, char hex[DIGEST_HEX_MAX])
{
	struct evbuffer	*b = bytes(seed, len);
	struct digest	*d = digest_new(DIGEST_SHA256);

	digest_add(d, buf_pullup(b, len), len);
	digest_hex(d, hex);
	digest_free(d);
	buf_free(b);
}

/* Takes it whole; false and why. */
static bool
put_as(const char *user, const char *digest, char seed, size_t len)
{
	struct evbuffer	*b = bytes(seed, len);
	int		 before = takes;
	struct upload	*u;

	memset(&why, 0, sizeof why);
	u = uploads_take(all, user, digest, NULL, body_of(loop, b), on_taken, &takes, &why);
	buf_free(b);
	if (u == NULL)
		return false;
	turn();
	return takes > before;
}

static bool
put(const char *user, char seed, size_t len)
{
	return put_as(user, NULL, seed, len);
}

static bool
has(const char *user, char seed, size_t len)
{
	char			hex[DIGEST_HEX_MAX];
	struct upload_row	row;

	digest_of(seed, len, hex);
	return uploads_find(all, user, hex, &row) && row.bytes == len;
}

static struct body *
open_one(const char *user, char seed, size_t len, struct err *e)
{
	char	hex[DIGEST_HEX_MAX];

	digest_of(seed, len, hex);
	return uploads_open(all, user, hex, e);
}

/* Reads what comes and compares; true at its end. */
struct reader {
	char	 seed;
	size_t	 n;
	bool	 done, broke;
};

static void
on_data(struct body *b, void *arg)
{
	struct reader	*r = arg;
	const char	*p;
	size_t		 len, i;

	while ((p = buf_peek(body_buf(b), &len)) != NULL && len > 0) {
		for (i = 0; i < len && p[i] == r->seed; i++)
			;
		ck_assert_uint_eq(i, len);
		r->n += len;
		buf_drain(body_buf(b), len);
	}
	body_took(b);
	r->broke = body_error(b) != NULL;
	r->done = body_done(b);
	if (r->done || r->broke)
		body_close(b);
}

static size_t
get(const char *user, char seed, size_t len)
{
	struct reader	r = { .seed = seed };
	struct body	*b = open_one(user, seed, len, &why);

	if (b == NULL)
		return 0;
	ck_assert_int_eq(body_length(b), (int64_t)len);
	body_on_data(b, on_data, &r);
	WAIT(loop, r.done);
	return r.n;
}

static int
files(void)
{
	return dir_count(&dir, "uploads");
}

START_TEST(test_there_and_back)
{
	char	hex[DIGEST_HEX_MAX];

	ck_assert(put("alice", 'a', 50 * KIB));
	digest_of('a', 50 * KIB, hex);
	ck_assert_str_eq(got.digest, hex);
	ck_assert_uint_eq(got.bytes, 50 * KIB);
	ck_assert(has("alice", 'a', 50 * KIB));
	ck_assert_uint_eq(get("alice", 'a', 50 * KIB), 50 * KIB);
	ck_assert_int_eq(files(), 1);
	ck_assert_int_eq(dir_mode(&dir, "uploads") & 0777, 0700);
	ck_assert(put("alice", 'z', 0));
	ck_assert_uint_eq(get("alice", 'z', 0), 0);
}
END_TEST

/* More than a body holds, by ten readers of two at once, one of which leaves. */
START_TEST(test_many_readers)
{
	const size_t	 len = 3 * 1024 * KIB;
	struct reader	 r[10] = { { .n = 0 } };
	struct body	*b;
	struct err	 e = ERR_INIT;
	int		 i;

	uploads_free(all);
	open_uploads(8 * 1024 * KIB, 8 * 1024 * KIB);
	ck_assert(put("alice", 'a', len));
	ck_assert(put("alice", 'b', len));
	for (i = 0; i < 10; i++) {
		r[i].seed = i % 3 == 0 ? 'b' : 'a';
		b = open_one("alice", r[i].seed, len, &e);
		ck_assert_ptr_nonnull(b);
		if (i == 3)
			body_close(b);
		else
			body_on_data(b, on_data, &r[i]);
	}
	for (i = 0; i < 10; i++) {
		if (i == 3)
			continue;
		WAIT(loop, r[i].done);
		ck_assert_uint_eq(r[i].n, len);
	}
}
END_TEST

/* A digest opens nothing to another user, and his own copy is his own. */
START_TEST(test_users)
{
	ck_assert(put("alice", 'a', KIB));
	ck_assert(!has("bob", 'a', KIB));
	ck_assert_ptr_null(open_one("bob", 'a', KIB, &why));
	ck_assert_int_eq(why.code, UPLOADS_MISSING);
	ck_assert(put("bob", 'a', KIB));
	ck_assert_int_eq(files(), 2);
	ck_assert_uint_eq(get("bob", 'a', KIB), KIB);
	ck_assert_uint_eq(get("alice", 'a', KIB), KIB);
}
END_TEST

START_TEST(test_same_again)
{
	ck_assert(put("alice", 'a', KIB));
	ck_assert(put("alice", 'a', KIB));
	ck_assert_int_eq(files(), 1);
	ck_assert_uint_eq(uploads_bytes(all), KIB);
}
END_TEST

START_TEST(test_mismatch)
{
	char	hex[DIGEST_HEX_MAX];

	digest_of('a', KIB, hex);
	ck_assert(put_as("alice", hex, 'a', KIB));
	digest_of('c', KIB, hex);
	ck_assert(!put_as("alice", hex, 'b', KIB));
	ck_assert_int_eq(why.code, UPLOADS_MISMATCH);
	ck_assert(!has("alice", 'b', KIB));
	ck_assert_int_eq(files(), 1);
}
END_TEST

START_TEST(test_share)
{
	ck_assert(put("alice", 'a', 20 * KIB));
	ck_assert(put("bob", 'b', 20 * KIB));
	ck_assert(put("alice", 'c', 20 * KIB));
	ck_assert_uint_eq(get("alice", 'a', 20 * KIB), 20 * KIB);
	/* Alice's own makes room, the least recently used one. */
	ck_assert(put("alice", 'd', 30 * KIB));
	ck_assert(!has("alice", 'c', 20 * KIB));
	ck_assert(has("alice", 'a', 20 * KIB));
	ck_assert(has("bob", 'b', 20 * KIB));
	/* More than her share: nothing of it is kept, and nothing goes in vain. */
	ck_assert(!put("alice", 'e', 61 * KIB));
	ck_assert_int_eq(why.code, UPLOADS_FULL);
	ck_assert(has("alice", 'a', 20 * KIB));
	ck_assert(has("alice", 'd', 30 * KIB));
	ck_assert(has("bob", 'b', 20 * KIB));
	ck_assert(put("alice", 'f', 60 * KIB));
	ck_assert_uint_eq(uploads_bytes(all), 80 * KIB);
}
END_TEST

START_TEST(test_all)
{
	ck_assert(put("alice", 'a', 50 * KIB));
	ck_assert(put("bob", 'b', 50 * KIB));
	ck_assert(put("carol", 'c', 50 * KIB));
	ck_assert(!has("alice", 'a', 50 * KIB));
	ck_assert(has("bob", 'b', 50 * KIB));
	ck_assert_uint_eq(uploads_bytes(all), 100 * KIB);
	ck_assert_int_eq(files(), 2);
}
END_TEST

/* What is read is no room for others, and is not lost. */
START_TEST(test_read_stays)
{
	struct body	*b;
	struct reader	 r = { .seed = 'a' };
	struct err	 e = ERR_INIT;

	ck_assert(put("alice", 'a', 60 * KIB));
	b = open_one("alice", 'a', 60 * KIB, &e);
	ck_assert_ptr_nonnull(b);
	ck_assert(!put("bob", 'b', 50 * KIB));
	ck_assert_int_eq(why.code, UPLOADS_FULL);
	uploads_sweep(all, loop_now(loop) + 2 * KEEP_MS);
	ck_assert(has("alice", 'a', 60 * KIB));
	body_on_data(b, on_data, &r);
	WAIT(loop, r.done);
	ck_assert_uint_eq(r.n, 60 * KIB);
	ck_assert(put("bob", 'b', 50 * KIB));
	ck_assert(!has("alice", 'a', 60 * KIB));
}
END_TEST

START_TEST(test_count)
{
	size_t	i;
	char	c;

	for (i = 0; i < UPLOADS_USER_MAX + 10; i++) {
		c = (char)(i & 0x7f);
		ck_assert(put("alice", c, 1 + i / 128));
	}
	ck_assert_int_eq(files(), UPLOADS_USER_MAX);
}
END_TEST

START_TEST(test_expiry)
{
	int64_t	now = loop_now(loop);

	ck_assert(put("alice", 'a', KIB));
	ck_assert(put("alice", 'b', KIB));
	uploads_sweep(all, now + KEEP_MS - 1000);
	ck_assert_int_eq(files(), 2);
	clock_advance(loop_clock(loop), KEEP_MS / 2);
	turn();
	ck_assert_uint_eq(get("alice", 'a', KIB), KIB);
	clock_advance(loop_clock(loop), KEEP_MS / 2 + 1000);
	turn();
	uploads_sweep(all, loop_now(loop));
	ck_assert(has("alice", 'a', KIB));
	ck_assert(!has("alice", 'b', KIB));
	uploads_sweep(all, loop_now(loop) + KEEP_MS);
	ck_assert_int_eq(files(), 0);
}
END_TEST

/* The sender breaks off, or the request is gone: nothing is left of it. */
START_TEST(test_broken_off)
{
	struct err	 e = ERR_INIT;
	struct body	*b = body_new(loop, -1);
	struct upload	*u = uploads_take(all, "alice", NULL, NULL, b, on_taken, &takes, &e);

	ck_assert_ptr_nonnull(u);
	fill_pattern(body_buf(b), 0, KIB);
	body_wrote(b);
	turn();
	ck_assert_int_eq(files(), 1);
	ck_assert_uint_eq(uploads_bytes(all), KIB);
	err_set(&e, "gone");
	body_fail(b, &e);
	turn();
	ck_assert_int_eq(fails, 1);
	ck_assert_int_eq(why.code, UPLOADS_BROKE);
	ck_assert_int_eq(files(), 0);

	b = body_new(loop, -1);
	u = uploads_take(all, "alice", NULL, NULL, b, on_taken, &takes, &e);
	fill_pattern(body_buf(b), 0, KIB);
	body_wrote(b);
	turn();
	upload_cancel(u);
	body_end(b, NULL);
	turn();
	ck_assert_int_eq(files(), 0);
	ck_assert_uint_eq(uploads_bytes(all), 0);
	ck_assert_int_eq(takes + fails, 1);
}
END_TEST

/* Too long in the end, although it did not say so: broken off at the bound. */
START_TEST(test_grows)
{
	struct err	 e = ERR_INIT;
	struct body	*b = body_new(loop, -1);
	struct upload	*u = uploads_take(all, "alice", NULL, NULL, b, on_taken, &takes, &e);
	int		 i;

	ck_assert_ptr_nonnull(u);
	for (i = 0; i < 70 && fails == 0; i++) {
		fill_pattern(body_buf(b), 0, KIB);
		body_wrote(b);
		turn();
		ck_assert_uint_le(uploads_bytes(all), 60 * KIB);
	}
	ck_assert_int_eq(i, 61);
	ck_assert_int_eq(why.code, UPLOADS_FULL);
	ck_assert(body_closed(b));
	body_end(b, NULL);
	ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(test_restart)
{
	ck_assert(put("alice", 'a', KIB));
	dir_write(&dir, "uploads/new-7", "half of one");
	uploads_free(all);
	dir_write(&dir, "uploads/left", "by one that was killed");
	open_uploads(100 * KIB, 60 * KIB);
	ck_assert_int_eq(files(), 0);
	ck_assert(!has("alice", 'a', KIB));
}
END_TEST

/* The end comes while some are written and some read. */
START_TEST(test_end_amid)
{
	struct err	 e = ERR_INIT;
	struct reader	 r = { .seed = 'a' };
	struct body	*in = body_new(loop, -1), *out;

	ck_assert(put("alice", 'a', KIB));
	out = open_one("alice", 'a', KIB, &e);
	ck_assert_ptr_nonnull(uploads_take(all, "bob", NULL, NULL, in, on_taken, &takes, &e));
	uploads_free(all);
	all = NULL;
	body_on_data(out, on_data, &r);
	WAIT(loop, r.broke);
	ck_assert(body_closed(in));
	body_end(in, NULL);
	ck_assert_int_eq(fails, 0);
}
END_TEST

/* Files that cannot be made, or not be written. */
START_TEST(test_no_disk)
{
	const struct sigaction	ignored = { .sa_handler = SIG_IGN };
	struct sigaction	before;
	struct rlimit		was, few;

	ck_assert_int_eq(sigaction(SIGXFSZ, &ignored, &before), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	few = was;
	few.rlim_cur = 10 * KIB;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	ck_assert(!put("alice", 'a', 20 * KIB));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	ck_assert_int_eq(sigaction(SIGXFSZ, &before, NULL), 0);
	ck_assert_int_eq(why.code, UPLOADS_FULL);
	ck_assert_int_eq(files(), 0);

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert(!put("alice", 'a', KIB));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	ck_assert_int_eq(why.code, UPLOADS_FULL);
	ck_assert(put("alice", 'a', KIB));
}
END_TEST

/* The last of the disk is not ours; what was kept makes room. */
START_TEST(test_small_disk)
{
	char			path[128];
	struct uploads_config	cfg = { path, 1 << 30, 1 << 30, KEEP_MS };
	struct err		e = ERR_INIT;

	if (!dir_mount(&dir, "mnt", "size=1m"))
		return;
	uploads_free(all);
	snprintf(path, sizeof path, "%s/mnt/uploads", dir.path);
	all = uploads_new(loop, &cfg, &e);
	ck_assert_msg(all != NULL, "%s", e.msg);
	ck_assert(put("alice", 'a', 600 * KIB));
	ck_assert(put("bob", 'b', 600 * KIB));
	ck_assert(!has("alice", 'a', 600 * KIB));
	ck_assert(!put("alice", 'c', 1000 * KIB));
	ck_assert_int_eq(why.code, UPLOADS_FULL);
	ck_assert(has("bob", 'b', 600 * KIB));	/* which would not have been enough */
	ck_assert_int_eq(dir_count(&dir, "mnt/uploads"), 1);
	uploads_free(all);
	all = NULL;
}
END_TEST

/* Its file was taken away or cut short behind our back. */
START_TEST(test_damaged)
{
	char		 path[160], hex[DIGEST_HEX_MAX];
	struct reader	 r = { .seed = 'a' };
	struct body	*b;

	ck_assert(put("alice", 'a', KIB));
	digest_of('a', KIB, hex);
	snprintf(path, sizeof path, "%s/uploads/%s-1", dir.path, hex);
	ck_assert_int_eq(truncate(path, 10), 0);
	b = open_one("alice", 'a', KIB, &why);
	ck_assert_ptr_nonnull(b);
	body_on_data(b, on_data, &r);
	WAIT(loop, r.broke);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_ptr_null(open_one("alice", 'a', KIB, &why));
	ck_assert_int_eq(why.code, UPLOADS_MISSING);
}
END_TEST

START_TEST(test_is_digest)
{
	char	hex[DIGEST_HEX_MAX];

	digest_of('a', 1, hex);
	ck_assert(uploads_is_digest(hex));
	hex[5] = 'A';
	ck_assert(!uploads_is_digest(hex));
	hex[5] = '/';
	ck_assert(!uploads_is_digest(hex));
	hex[5] = '\0';
	ck_assert(!uploads_is_digest(hex));
	ck_assert(!uploads_is_digest(""));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("uploads");
	TCase	*t = tcase_create("uploads");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_there_and_back);
	tcase_add_test(t, test_many_readers);
	tcase_add_test(t, test_users);
	tcase_add_test(t, test_same_again);
	tcase_add_test(t, test_mismatch);
	tcase_add_test(t, test_share);
	tcase_add_test(t, test_all);
	tcase_add_test(t, test_read_stays);
	tcase_add_test(t, test_count);
	tcase_add_test(t, test_expiry);
	tcase_add_test(t, test_broken_off);
	tcase_add_test(t, test_grows);
	tcase_add_test(t, test_restart);
	tcase_add_test(t, test_end_amid);
	tcase_add_test(t, test_no_disk);
	tcase_add_test(t, test_small_disk);
	tcase_add_test(t, test_damaged);
	tcase_add_test(t, test_is_digest);
	suite_add_tcase(s, t);
	return s;
}
