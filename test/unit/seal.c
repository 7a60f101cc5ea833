/* seal.c - unit tests of api/seal.h, and of packing and unpacking with one. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/packed.h"
#include "api/seal.h"
#include "base/file.h"
#include "base/str.h"
#include "data/pack.h"

#define LONG	(5 * 1024 * 1024)	/* more than packed.h thinks about at once */

static struct err	e;

static void
setup(void)
{
	e = (struct err)ERR_INIT;
}

static void
teardown(void)
{
}

/* The bytes, and their seal. */
static void
sealed(struct str *s, const char *p, size_t len)
{
	struct seal	*k = seal_new();
	unsigned char	 frame[SEAL_LEN];

	seal_add(k, p, len);
	seal_end(k, frame);
	seal_free(k);
	str_addn(s, p, len);
	str_addn(s, frame, SEAL_LEN);
}

static bool
holds(const struct str *s, size_t len, size_t step)
{
	struct seal	*k = seal_new();
	size_t		 at, n;
	bool		 yes;

	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		seal_see(k, s->s + at, n);
	}
	yes = seal_holds(k);
	seal_free(k);
	return yes;
}

START_TEST(test_holds_however_it_comes)
{
	static const size_t	lens[] = { 0, 1, 31, 32, 33, 100, 1000 };
	char			text[1000];
	size_t			i, step;

	for (i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7);
	for (i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct str	s = STR_INIT;

		sealed(&s, text, lens[i]);
		for (step = 1; step <= s.len; step++)
			ck_assert(holds(&s, s.len, step));
		str_release(&s);
	}
}
END_TEST

START_TEST(test_no_bit_may_be_another)
{
	struct str	s = STR_INIT;
	size_t		i;

	sealed(&s, "some bytes that are sealed", 26);
	for (i = 0; i < s.len * 8; i++) {
		s.s[i / 8] = (char)(s.s[i / 8] ^ 1 << i % 8);
		ck_assert(!holds(&s, s.len, 10));
		s.s[i / 8] = (char)(s.s[i / 8] ^ 1 << i % 8);
	}
	str_release(&s);
}
END_TEST

START_TEST(test_nothing_may_be_missing_or_added)
{
	struct str	s = STR_INIT;
	size_t		i;

	sealed(&s, "some bytes that are sealed", 26);
	for (i = 0; i < s.len; i++)
		ck_assert(!holds(&s, i, 10));
	str_addc(&s, 0);
	ck_assert(!holds(&s, s.len, 10));
	str_release(&s);
}
END_TEST

/* --- with packed.h and pack.h ------------------------------------------------- */

static FILE	*file;

static void
pack(const char *p, size_t len)
{
	struct packed	*k;
	size_t		 at, n;

	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	k = packed_new(fileno(file));
	packed_seal(k);
	for (at = 0; at < len; at += n) {
		n = len - at < 100000 ? len - at : 100000;
		ck_assert_int_eq(packed_add(k, p + at, n, &e), 0);
	}
	ck_assert_int_eq(packed_end(k, &e), 0);
	packed_free(k);
	ck_assert_int_eq(lseek(fileno(file), 0, SEEK_SET), 0);
}

struct source {
	struct seal	*seal;
	size_t		 step;
	char		 buf[100000];
};

static ssize_t
next(void *arg, const void **p, struct err *why)
{
	struct source	*f = arg;
	ssize_t		 n = read(fileno(file), f->buf, f->step);

	(void)why;
	if (n > 0)
		seal_see(f->seal, f->buf, (size_t)n);
	*p = f->buf;
	return n;
}

/* What is in file, read in such steps, and whether its seal held. */
static bool
unpack(struct str *out, size_t step)
{
	static struct source	 f;
	struct unpack		*u = unpack_new_from(next, &f);
	const void		*p;
	ssize_t			 n;
	bool			 yes;

	f.seal = seal_new();
	f.step = step;
	while ((n = unpack_read(u, &p, &e)) > 0)
		str_addn(out, p, (size_t)n);
	ck_assert_msg(n == 0, "%s", e.msg);
	yes = seal_holds(f.seal);
	seal_free(f.seal);
	unpack_free(u);
	return yes;
}

START_TEST(test_packed)
{
	static const size_t	lens[] = { 0, 1, 20000, LONG };
	static const size_t	steps[] = { 1, 3, 5, 1000, sizeof ((struct source *)0)->buf };
	char			*text = malloc(LONG);
	size_t			 i, k;

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < LONG; i++)
		text[i] = (char)(i * i >> 9);
	for (i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		pack(text, lens[i]);
		for (k = 0; k < sizeof steps / sizeof steps[0]; k++) {
			struct str	out = STR_INIT;

			ck_assert_int_eq(lseek(fileno(file), 0, SEEK_SET), 0);
			ck_assert(unpack(&out, steps[k]));
			ck_assert_uint_eq(out.len, lens[i]);
			ck_assert_mem_eq(str_text(&out), text, out.len);
			str_release(&out);
		}
		fclose(file);
	}
	free(text);
}
END_TEST

static int
to_str(void *arg, const void *p, size_t len)
{
	str_addn(arg, p, len);
	return 0;
}

/* Content that someone changed and packed again, well, but with the old seal. */
START_TEST(test_other_content)
{
	struct str	 out = STR_INIT, body = STR_INIT;
	struct pack	*k = pack_new(TAROUT_TAR_ZST, 1, to_str, &body, &e);
	char		 seal[SEAL_LEN];

	pack("what was sent", 13);
	ck_assert_int_eq(lseek(fileno(file), -SEAL_LEN, SEEK_END) > 0, 1);
	ck_assert_int_eq(read(fileno(file), seal, SEAL_LEN), SEAL_LEN);
	fclose(file);
	ck_assert_ptr_nonnull(k);
	ck_assert_int_eq(pack_add(k, "what was lent", 13, &e), 0);
	ck_assert_int_eq(pack_finish(k, &e), 0);
	pack_free(k);
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	str_addn(&body, seal, SEAL_LEN);
	ck_assert_int_eq(file_write_all(fileno(file), body.s, body.len), 0);
	ck_assert_int_eq(lseek(fileno(file), 0, SEEK_SET), 0);
	ck_assert(!unpack(&out, 1000));
	fclose(file);
	ck_assert_str_eq(str_text(&out), "what was lent");
	str_release(&out);
	str_release(&body);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("seal");
	TCase	*c = tcase_create("seal");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_holds_however_it_comes);
	tcase_add_test(c, test_no_bit_may_be_another);
	tcase_add_test(c, test_nothing_may_be_missing_or_added);
	tcase_add_test(c, test_packed);
	tcase_add_test(c, test_other_content);
	suite_add_tcase(s, c);
	return s;
}
