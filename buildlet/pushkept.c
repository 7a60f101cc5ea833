/* pushkept.c - hashes what is left over and files it under its digest. */
#include "buildlet/pushkept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/content.h"
#include "base/dirs.h"
#include "base/xmalloc.h"
#include "buildlet/lswalk.h"

#define KEPT_FILES	200000
#define KEPT_BYTES	(4LL * 1024 * 1024 * 1024)

struct adoption {
	struct dirs	*tree;
	int		 kept;
	struct content	*content;
	int64_t		 files, bytes;	/* in kept */
};

static DIR *
kept_dir(struct pushdir *p, int *fd)
{
	int	 copy;
	DIR	*d;

	*fd = openat(p->stage, PUSHDIR_KEPT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd == -1)
		return NULL;
	copy = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
	d = copy != -1 ? fdopendir(copy) : NULL;
	if (d == NULL) {
		if (copy != -1)
			close(copy);
		close(*fd);
	}
	return d;
}

void
pushkept_each(struct pushdir *p, pushkept_fn fn, void *arg)
{
	unsigned char	 digest[INV_DIGEST];
	struct dirent	*x;
	int		 fd;
	DIR		*d = kept_dir(p, &fd);

	if (d == NULL)
		return;
	while ((x = readdir(d)) != NULL)
		if (strlen(x->d_name) == 2 * INV_DIGEST &&
		    str_unhex(x->d_name, digest, INV_DIGEST) == 0)
			fn(digest, arg);
	closedir(d);
	close(fd);
}

/* How much is kept already. */
static void
kept_count(struct pushdir *p, struct adoption *a)
{
	struct dirent	*x;
	struct stat	 st;
	int		 fd;
	DIR		*d = kept_dir(p, &fd);

	if (d == NULL)
		return;
	while ((x = readdir(d)) != NULL)
		if (fstatat(fd, x->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode)) {
			a->files++;
			a->bytes += st.st_size;
		}
	closedir(d);
	close(fd);
}

/* Files may be unreadable by their mode: ours, so the mode gives way. */
static int
open_staged(int dir, const char *base, struct stat *st)
{
	int	fd = content_open(dir, base, st);

	if (fd == -1 && errno == EACCES &&
	    fchmodat(dir, base, 0600, 0) == 0)
		fd = content_open(dir, base, st);
	return fd;
}

/* Whatever cannot be kept is left where it is, to be removed. */
static int
adopt_one(const struct api_ls *entry, void *arg)
{
	struct adoption	*a = arg;
	const char	*base;
	char		 name[INV_ID_HEX];
	struct stat	 st;
	int		 dir, fd;

	if (!entry->regular || a->files >= KEPT_FILES ||
	    a->bytes + entry->size > KEPT_BYTES ||
	    (dir = dirs_of(a->tree, entry->path, &base)) == -1 ||
	    (fd = open_staged(dir, base, &st)) == -1)
		return 0;
	if (content_read(a->content, fd, -1, NULL, NULL, NULL, NULL) == 0) {
		str_hex(content_digest(a->content), INV_DIGEST, name);
		if (renameat(dir, base, a->kept, name) == 0) {
			a->files++;
			a->bytes += st.st_size;
		}
	}
	close(fd);
	return 0;
}

static void
adopt_all(struct pushdir *p, int tree)
{
	const struct lswalk	 how = { .recursive = true };
	struct adoption		 a = { .files = 0 };

	kept_count(p, &a);
	if (a.files >= KEPT_FILES / 2 || a.bytes >= KEPT_BYTES / 2) {
		pushdir_clear(p, PUSHDIR_KEPT);		/* the oldest goes */
		a.files = a.bytes = 0;
	}
	if ((a.kept = pushdir_stage(p, PUSHDIR_KEPT, NULL)) == -1)
		return;
	a.tree = dirs_new(tree, 0);
	a.content = content_new();
	if (lswalk(tree, &how, adopt_one, &a, NULL) == -1) {
		/* What it did not come to travels again. */
	}
	content_free(a.content);
	dirs_free(a.tree);
	close(a.kept);
}

void
pushkept_adopt(struct pushdir *p)
{
	int	tree = openat(p->stage, PUSHDIR_TREE,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (tree != -1) {
		adopt_all(p, tree);
		close(tree);
		pushdir_clear(p, PUSHDIR_TREE);
	}
	pushdir_clear(p, PUSHDIR_ASIDE);
}

int
pushkept_use(struct pushdir *p, const unsigned char digest[INV_DIGEST], int dir,
    const char *name, struct err *e)
{
	char	hex[INV_ID_HEX], *path;
	int	ret = 1;

	str_hex(digest, INV_DIGEST, hex);
	path = xasprintf(PUSHDIR_KEPT "/%s", hex);
	if (renameat(p->stage, path, dir, name) == -1)
		ret = errno == ENOENT ? 0 : err_errno(e, "use what was kept");
	free(path);
	return ret;
}
