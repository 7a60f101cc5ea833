/* pipes.c - descriptors for children (pipes.h). */
#include "io/pipes.h"

#include <sys/ioctl.h>
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

size_t
pipes_filled(int fd)
{
	int	n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

ssize_t
pipes_move(int pipe, int file, size_t len)
{
#ifdef SPLICE_F_NONBLOCK
	return splice(pipe, NULL, file, NULL, len, SPLICE_F_NONBLOCK);
#else
	(void)pipe;
	(void)file;
	(void)len;
	errno = EINVAL;
	return -1;
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
