/*
 * buf.h - the byte buffer, and the only door to libevent's evbuffer for code
 * above lib/ (event2 headers stay in lib/io, lib/http and revdial).
 *
 * A buffer is a chain of blocks; moving bytes between two buffers relinks
 * whole blocks and copies only where it must cut one.
 */
#ifndef IO_BUF_H
#define IO_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct evbuffer;

struct evbuffer *buf_new(void) MUST;		/* dies when out of memory */
void   buf_free(struct evbuffer *);		/* NULL is fine */
size_t buf_len(const struct evbuffer *);
void   buf_add(struct evbuffer *, const void *p, size_t len);
void   buf_adds(struct evbuffer *, const char *s);
void   buf_addf(struct evbuffer *, const char *fmt, ...) PRINTF(2, 3);
/* Adds bytes that stay where they are, and as they are, until drop is called. */
void   buf_add_ref(struct evbuffer *, const void *p, size_t len,
    void (*drop)(const void *p, size_t len, void *arg), void *arg);
/* Moves at most max bytes from the front of src to the end of dst; returns how many. */
size_t buf_move(struct evbuffer *dst, struct evbuffer *src, size_t max);
/* Copies at most max bytes from the front and drops them; returns how many. */
size_t buf_take(struct evbuffer *, void *p, size_t max);
void   buf_drain(struct evbuffer *, size_t len);
/* The first contiguous piece, NULL if empty; valid until the buffer changes. */
const void *buf_peek(struct evbuffer *, size_t *len);
/* The first len bytes made contiguous; NULL if there are fewer. */
const void *buf_pullup(struct evbuffer *, size_t len);
/* A line without its LF or CRLF, malloc'ed, or NULL while there is none whole.
 * A line longer than max: *too_long = 1 and NULL. */
char  *buf_line(struct evbuffer *, size_t max, int *too_long) MUST;
/* All of it as one malloc'ed NUL-terminated string; the buffer becomes empty. */
char  *buf_string(struct evbuffer *, size_t *len) MUST;
/* One read(2) or writev(2) between a descriptor and the buffer, at most max
 * bytes (and perhaps fewer than there are); as those calls return: -1 and
 * errno, 0 at the end of file. */
ssize_t buf_read_fd(struct evbuffer *, int fd, size_t max);
/* The same from that place of a file (pread). */
ssize_t buf_pread_fd(struct evbuffer *, int fd, int64_t at, size_t max);
ssize_t buf_write_fd(struct evbuffer *, int fd, size_t max);

#endif
