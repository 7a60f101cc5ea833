/*
 * bytes.h - moving bytes between buffers without hoarding memory: what lib/http
 * uses in place of evbuffer_remove_buffer and evbuffer_add.
 *
 * A block that is relinked brings all its memory along, so a peer that sends
 * single bytes could make 256 KiB of body weigh gigabytes; and a few bytes
 * added behind a big block allocate another big one (STREAM.md). So: small
 * pieces are copied into room that fits them, big ones are relinked.
 */
#ifndef HTTP_BYTES_H
#define HTTP_BYTES_H

#include <stddef.h>

struct evbuffer;

/* Copies len bytes to the end of b; allocates no more than they need. */
void bytes_add(struct evbuffer *b, const void *p, size_t len);
/* Moves at most max bytes from the front of src to the end of dst; returns how
 * many. A byte is copied at most once. */
size_t bytes_move(struct evbuffer *dst, struct evbuffer *src, size_t max);
/* How many bytes, at least want if there are so many, end at the end of a
 * block: moving that many cuts none. */
size_t bytes_whole(struct evbuffer *b, size_t want);
/* The first contiguous piece; never empty unless b is. */
const char *bytes_piece(struct evbuffer *b, size_t *len);

#endif
