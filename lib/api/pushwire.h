/*
 * pushwire.h - the messages of a push as bytes (man/buildlet-api.7, PUSH): what
 * GET /push answers and what PUT /push takes. A message is a list of items:
 * a letter, then the fields that it has. Some are followed by content.
 */
#ifndef API_PUSHWIRE_H
#define API_PUSHWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/inventory.h"
#include "base/err.h"
#include "base/str.h"

#define PUSH_VERSION	1

enum push_letter {
	PUSH_HEAD = 'V',	/* version, flags, id; first of either message */
	PUSH_END = '.',		/* id; last of either message */
	/* Of an answer. */
	PUSH_KEPT = 'k',	/* digest: content that a broken push left there */
	PUSH_ALL = '*',		/* the record, whose id the head has, follows */
	PUSH_DIFFS = '=',	/* how things are that are not as in the record follows */
	PUSH_ENTRY = 'F',	/* path, mode, size, digest, chunks: a file */
	PUSH_EMPTIED = 'e',	/* path: a directory that stayed, and could go now */
	PUSH_HERE = 'h',	/* path: something that was asked for exists */
	/* Of either. */
	PUSH_DIR = 'd',		/* path, mode */
	PUSH_LINK = 'l',	/* path, target */
	PUSH_GONE = 'x',	/* path: is not there; is to be removed */
	/* Of an upload. */
	PUSH_FILE = 'f',	/* path, mode, time, size; content; digest */
	PUSH_USE = 's',		/* path, mode, time, size, digest: kept content */
	PUSH_SAME = 'C',	/* path, mode, time, size, digest, path of a file that
				 * has that content there */
	PUSH_PATCH = 'p',	/* path, mode, time, base's path and digest;
				 * operations; digest */
	PUSH_MODE = 'm',	/* path, mode */
	PUSH_DISOWN = 'o',	/* path: stays, but is the instance's from now on */
	PUSH_ONCE = 'n',	/* as PUSH_FILE: unless something is there, and then
				 * the instance's */
	/* Operations of PUSH_PATCH. */
	PUSH_OP_COPY = 'c',	/* offset, length: whole chunks of the base */
	PUSH_OP_DATA = 'd',	/* length; content: one chunk */
	PUSH_OP_END = '.',
};

enum push_flag {
	PUSH_F_BUSY = 1,	/* another push is under way */
	PUSH_F_RECORD = 2,	/* an answer: there is a record, of the head's id; an
				 * upload: it is made for that one */
	PUSH_F_SEALED = 4,	/* an upload: it ends in a seal (seal.h), so the digests
				 * of PUSH_FILE need no check; over INV_CHUNKED chunks
				 * stand behind them (push_write_chunks) */
};

struct push_item {
	char			 letter;
	const char		*path;		/* fits an inventory */
	const char		*other;		/* target; path of the base */
	uint64_t		 num, flags;
	uint64_t		 size;
	int64_t			 mtime;		/* ns */
	uint16_t		 mode;
	uint32_t		 nchunks;
	const unsigned char	*chunks;
	unsigned char		 digest[INV_DIGEST];	/* also an id */
	unsigned char		 base[INV_DIGEST];
};

/* --- writing ------------------------------------------------------------------- */

void push_write(struct str *, const struct push_item *);
/* The item of an answer for what x tells. */
void push_write_entry(struct str *, const struct inv_entry *x);
void push_write_path(struct str *, enum push_letter, const char *path);
void push_write_chunks(struct str *, const struct inv_entry *x);
void push_write_op(struct str *, enum push_letter, uint64_t offset, uint64_t len);

/* --- reading -------------------------------------------------------------------- */

/* The next bytes, any number, borrowed until the next call; 0 at the end. */
typedef ssize_t (*push_source)(void *arg, const void **p, struct err *e);

struct push_reader;
struct push_reader *push_reader_new(push_source, void *arg) MUST;
void push_reader_free(struct push_reader *);	/* NULL is fine */
/* One item; what it points to is good until the next call. -1 and e: EINVAL and
 * what is wrong with it, or what the source said. */
int  push_read(struct push_reader *, struct push_item *, struct err *e) MUST;
/* Of what follows an item: at most max bytes, at least one. */
ssize_t push_read_bytes(struct push_reader *, uint64_t max, const void **p,
    struct err *e) MUST;
int  push_read_digest(struct push_reader *, unsigned char digest[INV_DIGEST],
    struct err *e) MUST;
/* *p: n times INV_CHUNK bytes, good until the next call of push_read. */
int  push_read_chunks(struct push_reader *, const unsigned char **p, uint32_t *n,
    struct err *e) MUST;
int  push_read_op(struct push_reader *, char *letter, uint64_t *offset,
    uint64_t *len, struct err *e) MUST;
bool push_at_end(struct push_reader *, struct err *e);	/* nothing follows */

#endif
