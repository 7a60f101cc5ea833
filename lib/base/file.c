/* file.c - small whole files, written so that a crash leaves old or new. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"

#define READ_CHUNK (16 * 1024)

/* Reads to the end of file into s, at most max bytes. */
static int
fd_slurp(int fd, const char *path, size_t max, struct str *s, struct err *e)
{
	char	 buf[READ_CHUNK];
	ssize_t	 n;

	for (;;) {
		n = file_read_full(fd, buf, sizeof buf);
		if (n == -1)
			return err_errno(e, "read %s", path);
		if ((size_t)n > max - s->len)
			return err_code(e, EFBIG,
			    "read %s: longer than %zu bytes", path, max);
		str_addn(s, buf, (size_t)n);
		if ((size_t)n < sizeof buf)
			return 0;
	}
}

char *
file_read(const char *path, size_t max, size_t *len, struct err *e)
{
	struct str	 s = STR_INIT;
	int		 fd, ret;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		err_errno(e, "open %s", path);
		return NULL;
	}
	ret = fd_slurp(fd, path, max, &s, e);
	close(fd);
	if (ret == -1) {
		str_release(&s);
		return NULL;
	}
	if (len != NULL)
		*len = s.len;
	return str_take(&s);
}

char *
file_read_open(int fd, size_t max, size_t *len)
{
	struct stat	 st;
	char		*text;
	ssize_t		 n;

	if (fstat(fd, &st) == -1)
		return NULL;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return NULL;
	}
	text = xlarge((size_t)st.st_size + 1);
	if ((n = file_read_full(fd, text, (size_t)st.st_size)) == -1) {
		free(text);
		return NULL;
	}
	*len = (size_t)n;
	return text;
}

char *
file_read_trimmed(const char *path, size_t max, struct err *e)
{
	static const char	 space[] = " \t\r\n\v\f";
	size_t			 len, from;
	char			*s = file_read(path, max, &len, e);

	if (s == NULL)
		return NULL;
	if (memchr(s, '\0', len) != NULL) {
		err_set(e, "read %s: holds a NUL byte", path);
		free(s);
		return NULL;
	}
	while (len > 0 && strchr(space, s[len - 1]) != NULL)
		len--;
	s[len] = '\0';
	from = strspn(s, space);
	memmove(s, s + from, len - from + 1);
	return s;
}

static int
fd_fill(int fd, const char *tmp, const void *p, size_t len, mode_t mode,
    struct err *e)
{
	if (fchmod(fd, mode) == -1)
		return err_errno(e, "chmod %s", tmp);
	if (file_write_all(fd, p, len) == -1)
		return err_errno(e, "write %s", tmp);
	if (fsync(fd) == -1)
		return err_errno(e, "sync %s", tmp);
	return 0;
}

/* The name is in the directory, not in the file: it must be synced as well. */
static int
dir_sync(const char *dir, struct err *e)
{
	int	 fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int	 ret = 0;

	if (fd == -1)
		return err_errno(e, "open %s", dir);
	/* EINVAL: a file system that has nothing to sync there. */
	if (fsync(fd) == -1 && errno != EINVAL)
		ret = err_errno(e, "sync %s", dir);
	close(fd);
	return ret;
}

int
file_write(const char *path, const void *p, size_t len, mode_t mode,
    struct err *e)
{
	char	*dir = path_dir(path), *tmp = path_join(dir, ".tmp-XXXXXX");
	int	 fd, ret = -1;

	if ((fd = mkostemp(tmp, O_CLOEXEC)) == -1) {
		err_errno(e, "create %s", tmp);
		goto out;
	}
	ret = fd_fill(fd, tmp, p, len, mode, e);
	if (close(fd) == -1 && ret == 0)
		ret = err_errno(e, "close %s", tmp);
	if (ret == 0 && rename(tmp, path) == -1)
		ret = err_errno(e, "rename %s to %s", tmp, path);
	if (ret == -1)
		unlink(tmp);
	else
		ret = dir_sync(dir, e);
out:
	free(tmp);
	free(dir);
	return ret;
}

static int
dir_make(const char *path, mode_t mode, struct err *e)
{
	struct stat	 st;
	int		 why;

	if (mkdir(path, mode) == 0)
		return 0;
	why = errno;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	errno = why;
	return err_errno(e, "mkdir %s", path);
}

int
file_mkdirs(const char *path, mode_t mode, struct err *e)
{
	char	*copy = xstrdup(path), *at = copy, next;
	int	 ret = *at == '\0' ? err_code(e, ENOENT, "mkdir: no name") : 0;

	while (ret == 0 && *at != '\0') {
		at += strspn(at, "/");
		at += strcspn(at, "/");
		next = *at;
		*at = '\0';
		ret = dir_make(copy, mode, e);
		*at = next;
	}
	free(copy);
	return ret;
}

void
file_std(void)
{
	int	fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return;		/* nor will anything else be opened */
}

void
file_cloexec(int fd)
{
	int	 flags = fcntl(fd, F_GETFD);

	if (flags == -1 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == -1)
		fatal("set close-on-exec of descriptor %d", fd);
}

void
file_nonblock(int fd, bool on)
{
	int	 flags = fcntl(fd, F_GETFL);

	if (flags != -1)
		flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	if (flags == -1 || fcntl(fd, F_SETFL, flags) == -1)
		fatal("set non-blocking of descriptor %d", fd);
}

int
file_claim(int fd)
{
	struct flock	l;

	memset(&l, 0, sizeof l);
	l.l_type = F_WRLCK;
	l.l_whence = SEEK_SET;
	if (fcntl(fd, F_SETLK, &l) == 0)
		return 0;
	return errno == EACCES || errno == EAGAIN ? 1 : -1;
}

int
file_write_all(int fd, const void *p, size_t len)
{
	const char	*b = p;
	ssize_t		 n;

	while (len != 0) {
		n = write(fd, b, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		b += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t
file_read_full(int fd, void *p, size_t len)
{
	char	*b = p;
	size_t	 at = 0;
	ssize_t	 n;

	while (at < len) {
		n = read(fd, b + at, len - at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		at += (size_t)n;
	}
	return (ssize_t)at;
}
