/*
 * tarin.c - unit tests of data/tarin.h: hostile archives, and what gives way
 * to what. Broken ones are in tarbad.c, whole trees there and back in tarout.c.
 */
#include "unit.h"
#include "lib_tarin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"

/* ---- names ---- */

START_TEST(plain)
{
	struct tarin_count	n;
	struct err		e = ERR_INIT;
	int			fd;

	tarin_add("./", '5', NULL, NULL);
	tarin_add("./a", '0', NULL, "one");
	tarin_add("d/e/f", '0', NULL, "two");
	tarin_add("d//./g", '0', NULL, "three");
	tarin_add("empty/", '5', NULL, NULL);
	tarin_add("-rf", '0', NULL, "");
	tarin_add("new\nline", '0', NULL, "four");
	tarin_add("raw\xff\x80", '0', NULL, "five");
	tar_pax(&tarin_tar, "path", "nfd-A\xcc\x88.go");	/* decomposed, must stay so */
	tarin_add("short", '0', NULL, "six");
	tar_pax(&tarin_tar, "path", "nfc-\xc3\x84.go");
	tarin_add("short", '0', NULL, "seven");
	tar_pax(&tarin_tar, "path", "bad-\xff\xfe.go");
	tarin_add("short", '0', NULL, "eight");
	tar_end(&tarin_tar);
	fd = tar_file(tarin_tar.s, tarin_tar.len);
	ck_assert_msg(tarin_extract(fd, tarin_in.fd, &n, &e) == 0, "%s", e.msg);
	close(fd);
	ck_assert_uint_eq(n.files, 11);
	ck_assert_uint_eq(n.bytes, strlen("onetwothreefourfivesixseveneight"));
	tarin_has("a", "one");
	tarin_has("d/e/f", "two");
	tarin_has("d/g", "three");
	tarin_has("-rf", "");
	tarin_has("new\nline", "four");
	tarin_has("raw\xff\x80", "five");
	tarin_has("nfd-A\xcc\x88.go", "six");
	tarin_has("nfc-\xc3\x84.go", "seven");
	tarin_has("bad-\xff\xfe.go", "eight");
	tarin_entries("empty", 0);
	tarin_entries(".", 9);
}
END_TEST

START_TEST(escapes)
{
	char	path[96];

	snprintf(path, sizeof path, "../%s/x", strrchr(tarin_out.path, '/') + 1);
	tarin_add(path, '0', NULL, "x");
	tarin_bad("refers to a parent directory");
	tarin_add("a/../../x", '0', NULL, "x");
	tarin_bad("refers to a parent directory");
	tarin_add("..", '5', NULL, NULL);
	tarin_bad("refers to a parent directory");
	snprintf(path, sizeof path, "%s/x", tarin_out.path);
	tarin_add(path, '0', NULL, "x");
	tarin_bad("is not relative");
	tarin_add(path, '5', NULL, NULL);
	tarin_bad("is not relative");
	tarin_add(path, '2', "x", NULL);
	tarin_bad("is not relative");
	tarin_entries(".", 0);
}
END_TEST

START_TEST(long_names)
{
	char	name[5001], part[257];

	memset(part, 'p', 256);
	part[256] = '\0';
	tar_pax(&tarin_tar, "path", part);
	tarin_add("x", '0', NULL, "x");
	tarin_bad("the name is too long");
	part[255] = '\0';
	tar_pax(&tarin_tar, "path", part);
	tarin_add("x", '0', NULL, "long");
	tarin_ok();
	tarin_has(part, "long");
	for (size_t i = 0; i < 5000; i++)
		name[i] = i % 2 != 0 ? '/' : 'd';
	name[5000] = '\0';
	tar_pax(&tarin_tar, "path", name);
	tarin_add("x", '5', NULL, NULL);
	tarin_bad("is too long");
	/* As deep as a name can be. */
	name[4095] = '\0';
	tar_pax(&tarin_tar, "path", name);
	tarin_add("x", '0', NULL, "deep");
	tarin_ok();
}
END_TEST

START_TEST(no_file_at_the_top)
{
	tarin_add(".", '0', NULL, "x");
	tarin_bad("only a directory can have this name");
	tarin_add("./", '2', "x", NULL);
	tarin_bad("only a directory can have this name");
}
END_TEST

/* ---- links ---- */

START_TEST(link_made_by_archive)
{
	tarin_add("l", '2', tarin_out.path, NULL);
	tarin_add("l/x", '0', NULL, "x");
	tarin_bad("symbolic link");
	tarin_add("l/x/", '5', NULL, NULL);
	tarin_bad("symbolic link");
	tarin_add("l/secret", '2', "x", NULL);
	tarin_bad("symbolic link");
	tarin_add("h", '1', "l/secret", NULL);
	tarin_bad("symbolic link");
	/* The link itself is replaced by a file, or by a directory. */
	tarin_add("l", '0', NULL, "mine");
	tarin_ok();
	tarin_has("l", "mine");
	tarin_add("l2", '2', tarin_out.path, NULL);
	tarin_add("l2", '5', NULL, NULL);
	tarin_add("l2/x", '0', NULL, "x");
	tarin_ok();
	tarin_has("l2/x", "x");
}
END_TEST

START_TEST(link_chain)
{
	tarin_add("a", '5', NULL, NULL);
	tarin_add("a/up", '2', "..", NULL);
	tarin_add("a/up/x", '0', NULL, "x");
	tarin_bad("symbolic link");
	tarin_add("a/up/../x", '0', NULL, "x");
	tarin_bad("parent directory");
	ck_assert(!dir_has(&tarin_in, "x"));
}
END_TEST

START_TEST(link_there_already)
{
	ck_assert_int_eq(symlinkat(tarin_out.path, tarin_in.fd, "l"), 0);
	ck_assert_int_eq(mkdirat(tarin_in.fd, "real", 0755), 0);
	ck_assert_int_eq(symlinkat("real", tarin_in.fd, "inside"), 0);
	ck_assert_int_eq(symlinkat("/does/not/exist", tarin_in.fd, "dangling"), 0);
	tarin_add("l/x", '0', NULL, "x");
	tarin_bad("its directory l is or lies behind a symbolic link");
	tarin_add("inside/x", '0', NULL, "x");
	tarin_bad("its directory inside is or lies behind a symbolic link");
	tarin_add("inside/deep/x", '0', NULL, "x");
	tarin_bad("symbolic link");
	tarin_add("dangling/x", '0', NULL, "x");
	tarin_bad("symbolic link");
	tarin_entries("real", 0);
	/* A file in the place of the link: not written through. */
	tarin_add("dangling", '0', NULL, "x");
	tarin_ok();
	tarin_has("dangling", "x");
}
END_TEST

START_TEST(hard_links)
{
	char		path[96];
	struct stat	a, b;

	snprintf(path, sizeof path, "%s/secret", tarin_out.path);
	tarin_add("h", '1', path, NULL);
	tarin_bad("is not relative");
	snprintf(path, sizeof path, "../%s/secret", strrchr(tarin_out.path, '/') + 1);
	tarin_add("h", '1', path, NULL);
	tarin_bad("refers to a parent directory");
	tarin_add("h", '1', "none", NULL);
	tarin_bad("there is no none to link to");
	tarin_add("d", '5', NULL, NULL);
	tarin_add("h", '1', "d", NULL);
	tarin_bad("d is nothing to link to");
	tarin_add("h", '1', "", NULL);
	tarin_bad("");
	tarin_add("f", '0', NULL, "text");
	tarin_add("d/h", '1', "./f", NULL);
	tarin_add("f2", '0', NULL, "old");
	tarin_add("f2", '1', "f", NULL);	/* takes the place of a file */
	tarin_add("f", '1', "f", NULL);	/* of itself */
	tarin_ok();
	tarin_has("d/h", "text");
	ck_assert_int_eq(fstatat(tarin_in.fd, "f", &a, 0), 0);
	ck_assert_int_eq(fstatat(tarin_in.fd, "d/h", &b, 0), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_uint_eq(a.st_nlink, 3);
	tarin_entries(".", 3);
	/* A new file under one of the names leaves the others alone. */
	tarin_add("f", '0', NULL, "new");
	tarin_ok();
	tarin_has("d/h", "text");
	tarin_has("f", "new");
}
END_TEST

START_TEST(symlinks)
{
	char	target[256];
	ssize_t	n;

	tarin_add("l", '2', "../../any/where", NULL);
	tar_pax(&tarin_tar, "linkpath", "A\xcc\x88\n");
	tarin_add("raw", '2', "x", NULL);
	tarin_add("l", '2', "second", NULL);
	tarin_ok();
	n = readlinkat(tarin_in.fd, "l", target, sizeof target);
	ck_assert_int_eq(n, 6);
	ck_assert_int_eq(memcmp(target, "second", 6), 0);
	n = readlinkat(tarin_in.fd, "raw", target, sizeof target);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(memcmp(target, "A\xcc\x88\n", 4), 0);
	tarin_entries(".", 2);
	tarin_add("e", '2', "", NULL);
	tarin_bad("the target of the link is empty");
}
END_TEST

/* ---- kinds ---- */

START_TEST(devices)
{
	tarin_add("before", '0', NULL, "x");
	tarin_add("dev/null", '3', NULL, NULL);
	tarin_bad("entry \"dev/null\": is a character device");
	tarin_add("sda", '4', NULL, NULL);
	tarin_bad("entry \"sda\": is a block device");
	tarin_add("fifo", '6', NULL, NULL);
	tarin_bad("entry \"fifo\": is a fifo");
	tarin_entries(".", 1);
}
END_TEST

START_TEST(giving_way)
{
	tarin_add("f", '0', NULL, "x");
	tarin_ok();
	tarin_add("f/x", '0', NULL, "x");		/* a file is no directory */
	tarin_bad("its directory f is not a directory");
	tarin_has("f", "x");
	tarin_add("f", '5', NULL, NULL);		/* file -> directory */
	tarin_ok();
	tarin_entries("f", 0);
	tarin_add("f", '0', NULL, "again");		/* empty directory -> file */
	tarin_ok();
	tarin_has("f", "again");
	tarin_add("d/x", '0', NULL, "x");
	tarin_ok();
	tarin_add("d", '0', NULL, "x");		/* directory that is not empty */
	tarin_bad("a directory that is not empty is in its place");
	tarin_add("d", '2', "x", NULL);
	tarin_bad("a directory that is not empty is in its place");
	tarin_add("d", '1', "f", NULL);
	tarin_bad("a directory that is not empty is in its place");
	tarin_has("d/x", "x");
	tarin_entries(".", 2);
	tarin_add("d", '5', NULL, NULL);		/* directory stays */
	tarin_ok();
	tarin_has("d/x", "x");
}
END_TEST

/* ---- modes and times ---- */

START_TEST(modes)
{
	static const unsigned	all[] = { 04755, 02755, 01777, 0400, 0644, 0111, 0666 };
	struct tar_entry	t = { .type = '0', .text = "x" };
	char			name[16];
	mode_t			old = umask(077);

	for (size_t i = 0; i < nitems(all); i++) {
		snprintf(name, sizeof name, "f%o", all[i]);
		t.name = name;
		t.mode = all[i];
		tar_add(&tarin_tar, &t);
	}
	t = (struct tar_entry){ .name = "d", .type = '5', .mode = 06777 };
	tar_add(&tarin_tar, &t);
	tarin_ok();
	for (size_t i = 0; i < nitems(all); i++) {
		snprintf(name, sizeof name, "f%o", all[i]);
		ck_assert_uint_eq(dir_mode(&tarin_in, name), S_IFREG | (all[i] & 0777));
	}
	ck_assert_uint_eq(dir_mode(&tarin_in, "d"), S_IFDIR | 0777);
	ck_assert_uint_eq(umask(old), 077);
}
END_TEST

static struct timespec
mtime_of(const char *name)
{
	struct stat	st;

	ck_assert_int_eq(fstatat(tarin_in.fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mtim;
}

START_TEST(times)
{
	struct tar_entry	t = { .name = "future", .type = '0', .text = "x",
		.mtime = 4102444800 };
	time_t			now = time(NULL);

	tar_add(&tarin_tar, &t);
	t.name = "d/";
	t.type = '5';
	t.text = NULL;
	t.mode = 0755;
	tar_add(&tarin_tar, &t);
	t = (struct tar_entry){ .name = "past/", .type = '5', .mode = 0755, .mtime = 5 };
	tar_add(&tarin_tar, &t);
	t = (struct tar_entry){ .name = "past/f", .type = '0', .text = "x", .mtime = 6 };
	tar_add(&tarin_tar, &t);
	tar_pax(&tarin_tar, "mtime", "1234567890.123456789");
	t.name = "fraction";
	tar_add(&tarin_tar, &t);
	tar_pax(&tarin_tar, "mtime", "-1.5");
	t.name = "before";
	tar_add(&tarin_tar, &t);
	t = (struct tar_entry){ .name = "l", .type = '2', .link = "x", .mtime = 7 };
	tar_add(&tarin_tar, &t);
	tarin_ok();
	ck_assert_int_ge(mtime_of("future").tv_sec, now - 1);
	ck_assert_int_le(mtime_of("future").tv_sec, time(NULL));
	ck_assert_int_le(mtime_of("d").tv_sec, time(NULL));
	ck_assert_int_eq(mtime_of("past").tv_sec, 5);
	ck_assert_int_eq(mtime_of("past/f").tv_sec, 6);
	ck_assert_int_eq(mtime_of("fraction").tv_sec, 1234567890);
	ck_assert_int_eq(mtime_of("fraction").tv_nsec, 123456789);
	ck_assert_int_lt(mtime_of("before").tv_sec, 0);
	ck_assert_int_eq(mtime_of("l").tv_sec, 7);
}
END_TEST

static void
be_nobody(void)
{
	if (getuid() != 0)
		return;
	ck_assert_int_eq(fchown(tarin_in.fd, 65534, 65534), 0);
	ck_assert_int_eq(seteuid(65534), 0);
}

static void
be_root(void)
{
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}

/* As somebody whom permissions hold back. */
START_TEST(read_only_directories)
{
	struct tar_entry	d = { .name = "ro/", .type = '5', .mode = 0555, .mtime = 9 };

	be_nobody();
	tar_add(&tarin_tar, &d);
	tarin_add("ro/f", '0', NULL, "x");
	d.name = "ro/sub/";
	tar_add(&tarin_tar, &d);
	tarin_add("ro/sub/l", '2', "x", NULL);
	tarin_ok();
	tarin_has("ro/f", "x");
	ck_assert_uint_eq(dir_mode(&tarin_in, "ro"), S_IFDIR | 0555);
	ck_assert_uint_eq(dir_mode(&tarin_in, "ro/sub"), S_IFDIR | 0555);
	ck_assert_int_eq(mtime_of("ro").tv_sec, 9);
	/* It is read-only from before, and the archive does not name it. */
	tarin_add("ro/g", '0', NULL, "y");
	tarin_add("ro/f", '0', NULL, "z");
	tarin_add("ro/l", '2', "x", NULL);
	tarin_add("ro/h", '1', "ro/g", NULL);
	tarin_add("ro/sub/d/", '5', NULL, NULL);
	tarin_ok();
	tarin_has("ro/g", "y");
	tarin_has("ro/f", "z");
	tarin_entries("ro", 5);
	ck_assert_uint_eq(dir_mode(&tarin_in, "ro"), S_IFDIR | 0555);
	ck_assert_uint_eq(dir_mode(&tarin_in, "ro/sub"), S_IFDIR | 0555);
	/* The last of two entries counts, and an error keeps no directory open. */
	d.name = "ro/";
	d.mode = 0500;
	tar_add(&tarin_tar, &d);
	tarin_add("ro/bad", '3', NULL, NULL);
	tarin_bad("character device");
	ck_assert_uint_eq(dir_mode(&tarin_in, "ro"), S_IFDIR | 0500);
	be_root();
}
END_TEST

START_TEST(root_keeps_its_mode)
{
	struct tar_entry	d = { .name = "./", .type = '5', .mode = 0777 };

	ck_assert_int_eq(fchmod(tarin_in.fd, 0700), 0);
	tar_add(&tarin_tar, &d);
	tarin_ok();
	ck_assert_uint_eq(dir_mode(&tarin_in, "."), S_IFDIR | 0700);
}
END_TEST

START_TEST(sparse)
{
	/* GNU's 1.0: the map stands before the data. */
	struct tar_entry	t = { .name = "x", .type = '0' };
	struct str		text = STR_INIT, records = STR_INIT;
	struct stat		st;
	int			fd;
	char			c;

	str_add(&records, "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
	    "24 GNU.sparse.name=hole\n31 GNU.sparse.realsize=1048576\n");
	t.name = "pax";
	t.type = 'x';
	t.text = records.s;
	tar_add(&tarin_tar, &t);
	str_add(&text, "1\n524288\n3\n");
	while (text.len < 512)
		str_addc(&text, ' ');
	for (size_t i = 11; i < 512; i++)
		text.s[i] = '\n';
	str_add(&text, "mid");
	t = (struct tar_entry){ .name = "hole", .type = '0', .text = text.s };
	tar_add(&tarin_tar, &t);
	tarin_ok();
	fd = openat(tarin_in.fd, "hole", O_RDONLY);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 1048576);
	ck_assert_int_eq(pread(fd, &c, 1, 524288), 1);
	ck_assert_int_eq(c, 'm');
	ck_assert_int_eq(pread(fd, &c, 1, 1048575), 1);
	ck_assert_int_eq(c, 0);
	close(fd);
	str_release(&text);
	str_release(&records);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tarin");
	TCase	*t = tcase_create("tarin");

	tcase_add_checked_fixture(t, tarin_setup, tarin_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, plain);
	tcase_add_test(t, escapes);
	tcase_add_test(t, long_names);
	tcase_add_test(t, no_file_at_the_top);
	tcase_add_test(t, link_made_by_archive);
	tcase_add_test(t, link_chain);
	tcase_add_test(t, link_there_already);
	tcase_add_test(t, hard_links);
	tcase_add_test(t, symlinks);
	tcase_add_test(t, devices);
	tcase_add_test(t, giving_way);
	tcase_add_test(t, modes);
	tcase_add_test(t, times);
	tcase_add_test(t, read_only_directories);
	tcase_add_test(t, root_keeps_its_mode);
	tcase_add_test(t, sparse);
	suite_add_tcase(s, t);
	return s;
}
