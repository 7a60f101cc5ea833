/* agent_wire.c - see agent_wire.h. */
#include "client/agent_wire.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* With room for one descriptor, and aligned as a cmsghdr must be. */
union control {
	struct cmsghdr	head;
	char		room[CMSG_SPACE(sizeof(int))];
};

bool
agent_wire_is_ours(int fd)
{
#ifdef SO_PEERCRED
	struct ucred	peer;
	socklen_t	len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    peer.uid == geteuid();
#else
	uid_t	uid;
	gid_t	gid;

	return getpeereid(fd, &uid, &gid) == 0 && uid == geteuid();
#endif
}

int
agent_wire_connect(const char *path, struct err *e)
{
	struct sockaddr_un	un;
	int			fd;

	memset(&un, 0, sizeof un);
	un.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof un.sun_path)
		return err_code(e, ENAMETOOLONG, "%s: too long for a socket", path);
	memcpy(un.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_errno(e, "%s: socket", path);
	if (connect(fd, (struct sockaddr *)&un, sizeof un) == -1)
		err_errno(e, "%s", path);
	else if (!agent_wire_is_ours(fd))
		err_code(e, EPERM, "%s: served by another user", path);
	else
		return fd;
	close(fd);
	return -1;
}

int
agent_wire_send(int fd, const char *text, int pass)
{
	union control	control;
	struct iovec	v = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr	m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (pass != -1) {
		memset(&control, 0, sizeof control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof pass);
		memcpy(CMSG_DATA(&control.head), &pass, sizeof pass);
		m.msg_control = &control;
		m.msg_controllen = sizeof control.room;
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* The descriptor that came with m, or -1. */
static int
passed_with(struct msghdr *m)
{
	struct cmsghdr	*c = CMSG_FIRSTHDR(m);
	int		 fd;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fd))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	file_cloexec(fd);
	return fd;
}

ssize_t
agent_wire_recv(int fd, char buf[AGENT_WIRE_MAX], int *passed)
{
	union control	control;
	struct iovec	v = { buf, AGENT_WIRE_MAX - 1 };
	struct msghdr	m = { .msg_iov = &v, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof control.room };
	ssize_t		n = recvmsg(fd, &m, 0);

	*passed = -1;
	if (n <= 0)
		return n;
	*passed = passed_with(&m);
	buf[n] = '\0';
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    strlen(buf) == (size_t)n)
		return n;
	if (*passed != -1)
		close(*passed);
	*passed = -1;
	return 0;
}

ssize_t
agent_wire_wait(int fd, int ms, char buf[AGENT_WIRE_MAX], int *passed)
{
	struct pollfd	p = { .fd = fd, .events = POLLIN };
	int		r = poll(&p, 1, ms);

	*passed = -1;
	if (r == 1)
		return agent_wire_recv(fd, buf, passed);
	if (r == 0)
		errno = ETIMEDOUT;
	return -1;
}
