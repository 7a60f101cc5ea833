/* finetime.c - tries it with a file and a directory of its own. */
#include "api/finetime.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "api/inventory.h"
#include "base/tree.h"

#define CHANGES 5	/* that many do not each meet a new tick by chance */

static bool
each_has_its_own(int fd)
{
	struct inv_entry	x;
	struct stat		st;
	int64_t			before = 0;
	int			i;

	for (i = 0; i < CHANGES; i++) {
		if (pwrite(fd, "x", 1, 0) != 1 || fstat(fd, &st) == -1 ||
		    !inv_stat(&x, &st) || x.ctime == before)
			return false;
		before = x.ctime;
	}
	return true;
}

bool
finetime(int dir)
{
	char	name[TREE_TEMP_MAX];
	bool	fine;
	int	fd;

	tree_temp_name(name);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	fine = each_has_its_own(fd);
	unlinkat(dir, name, 0);
	close(fd);
	return fine;
}

static bool
time_of(int dir, const char *name, int64_t *mtime)
{
	struct inv_entry	x;
	struct stat		st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !inv_stat(&x, &st))
		return false;
	*mtime = x.mtime;
	return true;
}

bool
finetime_names(int dir)
{
	const struct timespec	old[2] = { { 1, 0 }, { 1, 0 } };
	char			name[TREE_TEMP_MAX];
	int64_t			before, after;
	bool			tells;
	int			fd, in;

	tree_temp_name(name);
	if (mkdirat(dir, name, 0700) == -1)
		return false;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tells = fd != -1 && futimens(fd, old) == 0 && time_of(dir, name, &before);
	in = tells ? openat(fd, "x", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	tells = in != -1 && time_of(dir, name, &after) && before != after;
	if (in != -1) {
		close(in);
		unlinkat(fd, "x", 0);
	}
	if (fd != -1)
		close(fd);
	unlinkat(dir, name, AT_REMOVEDIR);
	return tells;
}
