/*
 * content.h - the digest of a content, and reading it once for all that is to
 * be known of it.
 *
 * The digest of at most INV_CHUNKED bytes is their SHA-256. That of more is the
 * SHA-256 of the list of its chunks (data/chunk.h), each as it stands in an
 * inventory: its length and its SHA-256. So a content that was made of chunks
 * whose digests are known need not be read once more.
 */
#ifndef API_CONTENT_H
#define API_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/inventory.h"
#include "base/err.h"

struct content;

/* Takes what is read, as it comes; of large contents a chunk at a time. at: where
 * the base has the same chunk; -1: nowhere. -1 and e to stop. */
typedef int (*content_sink)(void *arg, const void *p, size_t len, int64_t at,
    struct err *e);

struct content *content_new(void) MUST;
/* From here on chunks get sums under that key; before, they do not. */
void content_set_key(struct content *, const unsigned char key[INV_KEY]);
void content_free(struct content *);		/* NULL is fine */
/* Reads fd from where it stands: size bytes (fewer are an error), or to its end
 * where size is -1. base, if it has chunks, is a former state: what is unchanged
 * by its sums is not hashed again. Both may be NULL. -1 and e: "read: why". */
int  content_read(struct content *, int fd, int64_t size,
    const struct inv_entry *base, content_sink sink, void *arg, struct err *e) MUST;
/* The same for who has the bytes: begin, add, end. */
void content_begin(struct content *, uint64_t size);
void content_add(struct content *, const void *p, size_t len);
void content_end(struct content *);
/* The same for who has chunks: begin with more than INV_CHUNKED, these, end. */
void content_add_chunk(struct content *, const unsigned char chunk[INV_CHUNK]);

/* Of what was read last. */
const unsigned char *content_digest(const struct content *);
/* Puts size, digest, chunks and sums into x, an entry of inv. */
void content_tell(const struct content *, struct inventory *inv, struct inv_entry *x);

uint32_t content_chunk_length(const unsigned char chunk[INV_CHUNK]);
void content_chunk(struct content *, const void *p, size_t len,
    unsigned char chunk[INV_CHUNK]);

/* Opens path below dir for reading, if it is a regular file: never a link,
 * never waiting for a fifo. -1 and errno; ENOENT also where it is another kind. */
int  content_open(int dir, const char *path, struct stat *st) MUST;

#endif
