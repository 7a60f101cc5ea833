/* uploads_early.c - what users upload, handed out by its name while it comes in. */
#include "coordinator/uploads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/buf.h"
#include "lib_dir.h"
#include "lib_io.h"
#include "unit.h"

#define KIB	1024
#define NAME	"00112233445566778899aabbccddeeff"

struct reader {
	size_t	 n;
	bool	 done, broke;
};

static struct dir	 dir;
static struct loop	*loop;
static struct uploads	*all;
static struct body	*in;		/* the writer's end of the upload; NULL: ended */
static struct upload	*up;
static struct reader	 r;
static int		 takes, fails;
static struct err	 e;

static void
on_taken(const struct upload_row *row, const struct err *why, void *arg)
{
	(void)why;
	(void)arg;
	takes += row != NULL;
	fails += row == NULL;
}

static void
turn(void)
{
	int	i;

	for (i = 0; i < 20; i++)
		loop_turn(loop, 0);
}

static struct upload *
begin(const char *user, const char *name)
{
	in = body_new(loop, -1);
	return uploads_take(all, user, NULL, name, in, on_taken, NULL, &e);
}

static void
setup(void)
{
	char			path[128];
	struct uploads_config	cfg = { path, 1024 * KIB, 512 * KIB, 60000 };

	log_set_level(LOG_ERROR);
	e = (struct err)ERR_INIT;
	dir_make(&dir);
	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	snprintf(path, sizeof path, "%s/uploads", dir.path);
	all = uploads_new(loop, &cfg, &e);
	ck_assert_msg(all != NULL, "%s", e.msg);
	takes = fails = 0;
	r = (struct reader){ 0, false, false };
	up = begin("alice", NAME);
	ck_assert_ptr_nonnull(up);
}

static void
teardown(void)
{
	uploads_free(all);
	if (in != NULL)
		body_end(in, NULL);
	turn();
	loop_free(loop);
	dir_drop(&dir);
}

static void
feed(size_t len)
{
	fill_pattern(body_buf(in), 0, len);
	body_wrote(in);
	turn();
}

static void
end(void)
{
	body_end(in, NULL);
	in = NULL;
	turn();
}

static void
on_data(struct body *b, void *arg)
{
	struct reader	*to = arg;

	to->n += buf_len(body_buf(b));
	buf_drain(body_buf(b), buf_len(body_buf(b)));
	body_took(b);
	to->broke = body_error(b) != NULL;
	to->done = body_done(b);
	if (to->done || to->broke)
		body_close(b);
}

/* By the name, into r. */
static void
read_it(const char *user)
{
	struct body	*b = uploads_open(all, user, NAME, &e);

	ck_assert_msg(b != NULL, "%s", e.msg);
	body_on_data(b, on_data, &r);
	turn();
}

START_TEST(test_as_it_comes)
{
	struct upload_row	row;

	feed(10 * KIB);
	ck_assert(uploads_find(all, "alice", NAME, &row));
	ck_assert_str_eq(row.digest, "");
	ck_assert_uint_eq(row.bytes, 10 * KIB);
	read_it("alice");
	ck_assert_uint_eq(r.n, 10 * KIB);
	ck_assert(!r.done);
	feed(300 * KIB);
	ck_assert_uint_eq(r.n, 310 * KIB);
	end();
	ck_assert_int_eq(takes, 1);
	ck_assert(r.done);
	/* It has its name still, and a digest. */
	ck_assert(uploads_find(all, "alice", NAME, &row));
	ck_assert_uint_eq(strlen(row.digest), 64);
	r = (struct reader){ 0, false, false };
	read_it("alice");
	WAIT(loop, r.done);
	ck_assert_uint_eq(r.n, 310 * KIB);
}
END_TEST

START_TEST(test_before_the_first_byte)
{
	read_it("alice");
	ck_assert_uint_eq(r.n, 0);
	feed(KIB);
	end();
	ck_assert(r.done);
	ck_assert_uint_eq(r.n, KIB);
}
END_TEST

START_TEST(test_of_its_user_alone)
{
	struct upload_row	row;

	feed(KIB);
	ck_assert(!uploads_find(all, "bob", NAME, &row));
	ck_assert_ptr_null(uploads_open(all, "bob", NAME, &e));
	ck_assert_int_eq(e.code, UPLOADS_MISSING);
	end();
	ck_assert(!uploads_find(all, "bob", NAME, &row));
	ck_assert_ptr_null(uploads_open(all, "bob", NAME, &e));
}
END_TEST

START_TEST(test_breaks_off_with_it)
{
	struct upload_row	row;

	feed(KIB);
	read_it("alice");
	err_set(&e, "gone");
	body_fail(in, &e);
	in = NULL;
	turn();
	ck_assert_int_eq(fails, 1);
	ck_assert(r.broke);
	ck_assert(!uploads_find(all, "alice", NAME, &row));
}
END_TEST

START_TEST(test_called_off)
{
	feed(KIB);
	read_it("alice");
	upload_cancel(up);
	turn();
	ck_assert(r.broke);
	ck_assert_int_eq(takes + fails, 0);
}
END_TEST

START_TEST(test_too_much)
{
	int	i;

	read_it("alice");
	for (i = 0; i < 600 && fails == 0; i++)
		feed(KIB);
	ck_assert_int_eq(fails, 1);
	ck_assert(r.broke);
}
END_TEST

/* The same is held already: the readers get all of it, and the name is that one's. */
START_TEST(test_the_same_again)
{
	feed(KIB);
	end();
	ck_assert_int_eq(takes, 1);
	ck_assert_ptr_nonnull(begin("alice", "ffeeddccbbaa99887766554433221100"));
	feed(KIB / 2);
	body_on_data(uploads_open(all, "alice", "ffeeddccbbaa99887766554433221100", &e),
	    on_data, &r);
	turn();
	ck_assert_uint_eq(r.n, KIB / 2);
	fill_pattern(body_buf(in), KIB / 2, KIB / 2);
	body_wrote(in);
	end();
	ck_assert_int_eq(takes, 2);
	ck_assert(r.done);
	ck_assert_uint_eq(r.n, KIB);
	ck_assert_int_eq(dir_count(&dir, "uploads"), 1);
}
END_TEST

/* A reader that goes, and one that takes nothing, are nobody's trouble. */
START_TEST(test_other_readers)
{
	struct body	*gone, *lazy;

	feed(KIB);
	gone = uploads_open(all, "alice", NAME, &e);
	lazy = uploads_open(all, "alice", NAME, &e);
	read_it("alice");
	body_close(gone);
	feed(400 * KIB);
	ck_assert_uint_eq(r.n, 401 * KIB);
	ck_assert_uint_le(buf_len(body_buf(lazy)), BODY_HIGH + 64 * KIB);
	end();
	ck_assert(r.done);
	r = (struct reader){ 0, false, false };
	body_on_data(lazy, on_data, &r);
	WAIT(loop, r.done);
	ck_assert_uint_eq(r.n, 401 * KIB);
}
END_TEST

/* Who comes to where another one was just gets what that one read: here the file does
 * not have it any more. */
START_TEST(test_one_reads_for_all)
{
	char		 path[160];
	struct reader	 second = { 0, false, false };
	struct body	*b;

	feed(384 * KIB);
	b = uploads_open(all, "alice", NAME, &e);
	read_it("alice");
	ck_assert_uint_eq(r.n, 384 * KIB);
	snprintf(path, sizeof path, "%s/uploads/new-1", dir.path);
	ck_assert_int_eq(truncate(path, 10), 0);
	body_on_data(b, on_data, &second);
	turn();
	ck_assert_uint_eq(second.n, 384 * KIB);
	end();
	ck_assert(r.done && second.done);
	/* And not for ever. */
	r = (struct reader){ 0, false, false };
	read_it("alice");
	WAIT(loop, r.broke);
}
END_TEST

START_TEST(test_the_end_amid)
{
	feed(KIB);
	read_it("alice");
	uploads_free(all);
	all = NULL;
	WAIT(loop, r.broke);
	ck_assert_int_eq(takes + fails, 0);
}
END_TEST

START_TEST(test_names)
{
	ck_assert(uploads_is_name(NAME));
	ck_assert(!uploads_is_name(""));
	ck_assert(!uploads_is_name(NAME "0"));
	ck_assert(!uploads_is_name("../11223344556677889900aabbccdde"));
	ck_assert(!uploads_is_name("00112233445566778899AABBCCDDEEFF"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("uploads_early");
	TCase	*t = tcase_create("uploads_early");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_as_it_comes);
	tcase_add_test(t, test_before_the_first_byte);
	tcase_add_test(t, test_of_its_user_alone);
	tcase_add_test(t, test_breaks_off_with_it);
	tcase_add_test(t, test_called_off);
	tcase_add_test(t, test_too_much);
	tcase_add_test(t, test_the_same_again);
	tcase_add_test(t, test_other_readers);
	tcase_add_test(t, test_one_reads_for_all);
	tcase_add_test(t, test_the_end_amid);
	tcase_add_test(t, test_names);
	suite_add_tcase(s, t);
	return s;
}
