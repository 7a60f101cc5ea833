/* out.c - blocking writes. */
#include "client/out.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "io/buf.h"

/* Somebody with whom we share it made it non-blocking. */
int
out_wait(int fd)
{
	struct pollfd	p = { .fd = fd, .events = POLLOUT };

	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return -1;
	return poll(&p, 1, -1) == -1 && errno != EINTR ? -1 : 0;
}

int
out_write(int fd, const void *p, size_t len)
{
	const char	*at = p;
	ssize_t		 n;

	while (len > 0) {
		if ((n = write(fd, at, len)) == -1) {
			if (out_wait(fd) == -1)
				return -1;
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
out_buf(int fd, struct evbuffer *b, const char *name, struct err *e)
{
	while (buf_len(b) > 0)
		if (buf_write_fd(b, fd, buf_len(b)) == -1 && out_wait(fd) == -1)
			return err_errno(e, "write %s", name);
	return 0;
}

int
out_flush(struct err *e)
{
	if (fflush(stdout) == EOF || ferror(stdout))
		return err_errno(e, "write stdout");
	return 0;
}
