/*
 * lock.c - a record lock on STATE/lock. Record locks are not inherited, so no
 * child that outlives us keeps it.
 */
#include "coordinator/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/xmalloc.h"

#define STEP_MS	20

struct lock {
	int	fd;
};

static int
lock_wait(int fd, int64_t ms)
{
	const struct clock	clock = CLOCK_INIT;
	int64_t			until = clock_mono(&clock) + ms;
	int			ret;

	while ((ret = file_claim(fd)) == 1 && clock_mono(&clock) < until)
		(void)poll(NULL, 0, STEP_MS);
	return ret;
}

static long
holder(int fd)
{
	struct flock	l;

	memset(&l, 0, sizeof l);
	l.l_type = F_WRLCK;
	l.l_whence = SEEK_SET;
	return fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK ? (long)l.l_pid : 0;
}

struct lock *
lock_take(const char *state_dir, int64_t ms, struct err *e)
{
	char		*path = xasprintf("%s/lock", state_dir);
	struct lock	*l = NULL;
	int		 fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), got = -1;

	if (fd != -1)
		got = lock_wait(fd, ms);
	if (got == -1)
		(void)err_errno(e, "lock %s", path);
	else if (got == 1)
		(void)err_code(e, LOCK_TAKEN, "another coordinator (process %ld) uses %s",
		    holder(fd), state_dir);
	else {
		l = xcalloc(1, sizeof *l);
		l->fd = fd;
	}
	if (l == NULL && fd != -1)
		close(fd);
	free(path);
	return l;
}

void
lock_free(struct lock *l)
{
	if (l == NULL)
		return;
	close(l->fd);
	free(l);
}
