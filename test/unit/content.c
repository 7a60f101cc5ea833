/* content.c - unit tests of api/content.h, data/chunk.h and io/digestmac.h. */
#include "unit.h"
#include "lib_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/content.h"
#include "api/packed.h"
#include "base/file.h"
#include "base/xmalloc.h"
#include "data/chunk.h"
#include "data/pack.h"
#include "io/digest.h"
#include "io/digestmac.h"

#define BIG (5 * 1024 * 1024 + 12345)

static struct dir	 d;
static struct content	*c;
static struct inventory	 inv;
static struct err	 e;
static unsigned char	*big;

static void
setup(void)
{
	uint64_t	x = 88172645463325252ULL;
	size_t		i;

	e = (struct err)ERR_INIT;
	dir_make(&d);
	c = content_new();
	inv_init(&inv);
	big = xmalloc(BIG);
	for (i = 0; i < BIG; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		big[i] = (unsigned char)x;
	}
}

static void
teardown(void)
{
	free(big);
	inv_release(&inv);
	content_free(c);
	dir_drop(&d);
}

/* What is known of these bytes, taken in pieces of that size. */
static struct inv_entry *
known(const void *p, size_t len, size_t step)
{
	struct inv_entry	*x = inv_add(&inv, "x");
	size_t			 at, n;

	content_begin(c, len);
	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		content_add(c, (const char *)p + at, n);
	}
	content_end(c);
	content_tell(c, &inv, x);
	return x;
}

static int
file_of(const void *p, size_t len)
{
	int	fd = openat(d.fd, "f", O_RDWR | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(file_write_all(fd, p, len), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

START_TEST(small)
{
	static const char	 want[] =
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct inv_entry	*x = known("abc", 3, 1);
	char			 hex[INV_ID_HEX];

	str_hex(x->digest, INV_DIGEST, hex);
	ck_assert_str_eq(hex, want);
	ck_assert_uint_eq(x->size, 3);
	ck_assert_uint_eq(x->nchunks, 0);
	ck_assert(x->hashed);
}
END_TEST

/* However it comes: the same chunks, of the right lengths, and the digest is
 * that of their list. */
START_TEST(large)
{
	struct inv_entry	 x = *known(big, BIG, BIG), y;
	unsigned char		 sum[INV_DIGEST];
	struct digest		*sha = digest_new(DIGEST_SHA256);
	uint64_t		 total = 0;
	uint32_t		 i, n;
	int			 fd = file_of(big, BIG);

	for (i = 0; i < x.nchunks; i++) {
		n = content_chunk_length(x.chunks + (size_t)i * INV_CHUNK);
		ck_assert_uint_le(n, CHUNK_MAX);
		ck_assert(n >= CHUNK_MIN || i + 1 == x.nchunks);
		total += n;
	}
	ck_assert_uint_eq(total, BIG);
	ck_assert_uint_gt(x.nchunks, BIG / CHUNK_MAX);
	digest_add(sha, x.chunks, (size_t)x.nchunks * INV_CHUNK);
	digest_sha256(sha, sum);
	digest_free(sha);
	ck_assert_mem_eq(sum, x.digest, INV_DIGEST);
	y = *known(big, BIG, 12345);
	ck_assert_mem_eq(x.digest, y.digest, INV_DIGEST);
	ck_assert_int_eq(content_read(c, fd, BIG, NULL, NULL, NULL, &e), 0);
	ck_assert_mem_eq(x.digest, content_digest(c), INV_DIGEST);
	content_begin(c, BIG);
	for (i = 0; i < x.nchunks; i++)
		content_add_chunk(c, x.chunks + (size_t)i * INV_CHUNK);
	content_end(c);
	ck_assert_mem_eq(x.digest, content_digest(c), INV_DIGEST);
	close(fd);
}
END_TEST

/* The limit between the two ways. */
START_TEST(limit)
{
	ck_assert_uint_eq(known(big, INV_CHUNKED, 99999)->nchunks, 0);
	ck_assert_uint_gt(known(big, INV_CHUNKED + 1, 99999)->nchunks, 0);
	memset(big, 0, BIG);	/* no place to cut at: chunks of the largest size */
	ck_assert_uint_eq(known(big, 4 * CHUNK_MAX + 1, BIG)->nchunks, 5);
}
END_TEST

/* A byte more at the front moves only the first border. */
START_TEST(insertion)
{
	struct inv_entry	 x = *known(big, BIG, BIG), y;
	unsigned char		*more = xmalloc(BIG + 1);
	const unsigned char	*a, *b;
	uint32_t		 i, k, same = 0;

	more[0] = 'x';
	memcpy(more + 1, big, BIG);
	y = *known(more, BIG + 1, BIG);
	for (i = 0; i < x.nchunks; i++)
		for (k = 0; k < y.nchunks; k++) {
			a = x.chunks + (size_t)i * INV_CHUNK;
			b = y.chunks + (size_t)k * INV_CHUNK;
			same += memcmp(a, b, INV_CHUNK) == 0;
		}
	ck_assert_uint_ge(same, x.nchunks - 3);
	free(more);
}
END_TEST

struct seen {
	uint64_t	copied, sent, at;
	const unsigned char *old, *now;
};

static int
on_chunk(void *arg, const void *p, size_t len, int64_t at, struct err *why)
{
	struct seen	*s = arg;

	(void)why;
	ck_assert_mem_eq(p, s->now + s->at, len);
	if (at == -1)
		s->sent += len;
	else {
		ck_assert_mem_eq(p, s->old + at, len);
		s->copied += len;
	}
	s->at += len;
	return 0;
}

/* Against a former state, with sums of a key and without: the same content and
 * digest, and what is found there really stands there. */
START_TEST(former)
{
	static const unsigned char	 key[INV_KEY] = "0123456789abcde";
	struct inv_entry		 old, now;
	unsigned char			*was = xmemdup(big, BIG);
	struct seen			 s = { .old = was, .now = big };
	int				 fd = file_of(big, BIG);

	if (_i == 1)
		content_set_key(c, key);
	ck_assert_int_eq(content_read(c, fd, BIG, NULL, NULL, NULL, &e), 0);
	content_tell(c, &inv, &old);
	ck_assert((old.sums != NULL) == (_i == 1));
	close(fd);
	memset(big + 3 * 1024 * 1024, 'y', 1000);
	now = *known(big, BIG - 5, BIG);
	fd = file_of(big, BIG - 5);
	ck_assert_int_eq(content_read(c, fd, BIG - 5, &old, on_chunk, &s, &e), 0);
	ck_assert_mem_eq(content_digest(c), now.digest, INV_DIGEST);
	ck_assert_uint_eq(s.at, BIG - 5);
	ck_assert_uint_gt(s.copied, BIG - 5 * CHUNK_MAX);
	ck_assert_uint_gt(s.sent, 0);
	close(fd);
	free(was);
}
END_TEST

/* A former state whose chunks no cutter made: it ends all the same. */
START_TEST(odd_former)
{
	static const unsigned char	 key[INV_KEY] = "0123456789abcde";
	struct inv_entry		 old = { .nchunks = 3 };
	unsigned char			 chunks[3 * INV_CHUNK], sums[3 * INV_SUM];
	struct seen			 s = { .old = big, .now = big };
	int				 fd = file_of(big, BIG);

	memset(chunks, _i == 0 ? 0 : 0x7f, sizeof chunks);
	memset(sums, 1, sizeof sums);
	old.chunks = chunks;
	old.sums = sums;
	content_set_key(c, key);
	ck_assert_int_eq(content_read(c, fd, BIG, &old, on_chunk, &s, &e), 0);
	ck_assert_uint_eq(s.sent, BIG);
	close(fd);
}
END_TEST

START_TEST(shrunk)
{
	int	fd = file_of(big, 100);

	ck_assert_int_eq(content_read(c, fd, 101, NULL, NULL, NULL, &e), -1);
	ck_assert_int_eq(e.code, EIO);
	ck_assert_str_eq(e.msg, "read: it shrank meanwhile");
	close(fd);
}
END_TEST

/* Never a link, never waiting for somebody to write. */
START_TEST(opening)
{
	struct stat	st;
	int		fd;

	dir_write(&d, "file", "x");
	ck_assert_int_eq(symlinkat("file", d.fd, "link"), 0);
	ck_assert_int_eq(mkfifoat(d.fd, "fifo", 0600), 0);
	fd = content_open(d.fd, "file", &st);
	ck_assert_int_ne(fd, -1);
	close(fd);
	ck_assert_int_eq(st.st_size, 1);
	ck_assert_int_eq(content_open(d.fd, "link", &st), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(content_open(d.fd, "fifo", &st), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(content_open(d.fd, ".", &st), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(macs)
{
	static const unsigned char	 one[MAC_KEY] = "a", two[MAC_KEY] = "b";
	struct mac			*m = mac_new(one), *n = mac_new(two);
	unsigned char			 a[MAC_SUM], b[MAC_SUM];

	mac_sum(m, big, 1000, a);
	mac_sum(m, big, 1000, b);
	ck_assert_mem_eq(a, b, MAC_SUM);
	mac_sum(m, big, 999, b);
	ck_assert_mem_ne(a, b, MAC_SUM);
	mac_sum(n, big, 1000, b);
	ck_assert_mem_ne(a, b, MAC_SUM);
	big[500] ^= 1;
	mac_sum(m, big, 1000, b);
	ck_assert_mem_ne(a, b, MAC_SUM);
	mac_free(m);
	mac_free(n);
}
END_TEST

/* What was packed comes out again; a little is not packed at all. */
START_TEST(packing)
{
	static const size_t	 sizes[] = { 0, 1, 16384, 16385, BIG };
	size_t			 len = sizes[_i], got = 0, at, n;
	int			 fd = file_of("", 0);
	struct packed		*k = packed_new(fd);
	struct unpack		*u;
	const void		*p;
	ssize_t			 r;

	for (at = 0; at < len; at += n) {
		n = len - at < 1000000 ? len - at : 1000000;
		ck_assert_int_eq(packed_add(k, big + at, n, &e), 0);
	}
	ck_assert_int_eq(packed_end(k, &e), 0);
	packed_free(k);
	if (len <= 16384)
		ck_assert_int_eq(lseek(fd, 0, SEEK_END), (off_t)len);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	u = unpack_new(fd);
	while ((r = unpack_read(u, &p, &e)) > 0) {
		ck_assert_uint_le(got + (size_t)r, len);
		ck_assert_mem_eq(p, big + got, (size_t)r);
		got += (size_t)r;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(got, len);
	unpack_free(u);
	close(fd);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("content");
	TCase	*t = tcase_create("content");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, small);
	tcase_add_test(t, large);
	tcase_add_test(t, limit);
	tcase_add_test(t, insertion);
	tcase_add_loop_test(t, former, 0, 2);
	tcase_add_loop_test(t, odd_former, 0, 2);
	tcase_add_test(t, shrunk);
	tcase_add_test(t, opening);
	tcase_add_test(t, macs);
	tcase_add_loop_test(t, packing, 0, 5);
	suite_add_tcase(s, t);
	return s;
}
