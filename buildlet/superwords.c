/* superwords.c - see superwords.h. */
#include "buildlet/superwords.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"

#ifndef MSG_CMSG_CLOEXEC	/* then fds_take alone sees to that */
#define MSG_CMSG_CLOEXEC	0
#endif

#define IN_MIN		4096
#define IN_KEEP		(64 * 1024)	/* what is kept from one job to the next */
/* Each word of ours answers one of theirs, so this is somebody who never reads. */
#define OUT_MAX		(64 * 1024)

static void
fds_close(struct superwords *w)
{
	while (w->fds_n > 0)
		close(w->fds[--w->fds_n]);
}

void
superwords_open(struct superwords *w, int fd)
{
	superwords_close(w);
	w->fd = fd;
	file_nonblock(fd, true);
}

void
superwords_close(struct superwords *w)
{
	if (w->fd != -1)
		close(w->fd);
	fds_close(w);
	free(w->in);
	str_release(&w->out);
	*w = (struct superwords)SUPERWORDS_INIT;
}

void
superwords_move(struct superwords *to, struct superwords *from)
{
	superwords_close(to);
	*to = *from;
	*from = (struct superwords)SUPERWORDS_INIT;
}

/* ---- words to us ---- */

/* Room for the word under way, and at least something. */
static void
in_reserve(struct superwords *w)
{
	struct superlink_word	head;
	size_t			need = IN_MIN;

	w->in_len -= w->in_at;
	if (w->in_len > 0)
		memmove(w->in, w->in + w->in_at, w->in_len);
	w->in_at = 0;
	if (w->in_len >= sizeof head) {
		memcpy(&head, w->in, sizeof head);	/* its len was checked */
		if (sizeof head + head.len > need)
			need = sizeof head + head.len;
	}
	if (w->in_cap < need || (w->in_len == 0 && w->in_cap > IN_KEEP)) {
		w->in = xreallocarray(w->in, need, 1);
		w->in_cap = need;
	}
}

/* The descriptors in it: those that have a place. */
static void
fds_take(struct superwords *w, struct msghdr *m)
{
	struct cmsghdr	*c;
	size_t		 i, n;
	int		 fd;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd;
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (MSG_CMSG_CLOEXEC == 0)
				file_cloexec(fd);
			if (w->fds_n < SUPERWORDS_FDS)
				w->fds[w->fds_n++] = fd;
			else
				close(fd);
		}
	}
}

bool
superwords_read(struct superwords *w)
{
	union {
		struct cmsghdr	 head;
		char		 room[CMSG_SPACE(SUPERWORDS_FDS * sizeof(int))];
	}		 control;
	struct iovec	 v;
	struct msghdr	 m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t		 n;

	if (w->in == NULL || w->in_at > 0 || w->in_len == w->in_cap)
		in_reserve(w);
	v.iov_base = w->in + w->in_len;
	v.iov_len = w->in_cap - w->in_len;
	do
		n = recvmsg(w->fd, &m, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN;
	fds_take(w, &m);
	w->in_len += (size_t)n;
	return n > 0;
}

int
superwords_next(struct superwords *w, struct superlink_word *word,
    const unsigned char **payload)
{
	size_t	have = w->in_len - w->in_at;

	if (have < sizeof *word)
		return 0;
	memcpy(word, w->in + w->in_at, sizeof *word);
	if (word->len > SUPERLINK_PAYLOAD_MAX)
		return -1;
	if (have - sizeof *word < word->len) {
		if (w->in_cap < sizeof *word + word->len)
			in_reserve(w);
		return 0;
	}
	*payload = w->in + w->in_at + sizeof *word;
	w->in_at += sizeof *word + word->len;
	return 1;
}

/* ---- words from us ---- */

void
superwords_send(struct superwords *w, enum superlink_what what, uint64_t value,
    const void *payload, size_t len)
{
	const struct superlink_word	word = { (uint32_t)what, (uint32_t)len, value };

	if (w->fd == -1)
		return;
	str_addn(&w->out, &word, sizeof word);
	if (len > 0)
		str_addn(&w->out, payload, len);
}

void
superwords_say(struct superwords *w, enum superlink_what what, uint64_t value)
{
	superwords_send(w, what, value, NULL, 0);
}

bool
superwords_unsent(const struct superwords *w)
{
	return w->out_at < w->out.len;
}

bool
superwords_flush(struct superwords *w)
{
	ssize_t	n;

	while (w->fd != -1 && superwords_unsent(w)) {
		n = write(w->fd, w->out.s + w->out_at, w->out.len - w->out_at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN && w->out.len - w->out_at <= OUT_MAX;
		w->out_at += (size_t)n;
	}
	str_clear(&w->out);
	w->out_at = 0;
	return true;
}

void
superwords_drain(struct superwords *w, int ms)
{
	struct pollfd	p = { .fd = w->fd, .events = POLLOUT };

	if (superwords_flush(w) && superwords_unsent(w) && poll(&p, 1, ms) > 0 &&
	    !superwords_flush(w))
		return;
}
