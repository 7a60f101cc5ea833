/*
 * tarbad.c - unit tests of data/tarin.h: archives that are cut off, damaged or
 * none, and a full disk. The old file or the new one, never anything else.
 */
#include "unit.h"
#include "lib_tarin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/tree.h"

/* ---- broken input ---- */

/* len bytes as a gzip member, appended. */
static void
gzip_add(struct str *gz, const void *p, size_t len)
{
	z_stream	 z = { .next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)len };
	unsigned char	*buf = malloc(len + 1024);

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = buf;
	z.avail_out = (uInt)len + 1024;
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	str_addn(gz, buf, z.total_out);
	deflateEnd(&z);
	free(buf);
}

/* "f" is the old or the new one, and nothing is beside it. */
static void
old_or_new(const char *old, const char *new, size_t at)
{
	char	*text = dir_read(&tarin_in, "f");

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(strcmp(text, old) == 0 || strcmp(text, new) == 0,
	    "cut at %zu: f is neither old nor new", at);
	free(text);
	tarin_entries(".", 1);
}

static char *
long_text(void)
{
	char	*text = malloc(3001);
	unsigned seed = 7;

	for (size_t i = 0; i < 3000; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)('a' + (seed >> 16) % 26);
	}
	text[3000] = '\0';
	return text;
}

static void
cut_everywhere(const struct str *s, const char *new, size_t step)
{
	struct err	e;
	size_t		n;

	for (n = 0; n < s->len; n += step) {
		dir_write(&tarin_in, "f", "old");
		ck_assert_msg(tarin_bytes(s->s, n, &e) == -1, "cut at %zu: accepted", n);
		ck_assert_msg(e.code == EINVAL, "cut at %zu: %s", n, e.msg);
		old_or_new("old", new, n);
	}
}

START_TEST(cut_plain)
{
	char	*text = long_text();

	tarin_add("f", '0', NULL, text);
	cut_everywhere(&tarin_tar, text, 64);
	ck_assert_uint_eq(tarin_tar.len, 512 + 3072);
	tar_end(&tarin_tar);
	tarin_tar.len -= 1024;
	cut_everywhere(&tarin_tar, text, 512);
	tarin_tar.len += 512;		/* one block of zeros will do */
	{
		struct err	e;

		ck_assert_int_eq(tarin_bytes(tarin_tar.s, tarin_tar.len, &e), 0);
		tarin_has("f", text);
	}
	free(text);
}
END_TEST

START_TEST(cut_gzip)
{
	struct str	gz = STR_INIT;
	char		*text = long_text();

	tarin_add("f", '0', NULL, text);
	tar_end(&tarin_tar);
	gzip_add(&gz, tarin_tar.s, tarin_tar.len);
	cut_everywhere(&gz, text, 1);
	str_release(&gz);
	free(text);
}
END_TEST

/* A bit turned over anywhere: an error, or no harm where gzip carries nothing
 * (time, system); never another content without an error. */
START_TEST(bit_flips)
{
	struct str	gz = STR_INIT;
	struct err	e;
	char		*text = long_text();
	size_t		harmless = 0;

	tarin_add("f", '0', NULL, text);
	tar_end(&tarin_tar);
	gzip_add(&gz, tarin_tar.s, tarin_tar.len);
	for (size_t i = 0; i < gz.len; i++) {
		dir_write(&tarin_in, "f", "old");
		gz.s[i] ^= 0x10;
		if (tarin_bytes(gz.s, gz.len, &e) == 0) {
			tarin_has("f", text);
			harmless++;
		} else
			ck_assert_int_eq(e.code, EINVAL);
		gz.s[i] ^= 0x10;
		ck_assert_int_eq(tree_remove(tarin_in.fd, ".", NULL), 0);
	}
	ck_assert_uint_le(harmless, 7);
	str_release(&gz);
	free(text);
}
END_TEST

START_TEST(members)
{
	struct str	gz = STR_INIT;
	struct err	e;
	char		*text = long_text();
	size_t		cut;

	tarin_add("f", '0', NULL, text);
	tarin_add("g", '0', NULL, "second");
	tar_end(&tarin_tar);
	/* Borders in the middle of data and of a header, an empty member. */
	gzip_add(&gz, tarin_tar.s, 1000);
	gzip_add(&gz, tarin_tar.s + 1000, 2700);
	gzip_add(&gz, "", 0);
	cut = gz.len;
	gzip_add(&gz, tarin_tar.s + 3700, tarin_tar.len - 3700);
	ck_assert_msg(tarin_bytes(gz.s, gz.len, &e) == 0, "%s", e.msg);
	tarin_has("f", text);
	tarin_has("g", "second");
	/* Without the last member. */
	ck_assert_int_eq(tarin_bytes(gz.s, cut, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	/* What follows is nobody's business. */
	str_add(&gz, "garbage");
	ck_assert_msg(tarin_bytes(gz.s, gz.len, &e) == 0, "%s", e.msg);
	str_add(&tarin_tar, "garbage");
	ck_assert_msg(tarin_bytes(tarin_tar.s, tarin_tar.len, &e) == 0, "%s", e.msg);
	str_release(&gz);
	free(text);
}
END_TEST

START_TEST(no_archive)
{
	static const char	zeros[10240];
	struct err		e;

	ck_assert_int_eq(tarin_bytes("", 0, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_str_eq(e.msg, "empty input: not a tar archive, plain or packed with gzip or zstd");
	ck_assert_int_eq(tarin_bytes("hello", 5, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_str_eq(e.msg, "not a tar archive, plain or packed with gzip or zstd");
	ck_assert_int_eq(tarin_bytes("\x1f\x8b", 2, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_int_eq(tarin_bytes("PK\3\4", 4, &e), -1);
	ck_assert_int_eq(tarin_bytes(zeros, sizeof zeros, &e), 0);	/* an empty one */
	tarin_entries(".", 0);
	/* A directory cannot be read. */
	e = (struct err)ERR_INIT;
	ck_assert_int_eq(tarin_extract(tarin_out.fd, tarin_in.fd, NULL, &e), -1);
	ck_assert_int_eq(e.code, EISDIR);
}
END_TEST

/* The end of the archive is not the end of the input: a writer that sends more
 * must not be cut off. */
START_TEST(reads_all)
{
	struct err	e = ERR_INIT;
	int		fd;

	tarin_add("f", '0', NULL, "x");
	tar_end(&tarin_tar);
	for (int i = 0; i < 1000000; i++)
		str_addc(&tarin_tar, 'x');
	fd = tar_file(tarin_tar.s, tarin_tar.len);
	ck_assert_int_eq(tarin_extract(fd, tarin_in.fd, NULL, &e), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)tarin_tar.len);
	close(fd);
}
END_TEST

START_TEST(disk_full)
{
	struct err	e = ERR_INIT;
	char		*text;
	int		fd, mnt;

	if (!dir_mount(&tarin_in, "mnt", "size=64k"))
		return;
	text = malloc(100001);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	mnt = openat(tarin_in.fd, "mnt", O_RDONLY | O_DIRECTORY);
	tarin_add("old", '0', NULL, "small");
	tarin_add("old", '0', NULL, text);
	tar_end(&tarin_tar);
	free(text);
	fd = tar_file(tarin_tar.s, tarin_tar.len);
	ck_assert_int_eq(tarin_extract(fd, mnt, NULL, &e), -1);
	ck_assert_int_eq(e.code, ENOSPC);
	ck_assert_ptr_nonnull(strstr(e.msg, "entry \"old\": write: No space left on device"));
	tarin_has("mnt/old", "small");
	tarin_entries("mnt", 1);
	close(fd);
	close(mnt);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tarbad");
	TCase	*t = tcase_create("tarbad");

	tcase_add_checked_fixture(t, tarin_setup, tarin_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, cut_plain);
	tcase_add_test(t, cut_gzip);
	tcase_add_test(t, bit_flips);
	tcase_add_test(t, members);
	tcase_add_test(t, no_archive);
	tcase_add_test(t, reads_all);
	tcase_add_test(t, disk_full);
	suite_add_tcase(s, t);
	return s;
}
