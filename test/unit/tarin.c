/*
 * tarin.c - unit tests of data/tarin.h: hostile and broken archives, and what
 * gives way to what. Whole trees there and back are in tarout.c.
 */
#include "unit.h"
#include "lib_dir.h"
#include "lib_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/attr.h"
#include "base/tree.h"
#include "data/tarin.h"

/* in: what is unpacked into. out: beside it, must never change. */
static struct dir	in, out;
static struct str	tar;

static void
setup(void)
{
	dir_make(&in);
	dir_make(&out);
	dir_write(&out, "secret", "secret");
	str_init(&tar);
}

static void
teardown(void)
{
	char	*text = dir_read(&out, "secret");

	ck_assert_str_eq(text, "secret");
	free(text);
	ck_assert_int_eq(dir_count(&out, "."), 1);
	ck_assert_uint_eq(dir_mode(&out, "secret") & 07777, 0644);
	str_release(&tar);
	dir_drop(&in);
	dir_drop(&out);
}

static int
extract_bytes(const void *p, size_t len, struct err *e)
{
	int	fd = tar_file(p, len), r;

	*e = (struct err)ERR_INIT;
	r = tarin_extract(fd, in.fd, NULL, e);
	ck_assert_int_eq(r == -1, e->msg[0] != '\0');
	close(fd);
	return r;
}

/* The archive so far; then a new one begins. */
static void
extract_ok(void)
{
	struct err	e;

	tar_end(&tar);
	ck_assert_msg(extract_bytes(tar.s, tar.len, &e) == 0, "%s", e.msg);
	str_clear(&tar);
}

static void
extract_bad(const char *want)
{
	struct err	e;

	tar_end(&tar);
	ck_assert_int_eq(extract_bytes(tar.s, tar.len, &e), -1);
	ck_assert_msg(strstr(e.msg, want) != NULL, "\"%s\" is not in \"%s\"", want, e.msg);
	ck_assert_int_eq(e.code, EINVAL);
	str_clear(&tar);
}

static void
add(const char *name, char type, const char *link, const char *text)
{
	struct tar_entry	t = { .name = name, .type = type, .link = link,
		.text = text, .mtime = 1000000000 };

	if (type == '5')
		t.mode = 0755;
	tar_add(&tar, &t);
}

static void
has_text(const char *name, const char *want)
{
	char	*text = dir_read(&in, name);

	ck_assert_msg(text != NULL, "%s is missing", name);
	ck_assert_str_eq(text, want);
	free(text);
}

/* No temporary file anywhere at the top. */
static void
has_entries(const char *dir, int n)
{
	ck_assert_int_eq(dir_count(&in, dir), n);
}

/* ---- names ---- */

START_TEST(plain)
{
	struct tarin_count	n;
	struct err		e = ERR_INIT;
	int			fd;

	add("./", '5', NULL, NULL);
	add("./a", '0', NULL, "one");
	add("d/e/f", '0', NULL, "two");
	add("d//./g", '0', NULL, "three");
	add("empty/", '5', NULL, NULL);
	add("-rf", '0', NULL, "");
	add("new\nline", '0', NULL, "four");
	add("raw\xff\x80", '0', NULL, "five");
	tar_pax(&tar, "path", "nfd-A\xcc\x88.go");	/* decomposed, must stay so */
	add("short", '0', NULL, "six");
	tar_pax(&tar, "path", "nfc-\xc3\x84.go");
	add("short", '0', NULL, "seven");
	tar_pax(&tar, "path", "bad-\xff\xfe.go");
	add("short", '0', NULL, "eight");
	tar_end(&tar);
	fd = tar_file(tar.s, tar.len);
	ck_assert_msg(tarin_extract(fd, in.fd, &n, &e) == 0, "%s", e.msg);
	close(fd);
	ck_assert_uint_eq(n.files, 11);
	ck_assert_uint_eq(n.bytes, strlen("onetwothreefourfivesixseveneight"));
	has_text("a", "one");
	has_text("d/e/f", "two");
	has_text("d/g", "three");
	has_text("-rf", "");
	has_text("new\nline", "four");
	has_text("raw\xff\x80", "five");
	has_text("nfd-A\xcc\x88.go", "six");
	has_text("nfc-\xc3\x84.go", "seven");
	has_text("bad-\xff\xfe.go", "eight");
	has_entries("empty", 0);
	has_entries(".", 9);
}
END_TEST

START_TEST(escapes)
{
	char	path[96];

	snprintf(path, sizeof path, "../%s/x", strrchr(out.path, '/') + 1);
	add(path, '0', NULL, "x");
	extract_bad("refers to a parent directory");
	add("a/../../x", '0', NULL, "x");
	extract_bad("refers to a parent directory");
	add("..", '5', NULL, NULL);
	extract_bad("refers to a parent directory");
	snprintf(path, sizeof path, "%s/x", out.path);
	add(path, '0', NULL, "x");
	extract_bad("is not relative");
	add(path, '5', NULL, NULL);
	extract_bad("is not relative");
	add(path, '2', "x", NULL);
	extract_bad("is not relative");
	has_entries(".", 0);
}
END_TEST

START_TEST(long_names)
{
	char	name[5001], part[257];

	memset(part, 'p', 256);
	part[256] = '\0';
	tar_pax(&tar, "path", part);
	add("x", '0', NULL, "x");
	extract_bad("the name is too long");
	part[255] = '\0';
	tar_pax(&tar, "path", part);
	add("x", '0', NULL, "long");
	extract_ok();
	has_text(part, "long");
	for (size_t i = 0; i < 5000; i++)
		name[i] = i % 2 != 0 ? '/' : 'd';
	name[5000] = '\0';
	tar_pax(&tar, "path", name);
	add("x", '5', NULL, NULL);
	extract_bad("is too long");
	/* As deep as a name can be. */
	name[4095] = '\0';
	tar_pax(&tar, "path", name);
	add("x", '0', NULL, "deep");
	extract_ok();
}
END_TEST

START_TEST(no_file_at_the_top)
{
	add(".", '0', NULL, "x");
	extract_bad("only a directory can have this name");
	add("./", '2', "x", NULL);
	extract_bad("only a directory can have this name");
}
END_TEST

/* ---- links ---- */

START_TEST(link_made_by_archive)
{
	add("l", '2', out.path, NULL);
	add("l/x", '0', NULL, "x");
	extract_bad("symbolic link");
	add("l/x/", '5', NULL, NULL);
	extract_bad("symbolic link");
	add("l/secret", '2', "x", NULL);
	extract_bad("symbolic link");
	add("h", '1', "l/secret", NULL);
	extract_bad("symbolic link");
	/* The link itself is replaced by a file, or by a directory. */
	add("l", '0', NULL, "mine");
	extract_ok();
	has_text("l", "mine");
	add("l2", '2', out.path, NULL);
	add("l2", '5', NULL, NULL);
	add("l2/x", '0', NULL, "x");
	extract_ok();
	has_text("l2/x", "x");
}
END_TEST

START_TEST(link_chain)
{
	add("a", '5', NULL, NULL);
	add("a/up", '2', "..", NULL);
	add("a/up/x", '0', NULL, "x");
	extract_bad("symbolic link");
	add("a/up/../x", '0', NULL, "x");
	extract_bad("parent directory");
	ck_assert(!dir_has(&in, "x"));
}
END_TEST

START_TEST(link_there_already)
{
	ck_assert_int_eq(symlinkat(out.path, in.fd, "l"), 0);
	ck_assert_int_eq(mkdirat(in.fd, "real", 0755), 0);
	ck_assert_int_eq(symlinkat("real", in.fd, "inside"), 0);
	ck_assert_int_eq(symlinkat("/does/not/exist", in.fd, "dangling"), 0);
	add("l/x", '0', NULL, "x");
	extract_bad("its directory l is or lies behind a symbolic link");
	add("inside/x", '0', NULL, "x");
	extract_bad("its directory inside is or lies behind a symbolic link");
	add("inside/deep/x", '0', NULL, "x");
	extract_bad("symbolic link");
	add("dangling/x", '0', NULL, "x");
	extract_bad("symbolic link");
	has_entries("real", 0);
	/* A file in the place of the link: not written through. */
	add("dangling", '0', NULL, "x");
	extract_ok();
	has_text("dangling", "x");
}
END_TEST

START_TEST(hard_links)
{
	char		path[96];
	struct stat	a, b;

	snprintf(path, sizeof path, "%s/secret", out.path);
	add("h", '1', path, NULL);
	extract_bad("is not relative");
	snprintf(path, sizeof path, "../%s/secret", strrchr(out.path, '/') + 1);
	add("h", '1', path, NULL);
	extract_bad("refers to a parent directory");
	add("h", '1', "none", NULL);
	extract_bad("there is no none to link to");
	add("d", '5', NULL, NULL);
	add("h", '1', "d", NULL);
	extract_bad("d is nothing to link to");
	add("h", '1', "", NULL);
	extract_bad("");
	add("f", '0', NULL, "text");
	add("d/h", '1', "./f", NULL);
	add("f2", '0', NULL, "old");
	add("f2", '1', "f", NULL);	/* takes the place of a file */
	add("f", '1', "f", NULL);	/* of itself */
	extract_ok();
	has_text("d/h", "text");
	ck_assert_int_eq(fstatat(in.fd, "f", &a, 0), 0);
	ck_assert_int_eq(fstatat(in.fd, "d/h", &b, 0), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_uint_eq(a.st_nlink, 3);
	has_entries(".", 3);
	/* A new file under one of the names leaves the others alone. */
	add("f", '0', NULL, "new");
	extract_ok();
	has_text("d/h", "text");
	has_text("f", "new");
}
END_TEST

START_TEST(symlinks)
{
	char	target[256];
	ssize_t	n;

	add("l", '2', "../../any/where", NULL);
	tar_pax(&tar, "linkpath", "A\xcc\x88\n");
	add("raw", '2', "x", NULL);
	add("l", '2', "second", NULL);
	extract_ok();
	n = readlinkat(in.fd, "l", target, sizeof target);
	ck_assert_int_eq(n, 6);
	ck_assert_int_eq(memcmp(target, "second", 6), 0);
	n = readlinkat(in.fd, "raw", target, sizeof target);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(memcmp(target, "A\xcc\x88\n", 4), 0);
	has_entries(".", 2);
	add("e", '2', "", NULL);
	extract_bad("the target of the link is empty");
}
END_TEST

/* ---- kinds ---- */

START_TEST(devices)
{
	add("before", '0', NULL, "x");
	add("dev/null", '3', NULL, NULL);
	extract_bad("entry \"dev/null\": is a character device");
	add("sda", '4', NULL, NULL);
	extract_bad("entry \"sda\": is a block device");
	add("fifo", '6', NULL, NULL);
	extract_bad("entry \"fifo\": is a fifo");
	has_entries(".", 1);
}
END_TEST

START_TEST(giving_way)
{
	add("f", '0', NULL, "x");
	extract_ok();
	add("f/x", '0', NULL, "x");		/* a file is no directory */
	extract_bad("its directory f is not a directory");
	has_text("f", "x");
	add("f", '5', NULL, NULL);		/* file -> directory */
	extract_ok();
	has_entries("f", 0);
	add("f", '0', NULL, "again");		/* empty directory -> file */
	extract_ok();
	has_text("f", "again");
	add("d/x", '0', NULL, "x");
	extract_ok();
	add("d", '0', NULL, "x");		/* directory that is not empty */
	extract_bad("a directory that is not empty is in its place");
	add("d", '2', "x", NULL);
	extract_bad("a directory that is not empty is in its place");
	add("d", '1', "f", NULL);
	extract_bad("a directory that is not empty is in its place");
	has_text("d/x", "x");
	has_entries(".", 2);
	add("d", '5', NULL, NULL);		/* directory stays */
	extract_ok();
	has_text("d/x", "x");
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
		tar_add(&tar, &t);
	}
	t = (struct tar_entry){ .name = "d", .type = '5', .mode = 06777 };
	tar_add(&tar, &t);
	extract_ok();
	for (size_t i = 0; i < nitems(all); i++) {
		snprintf(name, sizeof name, "f%o", all[i]);
		ck_assert_uint_eq(dir_mode(&in, name), S_IFREG | (all[i] & 0777));
	}
	ck_assert_uint_eq(dir_mode(&in, "d"), S_IFDIR | 0777);
	ck_assert_uint_eq(umask(old), 077);
}
END_TEST

static struct timespec
mtime_of(const char *name)
{
	struct stat	st;

	ck_assert_int_eq(fstatat(in.fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mtim;
}

START_TEST(times)
{
	struct tar_entry	t = { .name = "future", .type = '0', .text = "x",
		.mtime = 4102444800 };
	time_t			now = time(NULL);

	tar_add(&tar, &t);
	t.name = "d/";
	t.type = '5';
	t.text = NULL;
	t.mode = 0755;
	tar_add(&tar, &t);
	t = (struct tar_entry){ .name = "past/", .type = '5', .mode = 0755, .mtime = 5 };
	tar_add(&tar, &t);
	t = (struct tar_entry){ .name = "past/f", .type = '0', .text = "x", .mtime = 6 };
	tar_add(&tar, &t);
	tar_pax(&tar, "mtime", "1234567890.123456789");
	t.name = "fraction";
	tar_add(&tar, &t);
	tar_pax(&tar, "mtime", "-1.5");
	t.name = "before";
	tar_add(&tar, &t);
	t = (struct tar_entry){ .name = "l", .type = '2', .link = "x", .mtime = 7 };
	tar_add(&tar, &t);
	extract_ok();
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
	ck_assert_int_eq(fchown(in.fd, 65534, 65534), 0);
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
	tar_add(&tar, &d);
	add("ro/f", '0', NULL, "x");
	d.name = "ro/sub/";
	tar_add(&tar, &d);
	add("ro/sub/l", '2', "x", NULL);
	extract_ok();
	has_text("ro/f", "x");
	ck_assert_uint_eq(dir_mode(&in, "ro"), S_IFDIR | 0555);
	ck_assert_uint_eq(dir_mode(&in, "ro/sub"), S_IFDIR | 0555);
	ck_assert_int_eq(mtime_of("ro").tv_sec, 9);
	/* It is read-only from before, and the archive does not name it. */
	add("ro/g", '0', NULL, "y");
	add("ro/f", '0', NULL, "z");
	add("ro/l", '2', "x", NULL);
	add("ro/h", '1', "ro/g", NULL);
	add("ro/sub/d/", '5', NULL, NULL);
	extract_ok();
	has_text("ro/g", "y");
	has_text("ro/f", "z");
	has_entries("ro", 5);
	ck_assert_uint_eq(dir_mode(&in, "ro"), S_IFDIR | 0555);
	ck_assert_uint_eq(dir_mode(&in, "ro/sub"), S_IFDIR | 0555);
	/* The last of two entries counts, and an error keeps no directory open. */
	d.name = "ro/";
	d.mode = 0500;
	tar_add(&tar, &d);
	add("ro/bad", '3', NULL, NULL);
	extract_bad("character device");
	ck_assert_uint_eq(dir_mode(&in, "ro"), S_IFDIR | 0500);
	be_root();
}
END_TEST

START_TEST(root_keeps_its_mode)
{
	struct tar_entry	d = { .name = "./", .type = '5', .mode = 0777 };

	ck_assert_int_eq(fchmod(in.fd, 0700), 0);
	tar_add(&tar, &d);
	extract_ok();
	ck_assert_uint_eq(dir_mode(&in, "."), S_IFDIR | 0700);
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
	tar_add(&tar, &t);
	str_add(&text, "1\n524288\n3\n");
	while (text.len < 512)
		str_addc(&text, ' ');
	for (size_t i = 11; i < 512; i++)
		text.s[i] = '\n';
	str_add(&text, "mid");
	t = (struct tar_entry){ .name = "hole", .type = '0', .text = text.s };
	tar_add(&tar, &t);
	extract_ok();
	fd = openat(in.fd, "hole", O_RDONLY);
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
	char	*text = dir_read(&in, "f");

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(strcmp(text, old) == 0 || strcmp(text, new) == 0,
	    "cut at %zu: f is neither old nor new", at);
	free(text);
	has_entries(".", 1);
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
		dir_write(&in, "f", "old");
		ck_assert_msg(extract_bytes(s->s, n, &e) == -1, "cut at %zu: accepted", n);
		ck_assert_msg(e.code == EINVAL, "cut at %zu: %s", n, e.msg);
		old_or_new("old", new, n);
	}
}

START_TEST(cut_plain)
{
	char	*text = long_text();

	add("f", '0', NULL, text);
	cut_everywhere(&tar, text, 64);
	ck_assert_uint_eq(tar.len, 512 + 3072);
	tar_end(&tar);
	tar.len -= 1024;
	cut_everywhere(&tar, text, 512);
	tar.len += 512;		/* one block of zeros will do */
	{
		struct err	e;

		ck_assert_int_eq(extract_bytes(tar.s, tar.len, &e), 0);
		has_text("f", text);
	}
	free(text);
}
END_TEST

START_TEST(cut_gzip)
{
	struct str	gz = STR_INIT;
	char		*text = long_text();

	add("f", '0', NULL, text);
	tar_end(&tar);
	gzip_add(&gz, tar.s, tar.len);
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

	add("f", '0', NULL, text);
	tar_end(&tar);
	gzip_add(&gz, tar.s, tar.len);
	for (size_t i = 0; i < gz.len; i++) {
		dir_write(&in, "f", "old");
		gz.s[i] ^= 0x10;
		if (extract_bytes(gz.s, gz.len, &e) == 0) {
			has_text("f", text);
			harmless++;
		} else
			ck_assert_int_eq(e.code, EINVAL);
		gz.s[i] ^= 0x10;
		ck_assert_int_eq(tree_remove(in.fd, ".", NULL), 0);
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

	add("f", '0', NULL, text);
	add("g", '0', NULL, "second");
	tar_end(&tar);
	/* Borders in the middle of data and of a header, an empty member. */
	gzip_add(&gz, tar.s, 1000);
	gzip_add(&gz, tar.s + 1000, 2700);
	gzip_add(&gz, "", 0);
	cut = gz.len;
	gzip_add(&gz, tar.s + 3700, tar.len - 3700);
	ck_assert_msg(extract_bytes(gz.s, gz.len, &e) == 0, "%s", e.msg);
	has_text("f", text);
	has_text("g", "second");
	/* Without the last member. */
	ck_assert_int_eq(extract_bytes(gz.s, cut, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	/* What follows is nobody's business. */
	str_add(&gz, "garbage");
	ck_assert_msg(extract_bytes(gz.s, gz.len, &e) == 0, "%s", e.msg);
	str_add(&tar, "garbage");
	ck_assert_msg(extract_bytes(tar.s, tar.len, &e) == 0, "%s", e.msg);
	str_release(&gz);
	free(text);
}
END_TEST

START_TEST(no_archive)
{
	static const char	zeros[10240];
	struct err		e;

	ck_assert_int_eq(extract_bytes("", 0, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_str_eq(e.msg, "empty input: not a tar archive, plain or packed with gzip or zstd");
	ck_assert_int_eq(extract_bytes("hello", 5, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_str_eq(e.msg, "not a tar archive, plain or packed with gzip or zstd");
	ck_assert_int_eq(extract_bytes("\x1f\x8b", 2, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_int_eq(extract_bytes("PK\3\4", 4, &e), -1);
	ck_assert_int_eq(extract_bytes(zeros, sizeof zeros, &e), 0);	/* an empty one */
	has_entries(".", 0);
	/* A directory cannot be read. */
	e = (struct err)ERR_INIT;
	ck_assert_int_eq(tarin_extract(out.fd, in.fd, NULL, &e), -1);
	ck_assert_int_eq(e.code, EISDIR);
}
END_TEST

/* The end of the archive is not the end of the input: a writer that sends more
 * must not be cut off. */
START_TEST(reads_all)
{
	struct err	e = ERR_INIT;
	int		fd;

	add("f", '0', NULL, "x");
	tar_end(&tar);
	for (int i = 0; i < 1000000; i++)
		str_addc(&tar, 'x');
	fd = tar_file(tar.s, tar.len);
	ck_assert_int_eq(tarin_extract(fd, in.fd, NULL, &e), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)tar.len);
	close(fd);
}
END_TEST

START_TEST(disk_full)
{
	struct err	e = ERR_INIT;
	char		*text;
	int		fd, mnt;

	if (!dir_mount(&in, "mnt", "size=64k"))
		return;
	text = malloc(100001);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	mnt = openat(in.fd, "mnt", O_RDONLY | O_DIRECTORY);
	add("old", '0', NULL, "small");
	add("old", '0', NULL, text);
	tar_end(&tar);
	free(text);
	fd = tar_file(tar.s, tar.len);
	ck_assert_int_eq(tarin_extract(fd, mnt, NULL, &e), -1);
	ck_assert_int_eq(e.code, ENOSPC);
	ck_assert_ptr_nonnull(strstr(e.msg, "entry \"old\": write: No space left on device"));
	has_text("mnt/old", "small");
	has_entries("mnt", 1);
	close(fd);
	close(mnt);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tarin");
	TCase	*t = tcase_create("tarin");

	tcase_add_checked_fixture(t, setup, teardown);
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
