/* bytes.c - moving bytes between buffers without hoarding memory. */
#include "http/bytes.h"

#include <event2/buffer.h>
#include <string.h>

#include "base/log.h"

#define COPY_BELOW	(16 * 1024)	/* smaller pieces are copied */

void
bytes_add(struct evbuffer *b, const void *p, size_t len)
{
	struct evbuffer_iovec	 v;

	if (len == 0)
		return;
	/* Unlike evbuffer_add, a reservation does not take the size of the
	 * last block as a hint. */
	if (evbuffer_reserve_space(b, (ev_ssize_t)len, &v, 1) != 1)
		fatalx("out of memory for %zu bytes of a buffer", len);
	memcpy(v.iov_base, p, len);
	v.iov_len = len;
	if (evbuffer_commit_space(b, &v, 1) == -1)
		fatalx("buffer does not take %zu bytes", len);
}

const char *
bytes_piece(struct evbuffer *b, size_t *len)
{
	size_t	 all = evbuffer_get_length(b);

	*len = evbuffer_get_contiguous_space(b);
	if (*len == 0 && all != 0)
		*len = all < COPY_BELOW ? all : COPY_BELOW;
	if (*len == 0)
		return NULL;
	return (const char *)evbuffer_pullup(b, (ev_ssize_t)*len);
}

size_t
bytes_move(struct evbuffer *dst, struct evbuffer *src, size_t max)
{
	const char	*p;
	size_t		 len, moved = 0;

	while (moved < max && (p = bytes_piece(src, &len)) != NULL) {
		if (len >= COPY_BELOW && len <= max - moved) {
			if (evbuffer_remove_buffer(src, dst, len) != (int)len)
				fatalx("buffer does not give %zu bytes", len);
		} else {
			if (len > max - moved)
				len = max - moved;
			bytes_add(dst, p, len);
			evbuffer_drain(src, len);
		}
		moved += len;
	}
	return moved;
}

size_t
bytes_whole(struct evbuffer *b, size_t want)
{
	struct evbuffer_iovec	 v[16];
	size_t			 len = 0;
	int			 i, n;

	n = evbuffer_peek(b, -1, NULL, v, 16);
	for (i = 0; i < n && i < 16 && len < want; i++)
		len += v[i].iov_len;
	return len;
}
