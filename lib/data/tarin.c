/*
 * tarin.c - reading an archive with libarchive and checking each entry; pack.c
 * decompresses before (libarchive does not look at the check sum of gzip),
 * tarput.c does what is done to the disk.
 *
 * The program runs in the C locale, so libarchive leaves names alone: what it
 * cannot convert it hands over as the bytes that they are, with a warning.
 */
#include "data/tarin.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "data/pack.h"
#include "data/tarlib.h"
#include "data/tarput.h"

#define BLOCK		512
#define SHOWN_MAX	200	/* of a name, in a message */

struct tarin {
	struct unpack		*src;
	struct err		 src_err;	/* of a failed read */
	struct tarlib		 lib;
	struct archive		*a;
	struct tarput		*put;
	struct timespec		 now;
	struct tarin_count	 count;
	int64_t			 ended;		/* where the last entry ended */
};

/* ---- reading ---- */

static la_ssize_t
source_read(struct archive *a, void *arg, const void **p)
{
	struct tarin	*t = arg;
	ssize_t		 n = unpack_read(t->src, p, &t->src_err);

	if (n == -1)
		t->lib.archive_set_error(a, t->src_err.code, "%s", t->src_err.msg);
	return n;
}

/* The check sum stands at the very end; and whoever writes to us must not be
 * cut off. */
static int
source_finish(struct tarin *t, struct err *e)
{
	const void	*p;
	ssize_t		 n;

	do
		n = unpack_read(t->src, &p, e);
	while (n > 0);
	return n == -1 ? -1 : unpack_drain(t->src, e);
}

static int
archive_failed(const struct tarin *t, struct err *e)
{
	const char	*why = t->lib.archive_error_string(t->a);

	if (t->src_err.code != 0)
		return err_code(e, t->src_err.code, "%s", t->src_err.msg);
	if (unpack_was_empty(t->src))
		return err_code(e, EINVAL, "empty input: not a tar archive, plain or packed with gzip or zstd");
	if (t->lib.archive_errno(t->a) == ENOMEM)
		return err_code(e, ENOMEM, "read the archive: out of memory");
	if (t->lib.archive_format(t->a) == 0)
		return err_code(e, EINVAL, "not a tar archive, plain or packed with gzip or zstd");
	return err_code(e, EINVAL, "broken archive: %s", why != NULL ? why : "no reason known");
}

static int
archive_begin(struct tarin *t, struct err *e)
{
	if (tarlib_open(&t->lib, e) == -1)
		return -1;
	t->a = t->lib.archive_read_new();
	if (t->a == NULL)
		return err_code(e, ENOMEM, "read the archive: out of memory");
	t->lib.archive_read_support_format_tar(t->a);
	if (t->lib.archive_read_open(t->a, t, NULL, source_read, NULL) != ARCHIVE_OK)
		return archive_failed(t, e);
	return 0;
}

/* ---- entries ---- */

static int
entry_failed(const char *name, struct err *e)
{
	char	*quoted = str_quote(name != NULL ? name : "");

	err_wrap(e, "entry %.*s%s", SHOWN_MAX, quoted,
	    strlen(quoted) > SHOWN_MAX ? "..." : "");
	free(quoted);
	return -1;
}

/* The clean name, malloc'ed, or NULL. */
static char *
name_of(const char *raw, const char *what, struct err *e)
{
	if (raw == NULL || raw[0] == '\0') {
		err_code(e, EINVAL, "%s is empty", what);
		return NULL;
	}
	if (path_check(raw, e) == -1) {
		if (e != NULL)
			e->code = EINVAL;
		return NULL;
	}
	return path_clean(raw);
}

static struct timespec
mtime_of(const struct tarin *t, struct archive_entry *entry)
{
	struct timespec	m = t->now;

	if (!t->lib.archive_entry_mtime_is_set(entry))
		return m;
	m.tv_sec = t->lib.archive_entry_mtime(entry);
	m.tv_nsec = t->lib.archive_entry_mtime_nsec(entry);
	if (m.tv_nsec < 0 || m.tv_nsec > 999999999)
		m.tv_nsec = 0;
	if (m.tv_sec > t->now.tv_sec ||
	    (m.tv_sec == t->now.tv_sec && m.tv_nsec > t->now.tv_nsec))
		m = t->now;
	return m;
}

static int
write_at(int fd, const char *p, size_t len, off_t at)
{
	ssize_t	n;

	for (; len > 0; p += n, len -= (size_t)n, at += n) {
		n = pwrite(fd, p, len, at);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return -1;
	}
	return 0;
}

static int
copy_data(struct tarin *t, struct archive_entry *entry, int fd, struct err *e)
{
	const void	*p;
	size_t		 n;
	la_int64_t	 at, end = 0;
	int		 r;

	while ((r = t->lib.archive_read_data_block(t->a, &p, &n, &at)) == ARCHIVE_OK) {
		if (write_at(fd, p, n, at) == -1)
			return err_errno(e, "write");
		t->count.bytes += n;
		if (at + (la_int64_t)n > end)
			end = at + (la_int64_t)n;
	}
	if (r != ARCHIVE_EOF)
		return archive_failed(t, e);
	/* A sparse file may end in a hole. */
	if (t->lib.archive_entry_size(entry) > end &&
	    ftruncate(fd, t->lib.archive_entry_size(entry)) == -1)
		return err_errno(e, "write");
	return 0;
}

static int
put_file(struct tarin *t, struct archive_entry *entry, const char *name,
    struct err *e)
{
	struct timespec	mtime = mtime_of(t, entry);
	int		fd;

	fd = tarput_file_begin(t->put, name, t->lib.archive_entry_perm(entry), e);
	if (fd == -1)
		return -1;
	if (copy_data(t, entry, fd, e) == -1) {
		tarput_file_drop(t->put);
		return -1;
	}
	return tarput_file_end(t->put, &mtime, e);
}

static int
put_hardlink(struct tarin *t, const char *raw, const char *name, struct err *e)
{
	char	*target = name_of(raw, "the target of the hard link", e);
	int	 r;

	if (target == NULL)
		return -1;
	r = tarput_hardlink(t->put, name, target, e);
	free(target);
	return r;
}

static int
put_symlink(struct tarin *t, struct archive_entry *entry, const char *name,
    struct err *e)
{
	const char	*target = t->lib.archive_entry_symlink(entry);
	struct timespec	 mtime = mtime_of(t, entry);

	if (target == NULL || target[0] == '\0')
		return err_code(e, EINVAL, "the target of the link is empty");
	return tarput_symlink(t->put, name, target, &mtime, e);
}

static int
refuse_kind(mode_t kind, struct err *e)
{
	const char	*what = "of an unknown kind";

	switch (kind) {
	case AE_IFCHR:
		what = "a character device";
		break;
	case AE_IFBLK:
		what = "a block device";
		break;
	case AE_IFIFO:
		what = "a fifo";
		break;
	case AE_IFSOCK:
		what = "a socket";
		break;
	}
	return err_code(e, EINVAL, "is %s, which is not unpacked", what);
}

/* name: clean. */
static int
put_entry(struct tarin *t, struct archive_entry *entry, const char *name,
    struct err *e)
{
	mode_t		 kind = t->lib.archive_entry_filetype(entry);
	const char	*hardlink = t->lib.archive_entry_hardlink(entry);
	struct timespec	 mtime;

	if (strcmp(name, ".") == 0) {
		if (kind == AE_IFDIR && hardlink == NULL)
			return 0;
		return err_code(e, EINVAL, "only a directory can have this name");
	}
	if (hardlink != NULL)
		return put_hardlink(t, hardlink, name, e);
	if (kind == AE_IFREG)
		return put_file(t, entry, name, e);
	if (kind == AE_IFLNK)
		return put_symlink(t, entry, name, e);
	if (kind != AE_IFDIR)
		return refuse_kind(kind, e);
	mtime = mtime_of(t, entry);
	return tarput_dir(t->put, name, t->lib.archive_entry_perm(entry), &mtime, e);
}

static int
one_entry(struct tarin *t, struct archive_entry *entry, struct err *e)
{
	const char	*raw = t->lib.archive_entry_pathname(entry);
	char		*name;
	int		 r;

	name = name_of(raw, "its name", e);
	r = name == NULL ? -1 : put_entry(t, entry, name, e);
	free(name);
	if (r == -1)
		return entry_failed(raw, e);
	t->count.files++;
	return 0;
}

/* An archive ends in blocks of zeros; without them something may be missing. */
static int
check_end(const struct tarin *t, struct err *e)
{
	int64_t	padded = (t->ended + BLOCK - 1) / BLOCK * BLOCK;

	if (t->lib.archive_filter_bytes(t->a, 0) >= padded + BLOCK)
		return 0;
	return err_code(e, EINVAL, "broken archive: it is cut off between two entries");
}

static int
unpack(struct tarin *t, struct err *e)
{
	struct archive_entry	*entry;
	int			 r;

	for (;;) {
		r = t->lib.archive_read_next_header(t->a, &entry);
		if (r == ARCHIVE_EOF)
			return check_end(t, e);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return archive_failed(t, e);
		if (one_entry(t, entry, e) == -1)
			return -1;
		r = t->lib.archive_read_data_skip(t->a);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN && r != ARCHIVE_EOF)
			return archive_failed(t, e);
		t->ended = t->lib.archive_filter_bytes(t->a, 0);
	}
}

int
tarin_extract(int fd, int dirfd, struct tarin_count *count, struct err *e)
{
	struct tarin	 t = { .src = unpack_new(fd) };
	mode_t		 mask = umask(0);
	int		 r;

	t.put = tarput_new(dirfd);
	clock_gettime(CLOCK_REALTIME, &t.now);
	r = archive_begin(&t, e);
	if (r == 0)
		r = unpack(&t, e);
	if (r == 0)
		r = source_finish(&t, e);
	if (tarput_finish(t.put, r == 0 ? e : NULL) == -1)
		r = -1;
	if (t.a != NULL)
		t.lib.archive_read_free(t.a);
	unpack_free(t.src);
	umask(mask);
	if (count != NULL)
		*count = t.count;
	return r;
}
