/* pipes.c - descriptors for children (pipes.h). */
#include "io/pipes.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

void
pipes_close(int *fd)
{
	int	saved = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static int
lift(int *fd)
{
	int	high;

	if (*fd > 2)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (high == -1)
		return -1;
	close(*fd);
	*fd = high;
	return 0;
}

static int
lift_pair(int fd[2])
{
	file_cloexec(fd[0]);
	file_cloexec(fd[1]);
	if (lift(&fd[0]) == 0 && lift(&fd[1]) == 0)
		return 0;
	pipes_close(&fd[0]);
	pipes_close(&fd[1]);
	return -1;
}

int
pipes_open(int fd[2])
{
	return pipe(fd) == -1 ? -1 : lift_pair(fd);
}

int
pipes_talk(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1 ? -1 : lift_pair(fd);
}

/* What the system allows everybody is bounded for all pipes of a user together,
 * so this is no more than what saves most of the switches between two processes. */
#define WIDE	(256 * 1024)

void
pipes_widen(int fd)
{
#ifdef F_SETPIPE_SZ
	(void)fcntl(fd, F_SETPIPE_SZ, WIDE);
#else
	(void)fd;
#endif
}

int
pipes_null(int flags)
{
	int	fd = open("/dev/null", flags | O_CLOEXEC);

	if (fd != -1 && lift(&fd) == -1)
		pipes_close(&fd);
	return fd;
}
