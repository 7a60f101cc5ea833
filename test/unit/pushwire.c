/* pushwire.c - unit tests of api/pushwire.h. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/pushwire.h"

/* Gives its bytes a few at a time. */
struct source {
	const char	*p;
	size_t		 len, step;
};

static struct str		 s;
static struct source		 from;
static struct push_reader	*r;
static struct err		 e;

static ssize_t
next(void *arg, const void **p, struct err *why)
{
	struct source	*f = arg;
	size_t		 n = f->len < f->step ? f->len : f->step;

	(void)why;
	*p = f->p;
	f->p += n;
	f->len -= n;
	return (ssize_t)n;
}

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	r = NULL;
}

static void
teardown(void)
{
	push_reader_free(r);
	str_release(&s);
}

static void
begin(const void *p, size_t len, size_t step)
{
	push_reader_free(r);
	from = (struct source){ p, len, step };
	r = push_reader_new(next, &from);
}

/* One of each letter with all its fields; the last is the end. */
static const struct push_item *
items(size_t *n)
{
	static unsigned char	chunks[2 * INV_CHUNK];
	static struct push_item	v[] = {
		{ .letter = PUSH_HEAD, .num = 1, .flags = PUSH_F_RECORD },
		{ .letter = PUSH_KEPT },
		{ .letter = PUSH_ALL },
		{ .letter = PUSH_DIFFS },
		{ .letter = PUSH_ENTRY, .path = "a/b", .mode = 0777, .size = 300,
		    .nchunks = 2, .chunks = chunks },
		{ .letter = PUSH_EMPTIED, .path = "x" },
		{ .letter = PUSH_HERE, .path = "x" },
		{ .letter = PUSH_DIR, .path = "d\n", .mode = 0700 },
		{ .letter = PUSH_LINK, .path = "l", .other = "/anywhere/../x" },
		{ .letter = PUSH_GONE, .path = "g" },
		{ .letter = PUSH_FILE, .path = "f", .mode = 0, .mtime = -1,
		    .size = INT64_MAX },
		{ .letter = PUSH_USE, .path = "u", .mtime = 1700000000123456789 },
		{ .letter = PUSH_SAME, .path = "s", .other = "t/u" },
		{ .letter = PUSH_PATCH, .path = "p", .other = "q" },
		{ .letter = PUSH_MODE, .path = "m", .mode = 0111 },
		{ .letter = PUSH_DISOWN, .path = "o" },
		{ .letter = PUSH_ONCE, .path = "n", .size = 128 },
		{ .letter = PUSH_END },
	};
	size_t			i;

	*n = sizeof v / sizeof *v;
	memset(chunks, 6, sizeof chunks);
	for (i = 0; i < *n; i++) {
		memset(v[i].digest, (int)i, INV_DIGEST);
		memset(v[i].base, (int)i + 100, INV_DIGEST);
		if (v[i].path == NULL)
			v[i].path = "";
		if (v[i].other == NULL)
			v[i].other = "";
	}
	return v;
}

static bool
has_digest(char letter)
{
	return strchr("V.kFsC", letter) != NULL;
}

static void
check_item(const struct push_item *want)
{
	struct push_item	x;

	ck_assert_msg(push_read(r, &x, &e) == 0, "%c: %s", want->letter, e.msg);
	ck_assert_int_eq(x.letter, want->letter);
	ck_assert_str_eq(x.path, want->path);
	ck_assert_str_eq(x.other, want->other);
	ck_assert_uint_eq(x.num, want->num);
	ck_assert_uint_eq(x.flags, want->flags);
	ck_assert_uint_eq(x.size, want->size);
	ck_assert_int_eq(x.mtime, want->mtime);
	ck_assert_uint_eq(x.mode, want->mode);
	ck_assert_uint_eq(x.nchunks, want->nchunks);
	if (x.nchunks > 0)
		ck_assert_mem_eq(x.chunks, want->chunks, x.nchunks * INV_CHUNK);
	if (has_digest(x.letter))
		ck_assert_mem_eq(x.digest, want->digest, INV_DIGEST);
	if (x.letter == PUSH_PATCH)
		ck_assert_mem_eq(x.base, want->base, INV_DIGEST);
}

/* Whole, and a byte at a time. */
START_TEST(both_ways)
{
	const struct push_item	*v;
	size_t			 n, i;

	v = items(&n);
	for (i = 0; i < n; i++)
		push_write(&s, &v[i]);
	begin(s.s, s.len, _i == 0 ? s.len : (size_t)_i);
	for (i = 0; i < n; i++)
		check_item(&v[i]);
	ck_assert(push_at_end(r, &e));
}
END_TEST

/* Cut off anywhere it is an error, and never an item. */
START_TEST(cut_off)
{
	struct push_item	x;
	const struct push_item	*v;
	size_t			 n, i, len;

	v = items(&n);
	for (i = 0; i < n; i++) {
		str_clear(&s);
		push_write(&s, &v[i]);
		for (len = 0; len < s.len; len++) {
			begin(s.s, len, 16);
			ck_assert_int_eq(push_read(r, &x, &e), -1);
			ck_assert_int_eq(e.code, EINVAL);
			ck_assert_str_eq(e.msg, "the push broke off");
		}
	}
}
END_TEST

static void
check_bad(const void *bytes, size_t len, const char *why)
{
	struct push_item	x;

	begin(bytes, len, len);
	ck_assert_int_eq(push_read(r, &x, &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_str_eq(e.msg, why);
}

#define BAD(text, why)	check_bad(text, sizeof(text) - 1, why)

START_TEST(refused)
{
	BAD("?", "no item begins with byte 63");
	BAD("x\004../a", "a path is not acceptable");
	BAD("x\002/a", "a path is not acceptable");
	BAD("x\003a\000b", "a path is not acceptable");
	BAD("x\000", "a path is not acceptable");
	BAD("x\377\377\377\177", "a text is too long");
	BAD("x\377\377\377\377\377\377\377\377\377\377\001", "a number is too long");
	BAD("x\200\200\200\200\200\200\200\200\200\002", "a number is too long");
	BAD("d\001a\200\010", "a mode is not acceptable");
	BAD("l\001a\000", "the target of a link is not acceptable");
	BAD("l\001a\003b\000c", "the target of a link is not acceptable");
	BAD("f\001a\000\000\377\377\377\377\377\377\377\377\377\001",
	    "a size is not acceptable");
	BAD("FF", "the push broke off");
	BAD("C\001a\000\000\000" "01234567890123456789012345678901" "\003../",
	    "a path is not acceptable");
}
END_TEST

START_TEST(operations)
{
	const void	*p;
	uint64_t	 at, len;
	char		 letter;

	push_write_op(&s, PUSH_OP_COPY, 5000000000, 70000);
	push_write_op(&s, PUSH_OP_DATA, 0, 3);
	str_add(&s, "abc");
	push_write_op(&s, PUSH_OP_END, 0, 0);
	str_add(&s, "c\377\377\377\377\377\377\377\377\177\001");
	str_add(&s, "e");
	begin(s.s, s.len, 1);
	ck_assert_int_eq(push_read_op(r, &letter, &at, &len, &e), 0);
	ck_assert_int_eq(letter, PUSH_OP_COPY);
	ck_assert_uint_eq(at, 5000000000);
	ck_assert_uint_eq(len, 70000);
	ck_assert_int_eq(push_read_op(r, &letter, &at, &len, &e), 0);
	ck_assert_int_eq(letter, PUSH_OP_DATA);
	ck_assert_uint_eq(len, 3);
	ck_assert_int_eq(push_read_bytes(r, 3, &p, &e), 1);
	ck_assert_int_eq(*(const char *)p, 'a');
	ck_assert_int_eq(push_read_bytes(r, 2, &p, &e), 1);
	ck_assert_int_eq(push_read_bytes(r, 1, &p, &e), 1);
	ck_assert_int_eq(push_read_op(r, &letter, &at, &len, &e), 0);
	ck_assert_int_eq(letter, PUSH_OP_END);
	ck_assert_int_eq(push_read_op(r, &letter, &at, &len, &e), -1);
	ck_assert_str_eq(e.msg, "an operation is out of bounds");
	ck_assert_int_eq(push_read_op(r, &letter, &at, &len, &e), -1);
	ck_assert_str_eq(e.msg, "no operation begins with byte 101");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*suite = suite_create("pushwire");
	TCase	*t = tcase_create("pushwire");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, both_ways, 0, 4);
	tcase_add_test(t, cut_off);
	tcase_add_test(t, refused);
	tcase_add_test(t, operations);
	suite_add_tcase(suite, t);
	return suite;
}
