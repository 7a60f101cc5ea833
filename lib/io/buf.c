/* buf.c - see buf.h. */
#include "io/buf.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"

/* Behind a block of 64 KiB evbuffer_add would allocate 128 KiB for a few
 * bytes; from this length on a block of the right size is asked for. */
#define BUF_CAREFUL	(32 * 1024)
/* One read(2), and a block that 128 KiB hold together with its own header. */
#define BUF_READ	(128 * 1024 - 64)
/* What a shorter read brought is copied, or it would keep a whole block. */
#define BUF_READ_MIN	(16 * 1024)

/* Every failure of an evbuffer here is memory that ran out. */
static void
must(int r)
{
	if (r == -1)
		fatalx("buffer: out of memory");
}

struct evbuffer *
buf_new(void)
{
	struct evbuffer *b = evbuffer_new();

	if (b == NULL)
		fatalx("buffer: out of memory");
	return b;
}

void
buf_free(struct evbuffer *b)
{
	if (b != NULL)
		evbuffer_free(b);
}

size_t
buf_len(const struct evbuffer *b)
{
	return evbuffer_get_length(b);
}

static void
add_exact(struct evbuffer *b, const void *p, size_t len)
{
	struct evbuffer_iovec v;

	if (evbuffer_reserve_space(b, (ev_ssize_t)len, &v, 1) != 1)
		fatalx("buffer: out of memory");
	memcpy(v.iov_base, p, len);
	v.iov_len = len;
	must(evbuffer_commit_space(b, &v, 1));
}

void
buf_add(struct evbuffer *b, const void *p, size_t len)
{
	if (len == 0)
		return;
	if (evbuffer_get_length(b) < BUF_CAREFUL)
		must(evbuffer_add(b, p, len));
	else
		add_exact(b, p, len);
}

void
buf_add_ref(struct evbuffer *b, const void *p, size_t len,
    void (*drop)(const void *p, size_t len, void *arg), void *arg)
{
	must(evbuffer_add_reference(b, p, len, drop, arg));
}

void
buf_adds(struct evbuffer *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addf(struct evbuffer *b, const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = evbuffer_add_vprintf(b, fmt, ap);
	va_end(ap);
	must(n == -1 ? -1 : 0);
}

size_t
buf_move(struct evbuffer *dst, struct evbuffer *src, size_t max)
{
	size_t	 len = evbuffer_get_length(src);
	int	 n;

	if (len <= max) {
		must(evbuffer_add_buffer(dst, src));
		return len;
	}
	if (max > EV_SSIZE_MAX / 2 || max > INT32_MAX)
		max = INT32_MAX;
	if (max == 0)
		return 0;
	n = evbuffer_remove_buffer(src, dst, max);
	must(n);
	return (size_t)n;
}

size_t
buf_take(struct evbuffer *b, void *p, size_t max)
{
	size_t	len = evbuffer_get_length(b);

	if (len > max)
		len = max;
	if (len == 0)
		return 0;
	if (evbuffer_copyout(b, p, len) != (ev_ssize_t)len)
		fatalx("buffer: copied less than it holds");
	must(evbuffer_drain(b, len));
	return len;
}

void
buf_drain(struct evbuffer *b, size_t len)
{
	must(evbuffer_drain(b, len));
}

const void *
buf_peek(struct evbuffer *b, size_t *len)
{
	struct evbuffer_iovec v;

	*len = 0;
	if (evbuffer_get_length(b) == 0 ||
	    evbuffer_peek(b, 1, NULL, &v, 1) < 1)
		return NULL;
	*len = v.iov_len;
	return v.iov_base;
}

const void *
buf_pullup(struct evbuffer *b, size_t len)
{
	unsigned char *p;

	if (evbuffer_get_length(b) < len || len == 0)
		return NULL;
	if ((p = evbuffer_pullup(b, (ev_ssize_t)len)) == NULL)
		fatalx("buffer: out of memory");
	return p;
}

char *
buf_line(struct evbuffer *b, size_t max, int *too_long)
{
	struct evbuffer_ptr	 lf;
	size_t			 len = evbuffer_get_length(b), end, keep;
	char			*s;

	*too_long = 0;
	lf = evbuffer_search_eol(b, NULL, NULL, EVBUFFER_EOL_LF);
	if (lf.pos == -1) {
		/* The byte past max may be the CR of a line that fits. */
		*too_long = len > max + 1;
		return NULL;
	}
	end = keep = (size_t)lf.pos;
	if (end > max + 1) {
		*too_long = 1;
		return NULL;
	}
	s = xmalloc(end + 1);
	if (end > 0 && evbuffer_copyout(b, s, end) != (ev_ssize_t)end)
		fatalx("buffer: copied less than it holds");
	if (keep > 0 && s[keep - 1] == '\r')
		keep--;
	s[keep] = '\0';
	if (keep > max) {
		*too_long = 1;
		free(s);
		return NULL;
	}
	must(evbuffer_drain(b, end + 1));
	return s;
}

char *
buf_string(struct evbuffer *b, size_t *len)
{
	size_t	 n = evbuffer_get_length(b);
	char	*s = xmalloc(n + 1);

	n = buf_take(b, s, n);
	s[n] = '\0';
	if (len != NULL)
		*len = n;
	return s;
}

/* at -1: wherever it stands. */
static ssize_t
read_at(int fd, void *p, size_t len, int64_t at)
{
	return at < 0 ? read(fd, p, len) : pread(fd, p, len, (off_t)at);
}

/* evbuffer_read would take 4 KiB at a time of a file, and ask before each. */
static ssize_t
read_into(struct evbuffer *b, int fd, size_t max, int64_t at)
{
	char			 few[BUF_READ_MIN];
	struct evbuffer_iovec	 v;
	ssize_t			 n;

	if (max < sizeof few) {
		if ((n = read_at(fd, few, max, at)) > 0)
			buf_add(b, few, (size_t)n);
		return n;
	}
	if (max > BUF_READ)
		max = BUF_READ;
	if (evbuffer_reserve_space(b, (ev_ssize_t)max, &v, 1) != 1)
		fatalx("buffer: out of memory");
	n = read_at(fd, v.iov_base, max, at);
	if (n >= (ssize_t)sizeof few) {
		v.iov_len = (size_t)n;
		must(evbuffer_commit_space(b, &v, 1));
	} else if (n > 0) {
		memcpy(few, v.iov_base, (size_t)n);
		buf_add(b, few, (size_t)n);
	}
	return n;
}

ssize_t
buf_read_fd(struct evbuffer *b, int fd, size_t max)
{
	return read_into(b, fd, max, -1);
}

ssize_t
buf_pread_fd(struct evbuffer *b, int fd, int64_t at, size_t max)
{
	return read_into(b, fd, max, at);
}

ssize_t
buf_write_fd(struct evbuffer *b, int fd, size_t max)
{
	if (evbuffer_get_length(b) == 0)
		return 0;
	return evbuffer_write_atmost(b, fd,
	    max > INT32_MAX ? INT32_MAX : (ev_ssize_t)max);
}
