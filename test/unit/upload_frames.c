/* upload_frames.c - buildlet/upload.h: only a whole upload becomes a file. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "buildlet/upload.h"
#include "lib_io.h"
#include "io/ring.h"

static struct loop	*loop;
static struct body	*src, *dst;
static struct err	 e;

static void
loop_setup(void)
{
	loop = loop_new(&e);
	ck_assert_ptr_nonnull(loop);
	e = (struct err)ERR_INIT;
}

static void
setup(void)
{
	loop_setup();
	src = body_new(loop, -1);
	dst = upload_frames(loop, src);
}

static void
teardown(void)
{
	loop_free(loop);
}

static void
src_add(const char *text)
{
	buf_adds(body_buf(src), text);
	body_wrote(src);
}

static void
on_data(struct body *b, void *arg)
{
	struct evbuffer	*to = arg;

	buf_move(to, body_buf(b), SIZE_MAX);
	body_took(b);
}

/* All that comes out until the end or a failure. */
static char *
dst_read(size_t *len, bool *broken)
{
	struct evbuffer	*to = buf_new();
	char		*text;

	body_on_data(dst, on_data, to);
	WAIT(loop, body_done(dst) || body_error(dst) != NULL);
	*broken = body_error(dst) != NULL;
	body_close(dst);
	text = buf_string(to, len);
	buf_free(to);
	return text;
}

START_TEST(frames_and_a_last_one)
{
	size_t	 len;
	bool	 broken;
	char	*got;

	src_add("hello");
	loop_turn(loop, 0);
	src_add("!!");
	body_end(src, NULL);
	got = dst_read(&len, &broken);
	ck_assert(!broken);
	ck_assert_uint_eq(len, 19);
	ck_assert_mem_eq(got, "\0\0\0\5hello\0\0\0\2!!\0\0\0\0", 19);
	free(got);
}
END_TEST

START_TEST(no_last_frame_for_a_broken_body)
{
	struct err	 why = { 0, "the client went away" };
	size_t		 len;
	bool		 broken;
	char		*got;

	src_add("hello");
	loop_turn(loop, 0);
	body_fail(src, &why);
	got = dst_read(&len, &broken);
	ck_assert(broken);
	ck_assert_uint_eq(len, 9);
	free(got);
}
END_TEST

START_TEST(a_reader_that_leaves_ends_it)
{
	src_add("hello");
	loop_turn(loop, 0);
	body_close(dst);
	WAIT(loop, body_closed(src));
	body_end(src, NULL);
}
END_TEST

/* ---- the receiving side ---- */

/* The reader's end of a ring that holds bytes, and its end. */
static struct ring *
ring_of(const void *bytes, size_t len, struct stream **writer, int *talk)
{
	struct ring	*in;

	*writer = ring_stream(loop, "test", talk);
	ck_assert_ptr_nonnull(*writer);
	stream_write(*writer, bytes, len);
	stream_shut(*writer);
	loop_turn(loop, 0);
	ck_assert_ptr_nonnull(in = ring_join(*talk, &e));
	return in;
}

static void
ring_end(struct ring *in, struct stream *writer, int talk)
{
	ring_leave(in);
	close(talk);
	stream_close(writer);
}

/* Gives bytes to upload_receive; what the file holds then is in *text. */
static int
receive(const void *bytes, size_t len, char **text)
{
	char		 name[] = "/tmp/upload.XXXXXX";
	int		 out = mkstemp(name), talk, ret;
	struct stream	*writer;
	struct ring	*in = ring_of(bytes, len, &writer, &talk);
	uint64_t	 n = 0;

	ck_assert_int_ne(out, -1);
	ret = upload_receive(in, out, &n, &e);
	ring_end(in, writer, talk);
	close(out);
	*text = file_read(name, 65536, NULL, NULL);
	if (ret == 0)
		ck_assert_uint_eq(n, strlen(*text));
	unlink(name);
	return ret;
}

START_TEST(receives_what_is_whole)
{
	char	*text;

	ck_assert_int_eq(receive("\0\0\0\5hello\0\0\0\2!!\0\0\0\0", 19, &text), 0);
	ck_assert_str_eq(text, "hello!!");
	free(text);
	ck_assert_int_eq(receive("\0\0\0\0", 4, &text), 0);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

/* Wherever it is cut, it is not whole. */
START_TEST(refuses_every_cut)
{
	char	*text;

	ck_assert_int_eq(receive("\0\0\0\5hello\0\0\0\2!!\0\0\0\0", (size_t)_i, &text), -1);
	ck_assert_str_eq(e.msg, "the upload broke off");
	ck_assert_int_eq(e.code, 0);
	free(text);
}
END_TEST

START_TEST(refuses_a_frame_too_long)
{
	char	*text;

	ck_assert_int_eq(receive("\xff\xff\xff\xff....", 8, &text), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "a frame of"));
	free(text);
}
END_TEST

START_TEST(tells_why_it_cannot_write)
{
	struct stream	*writer;
	struct ring	*in;
	int		 talk, out = open("/dev/full", O_WRONLY);
	uint64_t	 n;

	if (out == -1)
		return;
	in = ring_of("\0\0\0\5hello\0\0\0\0", 13, &writer, &talk);
	ck_assert_int_eq(upload_receive(in, out, &n, &e), -1);
	ck_assert_int_ne(e.code, 0);
	ring_end(in, writer, talk);
	close(out);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("upload_frames");
	TCase	*t = tcase_create("sending");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, frames_and_a_last_one);
	tcase_add_test(t, no_last_frame_for_a_broken_body);
	tcase_add_test(t, a_reader_that_leaves_ends_it);
	suite_add_tcase(s, t);
	t = tcase_create("receiving");
	tcase_add_checked_fixture(t, loop_setup, teardown);
	tcase_add_test(t, receives_what_is_whole);
	tcase_add_loop_test(t, refuses_every_cut, 0, 19);
	tcase_add_test(t, refuses_a_frame_too_long);
	tcase_add_test(t, tells_why_it_cannot_write);
	suite_add_tcase(s, t);
	return s;
}
