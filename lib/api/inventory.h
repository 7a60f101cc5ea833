/*
 * inventory.h - what a tree holds, and how each file was when its content was
 * last read: the memory of both ends of a push (man/buildlet-api.7, PUSH).
 *
 * Entries stand in the order of inv_compare, paths are relative to the tree. A
 * file's digest is remembered together with size, times and inode. It may be
 * believed later if those are the same and the entry is settled: the file was
 * already so old when it was read that any later change shows in its times.
 *
 * An inventory owns all that its entries point to.
 */
#ifndef API_INVENTORY_H
#define API_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

#define INV_DIGEST	32			/* SHA-256, see content.h */
#define INV_ID_HEX	(2 * INV_DIGEST + 1)
#define INV_CHUNK	(4 + INV_DIGEST)	/* length, big endian, and digest */
#define INV_KEY		16
#define INV_SUM		16			/* under that key (io/digestmac.h) */
#define INV_CHUNKED	(1024 * 1024)		/* files over this many bytes know their chunks */
#define INV_ENTRIES_MAX	(4 * 1000 * 1000)

/* Marks: a directory that a push would have removed, had it been empty, which is no
 * part of the id; and, among changes, what is not there any more. */
#define INV_LEFT	'L'
#define INV_GONE	'x'

enum inv_kind { INV_DIR = 'd', INV_FILE = 'f', INV_LINK = 'l' };

struct inv_entry {
	const char		*path;
	const char		*target;	/* of a link; "" else */
	const unsigned char	*chunks;	/* nchunks times INV_CHUNK bytes */
	const unsigned char	*sums;		/* nchunks times INV_SUM bytes; NULL: not known */
	int64_t			 mtime, ctime;	/* ns since 1970 */
	uint64_t		 size, ino;	/* size: of a file */
	uint32_t		 nchunks;
	uint16_t		 mode;		/* permission bits */
	uint16_t		 len;		/* of path */
	unsigned char		 kind;
	bool			 hashed;	/* digest tells the content of a file */
	bool			 settled;
	bool			 fresh;		/* not as in the base */
	char			 mark;		/* 0, INV_LEFT, or the owner's own use of it */
	unsigned char		 digest[INV_DIGEST];
};

/* Tells apart the bytes of inventories that were written whole. */
struct inv_stamp {
	uint64_t		 len, sum;
};

struct inv_block;
struct inventory {
	struct inv_entry	*v;
	size_t			 n, cap;
	unsigned char		 id[INV_DIGEST];	/* once inv_identify was called */
	bool			 identified;
	unsigned char		 key[INV_KEY];	/* secret; of all sums */
	bool			 keyed;
	unsigned char		 judged[INV_DIGEST];	/* the owner's: by what it was taken */
	struct inv_block	*blocks;	/* what the entries point to */
	/* Those on a disk that it can be written as changes of; see below. */
	struct inv_stamp	 base;
	bool			 based;
	const char		**gone;		/* paths that may be there, in no order */
	size_t			 ngone;
};

/* The order: as of strcmp, with '/' before all other characters, so that a
 * directory stands right before what is in it. */
int  inv_compare(const char *a, const char *b);
int  inv_order(const struct inv_entry *a, const struct inv_entry *b);	/* by their paths */
/* So many bytes are equal. */
size_t inv_common(const struct inv_entry *a, const struct inv_entry *b);
/* A path that may stand in one: relative, clean, no "..", not empty, not too long. */
bool inv_path_ok(const char *path, size_t len);

void inv_init(struct inventory *);
void inv_release(struct inventory *);		/* also where all is zero */
/* About so many entries will come into it, which is empty. */
void inv_expect(struct inventory *, size_t n);
/* A new entry at the end, all zero but its path, which is copied. The caller
 * keeps the order. Pointers to entries are good until the next one. */
struct inv_entry *inv_add(struct inventory *, const char *path);
/* The entry of another inventory, too, which must live as long as this one. */
struct inv_entry *inv_share(struct inventory *, const struct inv_entry *);
/* Bytes that live as long as the inventory; with a NUL behind them. */
char *inv_keep(struct inventory *, const void *p, size_t len);
struct inv_entry *inv_find(const struct inventory *, const char *path); /* NULL */
/* The first entry that is not before path; n where there is none. */
size_t inv_from(const struct inventory *, const char *path);
/* The same for the path of an entry, looked for from lo on: quick where it is near. */
size_t inv_from_here(const struct inventory *, size_t lo, const struct inv_entry *);
/* malloc'ed bytes to which entries point already; taken. */
void inv_adopt(struct inventory *, char *bytes);
/* id, key and what it was judged by. */
void inv_take_head(struct inventory *, const struct inventory *from);
/* All that the entries of the other one point to; that one must not be used then. */
void inv_take_over(struct inventory *, struct inventory *other);
/* Fills the id: SHA-256 over kinds, paths, modes, digests and targets. False
 * where a file's digest is not known. */
bool inv_identify(struct inventory *);
/* The same of entries that come one after another. */
struct inv_id;
struct inv_id *inv_id_new(void) MUST;
bool inv_id_add(struct inv_id *, const struct inv_entry *);	/* as inv_identify */
void inv_id_end(struct inv_id *, unsigned char id[INV_DIGEST]);	/* frees it */

/* --- what is remembered of a file ------------------------------------------- */

/* Fills kind, mode, size, times and inode; false: of no kind that is pushed. */
bool inv_stat(struct inv_entry *, const struct stat *);
/* Is what e remembers of the content still good for the file that st is of? */
bool inv_trusts(const struct inv_entry *e, const struct stat *st);
/* Is a change of e after that time (ns), when it was looked at, sure to show?
 * fine: of its file system (finetime.h). */
bool inv_settles(const struct inv_entry *e, int64_t when, bool fine);
int64_t inv_now(void);				/* the time for inv_settles */

/* --- as bytes ----------------------------------------------------------------- */

/* Everything, but name, which is kept with it, is up to the caller. */
void inv_write(const struct inventory *, const char *name, struct str *out);
/* text is taken (free). -1 and e where it is damaged, of another version, or not of
 * that name (NULL: any). inv must be fresh and stays so then; else those bytes are
 * its base. */
int  inv_read(struct inventory *inv, char *text, size_t len, const char *name,
    struct err *e) MUST;
/* Of what inv_write gave. */
struct inv_stamp inv_stamp_of(const void *bytes, size_t len);
void inv_base_on(struct inventory *, const struct inv_stamp *);	/* nothing is fresh */

/* --- as changes of what is on the disk already: what is fresh, and what is gone --- */

/* Notes that path, which lives as long as the inventory, is not there any more. */
void inv_gone(struct inventory *, const char *path);
/* All that, in order; empty before, and shares. */
void inv_changes(const struct inventory *, struct inventory *changes);
/* Entries of changes take the place of those of their paths, or of none; those
 * marked INV_GONE only remove. All that comes is fresh. Shares with changes, which
 * must live as long. */
void inv_change(struct inventory *, const struct inventory *changes);
/* Of one that is based. */
void inv_write_changes(const struct inventory *, const char *name, struct str *out);
bool inv_is_changes(const void *bytes, size_t len, struct inv_stamp *base);
/* Makes inv, which was read and is as its base, what those bytes tell. text is
 * taken. -1 and e as in inv_read, or they are of another base; then it is empty. */
int  inv_read_changes(struct inventory *inv, char *text, size_t len, const char *name,
    struct err *e) MUST;

#endif
