/* finetime.c - changes a file a few times as fast as it can. */
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
