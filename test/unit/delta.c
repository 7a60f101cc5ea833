/* delta.c - unit tests of client/delta.h and client/remote.h. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "api/pushwire.h"
#include "client/delta.h"

static struct inventory	here;
static struct remote	there;
static struct delta	d;
static struct rules	*keep;
static struct str	items, text;
static struct err	e;

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	inv_init(&here);
	memset(&there, 0, sizeof there);
	memset(&d, 0, sizeof d);
	keep = rules_new();
}

static void
teardown(void)
{
	delta_release(&d);
	remote_release(&there);
	inv_release(&here);
	rules_free(keep);
	str_release(&items);
	str_release(&text);
}

/* content: a digest of that byte; 0: not known. */
static struct inv_entry *
file(struct inventory *to, const char *path, char content)
{
	struct inv_entry	*x = inv_add(to, path);

	x->kind = INV_FILE;
	x->mode = 0644;
	x->size = 100;
	x->hashed = content != 0;
	memset(x->digest, content, INV_DIGEST);
	return x;
}

static void
dir(struct inventory *to, const char *path)
{
	struct inv_entry	*x = inv_add(to, path);

	x->kind = INV_DIR;
	x->mode = 0755;
}

static void
compare(void)
{
	there.recorded = there.recorded || there.record.n > 0;
	delta_init(&d, &here, &there, keep);
	delta_count(&d);
}

/* The letter of what is done to path, ' ' if nothing is. */
static char
done(const char *path)
{
	size_t	i;

	for (i = 0; i < d.n; i++)
		if (str_eq(d.v[i].here != NULL ? d.v[i].here->path :
		    d.v[i].there->path, path))
			return d.v[i].letter;
	return ' ';
}

struct bytes {
	const char	*p;
	size_t		 len;
};

static ssize_t
next(void *arg, const void **p, struct err *why)
{
	struct bytes	*b = arg;
	size_t		 n = b->len;

	(void)why;
	*p = b->p;
	b->len = 0;
	return (ssize_t)n;
}

/* "f a, C b < c": what would be uploaded. */
static const char *
upload(void)
{
	unsigned char		 digest[INV_DIGEST];
	struct bytes		 from;
	struct push_reader	*r = push_reader_new(next, &from);
	struct push_item	 x;

	str_clear(&text);
	str_clear(&items);
	delta_items(&d, &there, false, &items);
	from = (struct bytes){ items.s, items.len };
	ck_assert_int_eq(push_read(r, &x, &e), 0);
	ck_assert_int_eq(x.letter, PUSH_HEAD);
	ck_assert_uint_eq(x.flags, there.recorded ? PUSH_F_RECORD : 0);
	while (!push_at_end(r, &e)) {
		ck_assert_msg(push_read(r, &x, &e) == 0, "%s", e.msg);
		str_addf(&text, "%s%c %s", text.len > 0 ? ", " : "", x.letter, x.path);
		if (*x.other != '\0')
			str_addf(&text, " < %s", x.other);
		if (x.letter == PUSH_FILE || x.letter == PUSH_PATCH)
			ck_assert_int_eq(push_read_digest(r, digest, &e), 0);
	}
	push_reader_free(r);
	return str_text(&text);
}

START_TEST(nothing)
{
	compare();
	ck_assert_uint_eq(d.n, 0);
	delta_release(&d);
	dir(&here, "a");
	file(&here, "a/b", 1);
	dir(&there.record, "a");
	file(&there.record, "a/b", 1);
	compare();
	ck_assert_uint_eq(d.n, 0);
	ck_assert_uint_eq(d.sends, 0);
}
END_TEST

START_TEST(changes)
{
	dir(&here, "dir");
	file(&here, "dir/mode", 4)->mode = 0600;
	file(&here, "dir/new", 1);
	file(&here, "other", 2);
	dir(&there.record, "dir");
	dir(&there.record, "dir/gone");
	file(&there.record, "dir/gone/x", 9);
	file(&there.record, "dir/mode", 4);
	file(&there.record, "other", 3);
	compare();
	ck_assert_str_eq(upload(), "x dir/gone, x dir/gone/x, m dir/mode, f dir/new, "
	    "f other");
	ck_assert_uint_eq(d.sends, 3);
	ck_assert_uint_eq(d.removals, 1);	/* the directory goes whole */
	ck_assert_uint_eq(d.gone, 2);
	ck_assert_uint_eq(d.bytes, 200);
}
END_TEST

/* What the instance changed is set right; what it made in the place of something
 * that goes is its own from then on. */
START_TEST(touched)
{
	file(&here, "a", 1);
	file(&here, "c", 1);
	file(&there.record, "a", 1);
	file(&there.record, "b", 2);
	file(&there.record, "c", 1);
	file(&there.differs, "a", 7);
	inv_add(&there.differs, "b")->kind = INV_DIR;
	inv_add(&there.differs, "c")->mark = REMOTE_GONE;
	compare();
	ck_assert_str_eq(upload(), "f a, o b, f c");
	ck_assert_uint_eq(d.gone, 0);
}
END_TEST

/* What moved, and what an earlier push left there, does not travel. */
START_TEST(found)
{
	there.kept = calloc(1, INV_DIGEST);
	there.nkept = 1;
	memset(there.kept, 5, INV_DIGEST);
	file(&here, "kept1", 5);
	file(&here, "kept2", 5);
	file(&here, "moved", 2);
	file(&there.record, "was", 2);
	compare();
	ck_assert_str_eq(upload(), "s kept1, f kept2, C moved < was, x was");
}
END_TEST

/* A large file is sent as what changed in it, where its chunks are known. */
START_TEST(patches)
{
	static unsigned char	 chunks[INV_CHUNK];
	struct inv_entry	*x;

	file(&here, "large", 0)->size = 9000000;
	file(&here, "touched", 0)->size = 9000000;
	x = file(&there.record, "large", 1);
	x->nchunks = 1;
	x->chunks = chunks;
	x = file(&there.record, "touched", 1);
	x->nchunks = 1;
	x->chunks = chunks;
	file(&there.differs, "touched", 3);
	ck_assert(!delta_is_blind(&here, &there));
	compare();
	ck_assert_str_eq(upload(), "p large < large, f touched");
}
END_TEST

/* A file that was not read may be there already: only then it must be. */
START_TEST(blind)
{
	file(&here, "a", 0);
	there.recorded = true;
	ck_assert(!delta_is_blind(&here, &there));
	file(&there.record, "a", 1);
	ck_assert(delta_is_blind(&here, &there));
	there.record.v[0].size++;
	ck_assert(!delta_is_blind(&here, &there));
	there.nkept = 1;
	ck_assert(delta_is_blind(&here, &there));
	there.nkept = 0;
}
END_TEST

/* Kept by a rule: the instance's from now on, and so is its directory. */
START_TEST(kept)
{
	struct strs	full = STRS_INIT;

	ck_assert_int_eq(rules_add(keep, "keep *.o\n", "rules", &e), 0);
	dir(&there.record, "a");
	file(&there.record, "a/b", 1);
	file(&there.record, "a/b.o", 1);
	compare();
	ck_assert_ptr_null(delta_guests(&d, &full));
	delta_count(&d);
	ck_assert_str_eq(upload(), "x a, x a/b, o a/b.o");
	ck_assert(d.v[0].stays);
	ck_assert_uint_eq(d.gone, 1);
}
END_TEST

/* A directory with something of the instance's in it cannot become a file. */
START_TEST(guests)
{
	struct strs	dirs = STRS_INIT, full = STRS_INIT;

	file(&here, "a", 1);
	dir(&there.record, "a");
	dir(&there.record, "a/b");
	compare();
	delta_dirs(&d, &dirs);
	ck_assert_uint_eq(dirs.n, 2);
	ck_assert_ptr_null(delta_guests(&d, &full));
	strs_add(&full, "a/b");
	ck_assert_str_eq(delta_guests(&d, &full), "a");
	strs_release(&dirs);
	strs_release(&full);
}
END_TEST

/* Made unless it is there, in its place in the order, and not twice. */
START_TEST(once)
{
	struct inv_entry	v = { .path = "VERSION", .target = "",
	    .kind = INV_FILE, .mode = 0644, .size = 1 };

	file(&here, "A", 1);
	file(&here, "Z", 1);
	compare();
	delta_add_once(&d, &v, "v");
	delta_add_once(&d, &v, "v");
	delta_count(&d);
	ck_assert_uint_eq(d.n, 3);
	ck_assert_int_eq(done("VERSION"), PUSH_ONCE);
	ck_assert_ptr_eq(d.v[1].here, &v);
}
END_TEST

static void
item(char letter, const char *path)
{
	struct push_item	x = { .letter = letter, .path = path, .other = "to",
	    .num = PUSH_VERSION, .flags = PUSH_F_RECORD | PUSH_F_BUSY };

	push_write(&items, &x);
}

START_TEST(answer)
{
	item(PUSH_HEAD, "");
	item(PUSH_HERE, "go1.4");
	item(PUSH_KEPT, "");
	item(PUSH_ALL, "");
	item(PUSH_DIR, "a");
	item(PUSH_ENTRY, "a/b");
	item(PUSH_LINK, "l");
	item(PUSH_DIFFS, "");
	item(PUSH_GONE, "a");
	item(PUSH_EMPTIED, "b");
	item(PUSH_END, "");
	ck_assert_msg(remote_parse(&there, items.s, items.len, &e) == 0, "%s", e.msg);
	ck_assert(there.busy && there.recorded && there.told);
	ck_assert(strs_has(&there.here, "go1.4"));
	ck_assert_uint_eq(there.record.n, 3);
	ck_assert_str_eq(there.record.v[2].target, "to");
	ck_assert_int_eq(there.differs.v[0].mark, REMOTE_GONE);
	ck_assert_int_eq(there.differs.v[1].mark, REMOTE_EMPTIED);
	ck_assert(remote_keeps(&there, (const unsigned char[INV_DIGEST]){ 0 }));
	ck_assert(!remote_keeps(&there, (const unsigned char[INV_DIGEST]){ 1 }));
}
END_TEST

static void
refused(const char *list, const char *why)
{
	str_clear(&items);
	for (; *list != '\0'; list++)
		item(*list, "p");
	ck_assert_int_eq(remote_parse(&there, items.s, items.len, &e), -1);
	ck_assert_str_eq(e.msg, why);
	ck_assert_uint_eq(there.record.n, 0);
}

START_TEST(bad_answers)
{
	char	many[1100] = "";

	refused("", "the push broke off");
	refused("V", "the push broke off");
	refused("*d.", "the answer is of a version that is not known");
	refused("Vd.", "the answer has an item in the wrong place");
	refused("V*f.", "the answer has an item in the wrong place");
	refused("V*dd.", "the answer is out of order");
	memset(many, 'h', sizeof many - 1);
	many[0] = 'V';
	refused(many, "the answer is too large");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("delta");
	TCase	*t = tcase_create("delta");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing);
	tcase_add_test(t, changes);
	tcase_add_test(t, touched);
	tcase_add_test(t, found);
	tcase_add_test(t, patches);
	tcase_add_test(t, blind);
	tcase_add_test(t, kept);
	tcase_add_test(t, guests);
	tcase_add_test(t, once);
	tcase_add_test(t, answer);
	tcase_add_test(t, bad_answers);
	suite_add_tcase(s, t);
	return s;
}
