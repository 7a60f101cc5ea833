/* lib_dir.c - see lib_dir.h. */
#include "lib_dir.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mount.h>
#endif

#include "base/file.h"
#include "base/tree.h"

void
dir_make(struct dir *d)
{
	const char	*tmp = getenv("TMPDIR");

	snprintf(d->path, sizeof d->path, "%s/unit-XXXXXX",
	    tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(d->path));
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ne(d->fd, -1);
}

void
dir_drop(struct dir *d)
{
	struct err	e = ERR_INIT;

#ifdef __linux__
	char		mounted[80];

	snprintf(mounted, sizeof mounted, "%s/mnt", d->path);
	umount2(mounted, MNT_DETACH);
#endif
	ck_assert_msg(tree_remove(d->fd, ".", &e) == 0, "%s", e.msg);
	close(d->fd);
	ck_assert_int_eq(rmdir(d->path), 0);
}

void
dir_write(const struct dir *d, const char *name, const char *text)
{
	int	fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(file_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

char *
dir_read(const struct dir *d, const char *name)
{
	int	 fd = openat(d->fd, name, O_RDONLY);
	char	*text;
	ssize_t	 n;

	if (fd == -1)
		return NULL;
	text = malloc(65536);
	ck_assert_ptr_nonnull(text);
	n = file_read_full(fd, text, 65535);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

bool
dir_has(const struct dir *d, const char *name)
{
	return dir_mode(d, name) != 0;
}

mode_t
dir_mode(const struct dir *d, const char *name)
{
	struct stat	st;

	return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode : 0;
}

int
dir_count(const struct dir *d, const char *name)
{
	int		 fd = openat(d->fd, name, O_RDONLY | O_DIRECTORY), n = -2;
	DIR		*all;

	if (fd == -1)
		return -1;
	all = fdopendir(fd);
	ck_assert_ptr_nonnull(all);
	while (readdir(all) != NULL)
		n++;
	closedir(all);
	return n;
}

bool
dir_mount(const struct dir *d, const char *name, const char *options)
{
#ifdef __linux__
	char	at[80];

	ck_assert_str_eq(name, "mnt");	/* what dir_drop knows */
	snprintf(at, sizeof at, "%s/%s", d->path, name);
	ck_assert_int_eq(mkdir(at, 0755), 0);
	return mount("none", at, "tmpfs", 0, options) == 0;
#else
	(void)d;
	(void)name;
	(void)options;
	return false;
#endif
}
