/* sink.c - writing without waiting (sink.h). */
#include "client/sink.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux makes a new open file of that, with flags of its own. */
static int
open_again(int fd)
{
#ifdef __linux__
	char	path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
#else
	(void)fd;
	return -1;
#endif
}

void
sink_open(struct sink *s, int fd)
{
	struct stat	st;

	*s = (struct sink){ .fd = fd, .own = -1 };
	if (fd == -1 || fstat(fd, &st) == -1)
		return;
	s->socket = S_ISSOCK(st.st_mode);
	s->waits = s->socket || S_ISFIFO(st.st_mode) || isatty(fd);
	if (!s->waits || s->socket || (s->own = open_again(fd)) == -1)
		return;
	s->fd = s->own;
}

void
sink_close(struct sink *s)
{
	if (s->own != -1)
		close(s->own);
	s->own = s->fd = -1;
}

ssize_t
sink_write(const struct sink *s, const struct iovec *v, int n)
{
	struct msghdr	m = { .msg_iov = (struct iovec *)v, .msg_iovlen = (size_t)n };

	if (s->socket)
		return sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	return writev(s->fd, v, n);
}
