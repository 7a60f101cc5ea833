/*
 * invfile.c - an inventory as bytes: a line that names the format, a head, the
 * entries, and a sum over all before it. Changes of one have the stamp of their
 * base in the head. Numbers are little endian. Reading makes no copies: entries
 * point into the bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "api/inventory.h"
#include "base/path.h"
#include "base/xmalloc.h"

#define MAGIC		"gomote inventory 2\n"
#define MAGIC_CHANGES	"gomote invchange 2\n"
#define MAGIC_LEN	(sizeof MAGIC - 1)
#define SUM		8
#define STAMP		16		/* of changes: length and sum of the base */
/* Of the head: id and whether it is known, key and whether there is one, what it was
 * judged by, the name's length; then the name with a NUL, and the number of entries. */
#define HEAD		(1 + INV_DIGEST + 1 + INV_KEY + INV_DIGEST + 4)
/* Of an entry: kind, flags, mark, a zero, mode, lengths of path and target, number
 * of chunks, size, mtime, ctime, inode; for a file its digest; then path and target, each
 * with a NUL, and the chunks. */
#define USUAL		150		/* bytes of an entry */
#define FIXED		(1 + 1 + 1 + 1 + 2 + 2 + 2 + 4 + 8 + 8 + 8 + 8)

enum { FLAG_HASHED = 1, FLAG_SETTLED = 2, FLAG_SUMS = 4 };

/* --- numbers ------------------------------------------------------------------- */

static unsigned char *
put(unsigned char *p, uint64_t n, size_t bytes)
{
	size_t	i;

	for (i = 0; i < bytes; i++)
		p[i] = (unsigned char)(n >> (8 * i));
	return p + bytes;
}

static unsigned char *
put_bytes(unsigned char *p, const void *from, size_t len)
{
	if (len > 0)
		memcpy(p, from, len);
	return p + len;
}

/* Spelled out, they are one load each where numbers stand like that. */
static uint16_t
get16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static uint64_t
get64(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
	    (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static uint64_t
mix(uint64_t a, uint64_t w)
{
	a = (a ^ w) * 0xff51afd7ed558ccdULL;
	return a ^ a >> 32;
}

/* Against bytes that the disk lost, not against people. Four at a time, since each
 * waits for the one before. */
static uint64_t
sum_of(const unsigned char *p, size_t len)
{
	uint64_t	a[4] = { len, 1, 2, 3 }, w[4];
	size_t		i;

	for (; len >= sizeof w; p += sizeof w, len -= sizeof w) {
		memcpy(w, p, sizeof w);
		for (i = 0; i < nitems(w); i++)
			a[i] = mix(a[i], w[i]);
	}
	for (; len > 0; p++, len--)
		a[0] = mix(a[0], *p);
	return mix(mix(mix(a[0], a[1]), a[2]), a[3]);
}

/* --- writing ------------------------------------------------------------------- */

static void
entry_write(const struct inv_entry *x, struct str *out)
{
	size_t		 path = x->len, target = strlen(x->target);
	size_t		 chunks = (size_t)x->nchunks * INV_CHUNK;
	size_t		 sums = x->sums != NULL ? (size_t)x->nchunks * INV_SUM : 0;
	unsigned char	*p, *from;

	from = p = (unsigned char *)str_room(out, FIXED + INV_DIGEST + path +
	    target + 2 + chunks + sums);
	p = put(p, x->kind, 1);
	p = put(p, (unsigned)(x->hashed ? FLAG_HASHED : 0) |
	    (unsigned)(x->settled ? FLAG_SETTLED : 0) |
	    (unsigned)(x->sums != NULL ? FLAG_SUMS : 0), 1);
	p = put(p, (unsigned char)x->mark, 1);
	p = put(p, 0, 1);
	p = put(p, x->mode, 2);
	p = put(p, path, 2);
	p = put(p, target, 2);
	p = put(p, x->nchunks, 4);
	p = put(p, x->size, 8);
	p = put(p, (uint64_t)x->mtime, 8);
	p = put(p, (uint64_t)x->ctime, 8);
	p = put(p, x->ino, 8);
	if (x->kind == INV_FILE)
		p = put_bytes(p, x->digest, INV_DIGEST);
	p = put_bytes(p, x->path, path + 1);
	p = put_bytes(p, x->target, target + 1);
	p = put_bytes(p, x->chunks, chunks);
	p = put_bytes(p, x->sums, sums);
	out->len += (size_t)(p - from);
}

/* base: of changes; NULL: whole. */
static void
head_write(const struct inventory *inv, const struct inv_stamp *base,
    const char *name, struct str *out)
{
	size_t		 len = strlen(name);
	unsigned char	*p, *from;

	from = p = (unsigned char *)str_room(out, MAGIC_LEN + STAMP + HEAD + len +
	    1 + 8);
	p = put_bytes(p, base != NULL ? MAGIC_CHANGES : MAGIC, MAGIC_LEN);
	if (base != NULL) {
		p = put(p, base->len, 8);
		p = put(p, base->sum, 8);
	}
	p = put(p, inv->identified, 1);
	p = put_bytes(p, inv->id, INV_DIGEST);
	p = put(p, inv->keyed, 1);
	p = put_bytes(p, inv->key, INV_KEY);
	p = put_bytes(p, inv->judged, INV_DIGEST);
	p = put(p, len, 4);
	p = put_bytes(p, name, len + 1);
	p = put(p, inv->n, 8);
	out->len += (size_t)(p - from);
}

static void
all_write(const struct inventory *inv, const struct inv_stamp *base,
    const char *name, struct str *out)
{
	size_t	i, from = out->len;

	str_room(out, inv->n * USUAL);		/* a guess saves copies */
	head_write(inv, base, name, out);
	for (i = 0; i < inv->n; i++)
		entry_write(&inv->v[i], out);
	put((unsigned char *)str_room(out, SUM),
	    sum_of((unsigned char *)out->s + from, out->len - from), SUM);
	out->len += SUM;
}

void
inv_write(const struct inventory *inv, const char *name, struct str *out)
{
	all_write(inv, NULL, name, out);
}

void
inv_write_changes(const struct inventory *inv, const char *name, struct str *out)
{
	struct inventory	changes;

	inv_init(&changes);
	inv_changes(inv, &changes);
	all_write(&changes, &inv->base, name, out);
	inv_release(&changes);
}

/* --- reading ------------------------------------------------------------------- */

struct reader {
	const unsigned char	*p, *end;
};

/* len bytes, or NULL. */
static const unsigned char *
take(struct reader *r, size_t len)
{
	const unsigned char	*p = r->p;

	if ((size_t)(r->end - p) < len)
		return NULL;
	r->p += len;
	return p;
}

/* len bytes without a NUL, and one behind them. */
static const char *
take_text(struct reader *r, size_t len)
{
	const unsigned char	*p = take(r, len + 1);

	return p != NULL && p[len] == '\0' && (len == 0 ||
	    memchr(p, '\0', len) == NULL) ? (const char *)p : NULL;
}

/* Is the path, n bytes with a NUL behind them, one that may come after before (NULL:
 * the first)? Where both begin alike it has been looked at already. */
static bool
path_follows(const char *path, size_t n, const struct inv_entry *before)
{
	struct inv_entry	x = { .path = path, .len = (uint16_t)n };
	size_t			i = 0;

	if (n > PATH_WIRE_MAX || path[n] != '\0')
		return false;
	if (before != NULL) {
		if (inv_order(before, &x) >= 0)
			return false;
		i = inv_common(before, &x);
	}
	while (i > 0 && path[i - 1] != '/')
		i--;
	return inv_path_ok(path + i, n - i);
}

static bool
entry_read(struct reader *r, struct inv_entry *x, const struct inv_entry *before)
{
	const unsigned char	*p = take(r, FIXED), *digest;
	size_t			 target;

	if (p == NULL)
		return false;
	memset(x, 0, sizeof *x);
	x->kind = p[0];
	x->hashed = (p[1] & FLAG_HASHED) != 0;
	x->settled = (p[1] & FLAG_SETTLED) != 0;
	x->mark = (char)p[2];
	x->mode = get16(p + 4) & 0777;
	x->len = get16(p + 6);
	target = get16(p + 8);
	x->nchunks = get32(p + 10);
	x->size = get64(p + 14);
	x->mtime = (int64_t)get64(p + 22);
	x->ctime = (int64_t)get64(p + 30);
	x->ino = get64(p + 38);
	if (x->kind != INV_DIR && x->kind != INV_FILE && x->kind != INV_LINK)
		return false;
	if (x->kind == INV_FILE) {
		if ((digest = take(r, INV_DIGEST)) == NULL)
			return false;
		memcpy(x->digest, digest, INV_DIGEST);
	}
	x->path = (const char *)take(r, (size_t)x->len + 1);
	if (x->path == NULL || !path_follows(x->path, x->len, before) ||
	    (x->target = take_text(r, target)) == NULL)
		return false;
	x->chunks = take(r, (size_t)x->nchunks * INV_CHUNK);
	if ((p[1] & FLAG_SUMS) != 0)
		x->sums = take(r, (size_t)x->nchunks * INV_SUM);
	return x->chunks != NULL && (x->sums != NULL || (p[1] & FLAG_SUMS) == 0);
}

/* What begins as that says; the stamp of the base of changes goes to inv. */
static bool
magic_read(struct reader *r, struct inventory *inv, bool changes)
{
	const unsigned char	*p = take(r, MAGIC_LEN + (changes ? STAMP : 0));

	if (p == NULL || memcmp(p, changes ? MAGIC_CHANGES : MAGIC, MAGIC_LEN) != 0)
		return false;
	if (changes) {
		inv->base.len = get64(p + MAGIC_LEN);
		inv->base.sum = get64(p + MAGIC_LEN + 8);
	}
	return true;
}

static bool
head_read(struct reader *r, struct inventory *inv, const char *name,
    uint64_t *count)
{
	const unsigned char	*p = take(r, HEAD);
	const char		*text;

	if (p == NULL)
		return false;
	inv->identified = p[0] == 1;
	memcpy(inv->id, p + 1, INV_DIGEST);
	p += 1 + INV_DIGEST;
	inv->keyed = p[0] == 1;
	memcpy(inv->key, p + 1, INV_KEY);
	p += 1 + INV_KEY;
	memcpy(inv->judged, p, INV_DIGEST);
	text = take_text(r, get32(p + INV_DIGEST));
	if (text == NULL || (name != NULL && !str_eq(text, name)))
		return false;
	if ((p = take(r, 8)) == NULL)
		return false;
	*count = get64(p);
	/* No more entries than there are bytes for. */
	return *count <= INV_ENTRIES_MAX &&
	    *count <= (size_t)(r->end - r->p) / FIXED;
}

static bool
all_read(struct inventory *inv, const char *text, size_t len, const char *name,
    bool changes)
{
	struct reader	r = { (const unsigned char *)text, NULL };
	uint64_t	count, i;

	if (len < SUM || get64((const unsigned char *)text + len - SUM) !=
	    sum_of(r.p, len - SUM))
		return false;
	r.end = r.p + len - SUM;
	if (!magic_read(&r, inv, changes) || !head_read(&r, inv, name, &count))
		return false;
	inv->cap = count > 0 ? count : 1;
	inv->v = xlarge(inv->cap * sizeof *inv->v);
	for (i = 0; i < count; i++, inv->n++)
		if (!entry_read(&r, &inv->v[i], i > 0 ? &inv->v[i - 1] : NULL))
			return false;
	return r.p == r.end;
}

static int
read_or_free(struct inventory *inv, char *text, size_t len, const char *name,
    bool changes, struct err *e)
{
	if (!all_read(inv, text, len, name, changes)) {
		inv_release(inv);
		free(text);
		return err_set(e, "the inventory is damaged");
	}
	inv_adopt(inv, text);
	return 0;
}

int
inv_read(struct inventory *inv, char *text, size_t len, const char *name,
    struct err *e)
{
	struct inv_stamp	stamp = inv_stamp_of(text, len);

	if (read_or_free(inv, text, len, name, false, e) == -1)
		return -1;
	inv_base_on(inv, &stamp);
	return 0;
}

int
inv_read_changes(struct inventory *inv, char *text, size_t len, const char *name,
    struct err *e)
{
	struct inventory	changes;
	int			ret = -1;

	inv_init(&changes);
	if (read_or_free(&changes, text, len, name, true, e) == -1)
		inv_release(inv);
	else if (!inv->based || changes.base.len != inv->base.len ||
	    changes.base.sum != inv->base.sum) {
		inv_release(inv);
		err_set(e, "the changes are those of another inventory");
	} else {
		inv_change(inv, &changes);
		inv_take_over(inv, &changes);
		ret = 0;
	}
	inv_release(&changes);
	return ret;
}

struct inv_stamp
inv_stamp_of(const void *bytes, size_t len)
{
	const unsigned char	*p = bytes;
	struct inv_stamp	 stamp = { len, 0 };

	if (len >= SUM)
		stamp.sum = get64(p + len - SUM);
	return stamp;
}

bool
inv_is_changes(const void *bytes, size_t len, struct inv_stamp *base)
{
	struct reader		r = { bytes, (const unsigned char *)bytes + len };
	struct inventory	inv;

	inv_init(&inv);
	if (!magic_read(&r, &inv, true))
		return false;
	*base = inv.base;
	return true;
}
