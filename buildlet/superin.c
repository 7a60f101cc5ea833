/* superin.c - see superin.h. */
#include "buildlet/superin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "buildlet/superlink.h"

void
superin_open(struct superin *in, int fd, bool tty)
{
	*in = (struct superin)SUPERIN_INIT;
	in->fd = fd;
	in->tty = tty;
	in->fresh = true;
	file_nonblock(fd, true);
}

void
superin_close(struct superin *in)
{
	if (in->fd != -1)
		close(in->fd);
	in->fd = -1;
	free(in->buf);
	in->buf = NULL;
	in->len = in->at = 0;
}

static bool
add(struct superin *in, const void *p, size_t len)
{
	if (len > SUPER_STDIN_WINDOW - (in->len - in->at))
		return false;
	if (in->buf == NULL)
		in->buf = xmalloc(SUPER_STDIN_WINDOW);
	in->len -= in->at;
	if (in->at > 0)
		memmove(in->buf, in->buf + in->at, in->len);
	in->at = 0;
	if (len > 0)
		memcpy(in->buf + in->len, p, len);
	in->len += len;
	return true;
}

bool
superin_add(struct superin *in, const void *p, size_t len)
{
	if (in->fd == -1 || in->eof)
		return true;
	if (!add(in, p, len))
		return false;
	in->total += len;
	return true;
}

/* A terminal's end of file is a character; where a line is under way the first
 * one ends only that. */
static void
add_end_of_tty(struct superin *in)
{
	struct termios	t;
	unsigned char	last = in->len > in->at ? in->buf[in->len - 1] : '\n';
	unsigned char	ends[2];

	if (tcgetattr(in->fd, &t) == -1 || (t.c_lflag & ICANON) == 0)
		return;
	ends[0] = ends[1] = t.c_cc[VEOF];
	if (in->len > in->at)
		in->fresh = last == '\n';
	if (!add(in, ends, in->fresh ? 1 : 2))
		return;		/* nobody reads there anyway */
}

void
superin_end(struct superin *in)
{
	if (in->fd == -1 || in->eof)
		return;
	if (in->tty)
		add_end_of_tty(in);
	in->eof = true;
}

void
superin_forget(struct superin *in)
{
	in->len = in->at = 0;
	in->total = in->got;
	in->eof = false;
}

bool
superin_waits(const struct superin *in)
{
	return in->fd != -1 && (in->len > in->at || in->eof);
}

bool
superin_write(struct superin *in)
{
	ssize_t	n;

	while (in->fd != -1 && in->len > in->at) {
		n = write(in->fd, in->buf + in->at, in->len - in->at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return true;
		if (n == -1) {
			superin_close(in);
			return false;
		}
		in->at += (size_t)n;
		in->got += (uint64_t)n;
		if (in->got > in->total)
			in->got = in->total;	/* not our own end of a tty */
		in->fresh = in->buf[in->at - 1] == '\n';
	}
	if (in->eof)
		superin_close(in);
	return true;
}

bool
superin_tell(struct superin *in)
{
	bool	tell = in->got - in->said >= SUPER_STDIN_WINDOW / 2 ||
		    (in->got > in->said && in->len == in->at);

	if (tell)
		in->said = in->got;
	return tell;
}
