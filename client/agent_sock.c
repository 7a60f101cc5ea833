/* agent_sock.c - see agent_sock.h. */
#include "client/agent_sock.h"

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/xmalloc.h"
#include "client/agent_wire.h"

#define BACKLOG	128

/* Two that start at once must not remove each other's socket: the one that
 * comes second leaves. The descriptor, whose end is the end of the lock. */
static int
lock_dir(const char *path, struct err *e)
{
	char	*dir = path_dir(path);
	int	 fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		err_errno(e, "%s", dir);
	else if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		err_code(e, EADDRINUSE, "%s: another agent is starting", dir);
		close(fd);
		fd = -1;
	}
	free(dir);
	return fd;
}

/* Nobody serves there any more, or somebody who has no business in our
 * directory. A busy agent of ours answers otherwise. */
static int
remove_dead(const char *path, struct err *e)
{
	struct err	why = ERR_INIT;
	int		fd = agent_wire_connect(path, &why);

	if (fd != -1)
		close(fd);
	else if (why.code == ENOENT)
		return 0;
	if (fd != -1 || (why.code != ECONNREFUSED && why.code != EPERM))
		return err_code(e, EADDRINUSE, "%s: another agent serves there",
		    path);
	if (unlink(path) == -1 && errno != ENOENT)
		return err_errno(e, "remove %s", path);
	return 0;
}

static int
bind_and_listen(struct agent_sock *s, struct err *e)
{
	struct sockaddr_un	un;
	struct stat		st;
	mode_t			old;
	int			r;

	memset(&un, 0, sizeof un);
	un.sun_family = AF_UNIX;
	if (strlen(s->path) >= sizeof un.sun_path)
		return err_code(e, ENAMETOOLONG, "%s: too long for a socket",
		    s->path);
	memcpy(un.sun_path, s->path, strlen(s->path) + 1);
	old = umask(077);
	r = bind(s->fd, (struct sockaddr *)&un, sizeof un);
	umask(old);
	if (r == -1 || listen(s->fd, BACKLOG) == -1 || lstat(s->path, &st) == -1)
		return err_errno(e, "listen on %s", s->path);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

int
agent_sock_open(struct agent_sock *s, const char *path, struct err *e)
{
	int	lock = lock_dir(path, e), r = -1;

	if (lock == -1)
		return -1;
	memset(s, 0, sizeof *s);
	s->path = xstrdup(path);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1)
		err_errno(e, "listen on %s", path);
	else if (remove_dead(path, e) == 0)
		r = bind_and_listen(s, e);
	close(lock);
	if (r == -1)
		agent_sock_close(s);
	return r;
}

/* Between its bind and its listen a new one looks dead, too: hence the lock. */
void
agent_sock_tidy(const char *path)
{
	struct err	why = ERR_INIT;
	int		lock = lock_dir(path, &why);

	if (lock == -1)
		return;
	if (remove_dead(path, &why) == -1) {
		/* It is served, or cannot be removed: then it stays. */
	}
	close(lock);
}

int
agent_sock_accept(const struct agent_sock *s)
{
	int	fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1 || agent_wire_is_ours(fd))
		return fd;
	close(fd);
	return -1;
}

bool
agent_sock_is_there(const struct agent_sock *s)
{
	struct stat	st;

	return s->path != NULL && lstat(s->path, &st) == 0 &&
	    st.st_dev == s->dev && st.st_ino == s->ino;
}

void
agent_sock_close(struct agent_sock *s)
{
	if (s->ino != 0 && agent_sock_is_there(s))
		(void)unlink(s->path);
	if (s->fd != -1)
		close(s->fd);
	free(s->path);
	memset(s, 0, sizeof *s);
	s->fd = -1;
}
