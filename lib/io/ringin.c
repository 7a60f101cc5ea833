/* ringin.c - the reader's end of a ring, in a helper: no loop, it blocks. */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "io/ring.h"

#define COUNTS	64			/* read at once */
#define OWED	(RING_SIZE / 4)		/* told at the latest when so much is free */

struct ring {
	int			 talk;
	const unsigned char	*memory;
	size_t			 at;
	size_t			 ready;		/* bytes from at on */
	size_t			 owed;		/* taken, and not yet told */
};

/* The memory's descriptor; -1 and errno. */
static int
memory_receive(int talk)
{
	union {
		struct cmsghdr	 head;
		char		 room[CMSG_SPACE(sizeof(int))];
	}		 control;
	char		 byte;
	struct iovec	 v = { &byte, sizeof byte };
	struct msghdr	 m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t		 n;
	int		 fd;

	do
		n = recvmsg(talk, &m, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	if (n != sizeof byte || m.msg_controllen < sizeof control.head ||
	    control.head.cmsg_type != SCM_RIGHTS ||
	    control.head.cmsg_len != CMSG_LEN(sizeof(int))) {
		errno = EPROTO;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(&control.head), sizeof fd);
	return fd;
}

struct ring *
ring_join(int talk, struct err *e)
{
	struct ring	*r;
	void		*memory;
	int		 fd = memory_receive(talk);

	if (fd == -1) {
		err_errno(e, "receive the shared memory");
		return NULL;
	}
	memory = mmap(NULL, RING_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		err_errno(e, "map the shared memory");
	close(fd);
	if (memory == MAP_FAILED)
		return NULL;
	r = xcalloc(1, sizeof *r);
	r->talk = talk;
	r->memory = memory;
	return r;
}

static void
pay(struct ring *r)
{
	uint32_t	n = (uint32_t)r->owed;

	/* If nobody listens any more, the next read says so. */
	if (n > 0 && file_write_all(r->talk, &n, sizeof n) == 0)
		r->owed = 0;
}

/* Waits for news: 1, 0 at the end, -1. */
static int
listen_to(struct ring *r)
{
	uint32_t	count[COUNTS];
	ssize_t		got;
	size_t		i;

	do
		got = read(r->talk, count, sizeof count);
	while (got == -1 && errno == EINTR);
	if (got <= 0)
		return (int)got;
	for (i = 0; i < (size_t)got / sizeof *count; i++)
		r->ready += count[i];
	return 1;
}

ssize_t
ring_next(struct ring *r, const void **p)
{
	size_t	len;
	int	n;

	if (r->ready == 0) {
		pay(r);
		if ((n = listen_to(r)) <= 0)
			return n;
	}
	len = RING_SIZE - r->at;
	*p = r->memory + r->at;
	return (ssize_t)(len < r->ready ? len : r->ready);
}

void
ring_took(struct ring *r, size_t len)
{
	r->at = (r->at + len) % RING_SIZE;
	r->ready -= len;
	r->owed += len;
	if (r->owed >= OWED)
		pay(r);
}

void
ring_leave(struct ring *r)
{
	if (r == NULL)
		return;
	pay(r);
	munmap((void *)(uintptr_t)r->memory, RING_SIZE);
	free(r);
}
