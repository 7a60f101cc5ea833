/* inventory.c - unit tests of api/inventory.h. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/inventory.h"
#include "base/xmalloc.h"

static struct inventory	inv, back;
static struct err	e;

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	inv_init(&inv);
	inv_init(&back);
}

static void
teardown(void)
{
	inv_release(&inv);
	inv_release(&back);
}

static struct inv_entry *
add(struct inventory *to, enum inv_kind kind, const char *path, uint16_t mode)
{
	struct inv_entry	*x = inv_add(to, path);

	x->kind = (unsigned char)kind;
	x->mode = mode;
	return x;
}

/* A directory, a file in it that is known by chunks, and a link. */
static void
fill(struct inventory *to)
{
	unsigned char		 chunks[2 * INV_CHUNK], sums[2 * INV_SUM];
	struct inv_entry	*x;

	memset(chunks, 7, sizeof chunks);
	memset(sums, 9, sizeof sums);
	add(to, INV_DIR, "a", 0750)->mark = INV_LEFT;
	x = add(to, INV_FILE, "a/\xc3\xa4 b\n", 0640);
	x->size = 5000000000;
	x->mtime = -3;
	x->ctime = 1700000000123456789;
	x->ino = 77;
	x->hashed = x->settled = true;
	memset(x->digest, 3, sizeof x->digest);
	x->nchunks = 2;
	x->chunks = (unsigned char *)inv_keep(to, chunks, sizeof chunks);
	x->sums = (unsigned char *)inv_keep(to, sums, sizeof sums);
	x = add(to, INV_LINK, "a.b", 0777);
	x->target = inv_keep(to, "../to", 5);
	memset(to->key, 5, sizeof to->key);
	memset(to->judged, 6, sizeof to->judged);
	to->keyed = true;
	ck_assert(inv_identify(to));
}

/* What is in a directory stands right behind it, whatever else there is. */
START_TEST(order)
{
	static const char *const	up[] = { "a", "a/b", "a/b/c", "a/b.c",
		"a\n", "a.b", "a.b/c", "ab", "\xff" };
	size_t				i, k;

	for (i = 0; i < sizeof up / sizeof *up; i++)
		for (k = 0; k < sizeof up / sizeof *up; k++)
			ck_assert_msg((inv_compare(up[i], up[k]) > 0) == (i > k) &&
			    (inv_compare(up[i], up[k]) == 0) == (i == k),
			    "%s and %s", up[i], up[k]);
}
END_TEST

START_TEST(paths)
{
	static const char *const	good[] = { "a", "a/b", "...", "a/.b", "-",
		"a..", "\n" };
	static const char *const	bad[] = { "", "/", "/a", "a/", "a//b", ".",
		"..", "a/..", "../a", "a/./b", "./a" };
	size_t				i;
	char				*long_one;

	for (i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(inv_path_ok(good[i], strlen(good[i])), "%s", good[i]);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!inv_path_ok(bad[i], strlen(bad[i])), "%s", bad[i]);
	ck_assert(!inv_path_ok("a\0b", 3));
	long_one = xmalloc(100001);
	memset(long_one, 'a', 100000);
	long_one[100000] = '\0';
	ck_assert(!inv_path_ok(long_one, 100000));
	free(long_one);
}
END_TEST

START_TEST(finding)
{
	fill(&inv);
	ck_assert_str_eq(inv_find(&inv, "a.b")->target, "../to");
	ck_assert_ptr_null(inv_find(&inv, "a/"));
	ck_assert_ptr_null(inv_find(&inv, "zz"));
	ck_assert_uint_eq(inv_from(&inv, "a/"), 1);
	ck_assert_uint_eq(inv_from(&inv, "zz"), 3);
}
END_TEST

/* The id is of what is pushed, not of what is remembered about it. */
START_TEST(identity)
{
	unsigned char	id[INV_DIGEST];

	fill(&inv);
	memcpy(id, inv.id, sizeof id);
	inv.v[1].mtime = 1;
	inv.v[1].ino = 1;
	inv.v[1].settled = false;
	inv.v[2].mode = 0700;
	ck_assert(inv_identify(&inv));
	ck_assert_mem_eq(id, inv.id, sizeof id);
	inv.v[1].mode = 0600;
	ck_assert(inv_identify(&inv));
	ck_assert_mem_ne(id, inv.id, sizeof id);
	inv.v[1].mode = 0640;
	inv.v[2].target = "../tp";
	ck_assert(inv_identify(&inv));
	ck_assert_mem_ne(id, inv.id, sizeof id);
	inv.v[2].target = "../to";
	inv.v[0].mark = 0;	/* a directory that should have gone is none of it */
	ck_assert(inv_identify(&inv));
	ck_assert_mem_ne(id, inv.id, sizeof id);
	inv.v[1].hashed = false;
	ck_assert(!inv_identify(&inv));
}
END_TEST

static char *
bytes_of(const struct inventory *of, const char *name, size_t *len)
{
	struct str	s = STR_INIT;

	inv_write(of, name, &s);
	*len = s.len;
	return str_take(&s);
}

START_TEST(file)
{
	struct inv_entry	*x;
	char			*text;
	size_t			 len;

	fill(&inv);
	text = bytes_of(&inv, "work/tree", &len);
	ck_assert_msg(inv_read(&back, text, len, "work/tree", &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(back.n, 3);
	ck_assert(back.identified && back.keyed);
	ck_assert_mem_eq(back.id, inv.id, INV_DIGEST);
	ck_assert_mem_eq(back.key, inv.key, INV_KEY);
	ck_assert_mem_eq(back.judged, inv.judged, INV_DIGEST);
	ck_assert_int_eq(back.v[0].mark, INV_LEFT);
	x = &back.v[1];
	ck_assert_str_eq(x->path, "a/\xc3\xa4 b\n");
	ck_assert_uint_eq(x->mode, 0640);
	ck_assert_uint_eq(x->size, 5000000000);
	ck_assert_int_eq(x->mtime, -3);
	ck_assert_int_eq(x->ctime, 1700000000123456789);
	ck_assert_uint_eq(x->ino, 77);
	ck_assert(x->hashed && x->settled);
	ck_assert_mem_eq(x->digest, inv.v[1].digest, INV_DIGEST);
	ck_assert_uint_eq(x->nchunks, 2);
	ck_assert_mem_eq(x->chunks, inv.v[1].chunks, 2 * INV_CHUNK);
	ck_assert_mem_eq(x->sums, inv.v[1].sums, 2 * INV_SUM);
	ck_assert_str_eq(back.v[2].target, "../to");
}
END_TEST

/* Of another tree, cut off anywhere, or with any byte changed: not believed. */
START_TEST(damaged)
{
	char	*text, *copy;
	size_t	 len, i;

	fill(&inv);
	text = bytes_of(&inv, "here", &len);
	copy = xmemdup(text, len);
	ck_assert_int_eq(inv_read(&back, copy, len, "there", &e), -1);
	ck_assert_str_eq(e.msg, "the inventory is damaged");
	ck_assert_uint_eq(back.n, 0);
	for (i = 0; i < len; i++) {
		copy = xmemdup(text, len);
		ck_assert_int_eq(inv_read(&back, copy, i, NULL, NULL), -1);
		copy = xmemdup(text, len);
		copy[i] = (char)(copy[i] ^ 0x10);
		ck_assert_msg(inv_read(&back, copy, len, NULL, NULL) == -1,
		    "byte %zu", i);
	}
	free(text);
}
END_TEST

/* A sum that is right does not make an order right. */
START_TEST(unordered)
{
	char	*text;
	size_t	 len;

	add(&inv, INV_DIR, "b", 0755);
	add(&inv, INV_DIR, "a", 0755);
	text = bytes_of(&inv, "", &len);
	ck_assert_int_eq(inv_read(&back, text, len, "", &e), -1);
}
END_TEST

START_TEST(empty)
{
	char	*text;
	size_t	 len;

	ck_assert(inv_identify(&inv));
	text = bytes_of(&inv, "", &len);
	ck_assert_int_eq(inv_read(&back, text, len, "", &e), 0);
	ck_assert_uint_eq(back.n, 0);
	ck_assert(back.identified);
}
END_TEST

/* --- as changes --------------------------------------------------------------- */

static const char	base_name[] = "work";

/* inv, as it is after it was read. */
static void
reread(struct inventory *to)
{
	char	*text;
	size_t	 len;

	text = bytes_of(&inv, base_name, &len);
	inv_release(to);
	ck_assert_msg(inv_read(to, text, len, base_name, &e) == 0, "%s", e.msg);
}

/* What of becomes by the changes that are written of it, in back. */
static size_t
through_changes(const struct inventory *of)
{
	struct str	s = STR_INIT;
	size_t		len;
	char		*text;

	inv_write_changes(of, base_name, &s);
	len = s.len;
	text = str_take(&s);
	reread(&back);
	ck_assert_msg(inv_read_changes(&back, text, len, base_name, &e) == 0,
	    "%s", e.msg);
	return len;
}

static void
same_bytes(const struct inventory *a, const struct inventory *b)
{
	size_t	 la, lb;
	char	*x = bytes_of(a, base_name, &la), *y = bytes_of(b, base_name, &lb);

	ck_assert_uint_eq(la, lb);
	ck_assert_mem_eq(x, y, la);
	free(x);
	free(y);
}

/* One that takes the place of another, one before all, one behind all, and one that
 * goes: they come back, and so does what is changed on top of that. */
START_TEST(changing)
{
	struct inventory	now, ups, more;

	fill(&inv);
	inv_init(&now);
	inv_init(&ups);
	inv_init(&more);
	reread(&now);
	add(&ups, INV_DIR, "-", 0700);
	add(&ups, INV_FILE, "a/\xc3\xa4 b\n", 0600)->hashed = true;
	add(&ups, INV_DIR, "a.b", 0)->mark = INV_GONE;
	add(&ups, INV_DIR, "nothing", 0)->mark = INV_GONE;
	add(&ups, INV_DIR, "zz", 0711);
	ck_assert(inv_identify(&ups));
	inv_change(&now, &ups);
	ck_assert_uint_eq(now.n, 4);
	ck_assert_str_eq(now.v[0].path, "-");
	ck_assert_uint_eq(now.v[2].mode, 0600);
	ck_assert_str_eq(now.v[3].path, "zz");
	ck_assert(!now.v[1].fresh && now.v[2].fresh && now.v[3].fresh);
	through_changes(&now);
	same_bytes(&now, &back);

	add(&more, INV_DIR, "-", 0)->mark = INV_GONE;
	add(&more, INV_LINK, "a.b", 0777);
	inv_change(&back, &more);
	inv_change(&now, &more);
	same_bytes(&now, &back);
	ck_assert_uint_eq(now.n, 4);
	ck_assert_ptr_nonnull(inv_find(&now, "a.b"));
	through_changes(&now);
	same_bytes(&now, &back);
	inv_release(&now);
	inv_release(&ups);
	inv_release(&more);
}
END_TEST

/* Of a base of a thousand, nothing of which is left but one: from none to all. */
START_TEST(changing_many)
{
	struct inventory	now, ups;
	char			path[16];
	int			i;

	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, "f%04d", i);
		add(&inv, INV_FILE, path, 0644);
	}
	inv_init(&now);
	inv_init(&ups);
	reread(&now);
	ck_assert_uint_lt(through_changes(&now), 200);
	same_bytes(&now, &back);
	for (i = 0; i < 1000; i++)
		if (i != 500) {
			snprintf(path, sizeof path, "f%04d", i);
			add(&ups, INV_DIR, path, 0)->mark = INV_GONE;
		}
	inv_change(&now, &ups);
	ck_assert_uint_eq(now.n, 1);
	ck_assert_str_eq(now.v[0].path, "f0500");
	through_changes(&now);
	same_bytes(&now, &back);
	inv_release(&now);
	inv_release(&ups);
}
END_TEST

/* Of another base, of another tree, cut off anywhere, or with any byte changed: then
 * not even the base is believed. */
START_TEST(changes_damaged)
{
	struct inventory	 now;
	struct inv_stamp	 base;
	struct str		 s = STR_INIT;
	size_t			 i;
	char			*copy;

	fill(&inv);
	inv_init(&now);
	reread(&now);
	now.v[0].fresh = true;
	inv_write_changes(&now, base_name, &s);
	ck_assert(inv_is_changes(s.s, s.len, &base));
	ck_assert(base.len == now.base.len && base.sum == now.base.sum);
	ck_assert_int_eq(inv_read(&back, xmemdup(s.s, s.len), s.len, NULL, &e), -1);
	for (i = 0; i < s.len; i++) {
		reread(&back);
		copy = xmemdup(s.s, s.len);
		ck_assert_int_eq(inv_read_changes(&back, copy, i, NULL, NULL), -1);
		ck_assert_uint_eq(back.n, 0);
		reread(&back);
		copy = xmemdup(s.s, s.len);
		copy[i] = (char)(copy[i] ^ 0x10);
		ck_assert_msg(inv_read_changes(&back, copy, s.len, NULL, NULL) == -1,
		    "byte %zu", i);
	}
	reread(&back);
	ck_assert_int_eq(inv_read_changes(&back, xmemdup(s.s, s.len), s.len, "other",
	    &e), -1);
	inv.v[1].mtime++;
	reread(&back);
	ck_assert_int_eq(inv_read_changes(&back, xmemdup(s.s, s.len), s.len, base_name,
	    &e), -1);
	ck_assert_str_eq(e.msg, "the changes are those of another inventory");
	inv_release(&now);
	str_release(&s);
}
END_TEST

/* Only what was old when it was read is believed, and only if nothing about it
 * has changed since. */
START_TEST(trust)
{
	const int64_t		s = 1000000000;
	struct inv_entry	x;
	struct stat		st = { .st_mode = S_IFREG | 0644, .st_size = 9,
	    .st_ino = 4, .st_mtim = { 100, 5 }, .st_ctim = { 200, 123456 } };

	ck_assert(inv_stat(&x, &st));
	x.hashed = true;
	ck_assert_int_eq(x.mtime, 100 * s + 5);
	ck_assert(!inv_settles(&x, 200 * s + 123456, false));
	ck_assert(inv_settles(&x, 200 * s + 123456, true));
	ck_assert(!inv_settles(&x, 200 * s, true));
	ck_assert(inv_settles(&x, 200 * s + 50000000, false));
	x.settled = false;
	ck_assert(!inv_trusts(&x, &st));
	x.settled = true;
	ck_assert(inv_trusts(&x, &st));
	st.st_ctim.tv_nsec++;
	ck_assert(!inv_trusts(&x, &st));
	st.st_ctim.tv_nsec--;
	st.st_ino++;
	ck_assert(!inv_trusts(&x, &st));
	st.st_ino--;
	st.st_size++;
	ck_assert(!inv_trusts(&x, &st));
	st.st_size--;
	x.hashed = false;
	ck_assert(!inv_trusts(&x, &st));
	/* Times in whole seconds: as coarse as file systems get. */
	st.st_ctim.tv_nsec = 0;
	ck_assert(inv_stat(&x, &st));
	ck_assert(!inv_settles(&x, 202 * s, false));
	ck_assert(inv_settles(&x, 203 * s, false));
	st.st_mode = S_IFIFO;
	ck_assert(!inv_stat(&x, &st));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("inventory");
	TCase	*t = tcase_create("inventory");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, order);
	tcase_add_test(t, paths);
	tcase_add_test(t, finding);
	tcase_add_test(t, identity);
	tcase_add_test(t, file);
	tcase_add_test(t, damaged);
	tcase_add_test(t, unordered);
	tcase_add_test(t, empty);
	tcase_add_test(t, changing);
	tcase_add_test(t, changing_many);
	tcase_add_test(t, changes_damaged);
	tcase_add_test(t, trust);
	suite_add_tcase(s, t);
	return s;
}
