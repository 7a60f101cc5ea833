/* inventory.c - the list, its order, its id, and what may be believed of it. */
#include "api/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/path.h"
#include "base/xmalloc.h"
#include "io/digest.h"

#define BLOCK		(256 * 1024)
#define BLOCK_MORE	(2 * 1024 * 1024)	/* from the second one on */
#define BATCH		(64 * 1024)	/* of what the id is made of */
#define SECOND		1000000000LL
/* How far apart two changes must be to get different times: the kernel's tick
 * where times have fractions, else what the coarsest file systems keep. */
#define FINE		(20 * 1000000LL)
#define COARSE		(2100 * 1000000LL)
#define FINE_UNIT	(10 * 1000000LL)	/* times are finer than this */

struct inv_block {
	struct inv_block	*next;
	size_t			 used, size;
	char			*bytes;
};

/* --- order ------------------------------------------------------------------- */

/* The end of a path comes before all, then '/'. */
static int
rank(unsigned char c)
{
	return c == '\0' ? -1 : c == '/' ? 0 : c + 1;
}

int
inv_compare(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return rank((unsigned char)*a) - rank((unsigned char)*b);
}

/* Words at a time: most paths begin as the one before. */
size_t
inv_common(const struct inv_entry *a, const struct inv_entry *b)
{
	size_t		 len = a->len < b->len ? a->len : b->len, i = 0;
	uint64_t	 x, y;

	for (; i + sizeof x <= len; i += sizeof x) {
		memcpy(&x, a->path + i, sizeof x);
		memcpy(&y, b->path + i, sizeof y);
		if (x != y)
			break;
	}
	while (i < len && a->path[i] == b->path[i])
		i++;
	return i;
}

int
inv_order(const struct inv_entry *a, const struct inv_entry *b)
{
	size_t	i;

	if (a->path == b->path)
		return 0;
	i = inv_common(a, b);
	return rank((unsigned char)a->path[i]) - rank((unsigned char)b->path[i]);
}

bool
inv_path_ok(const char *path, size_t len)
{
	size_t	i, start = 0, n;

	if (len == 0 || len > PATH_WIRE_MAX)
		return false;
	for (i = 0; i <= len; i++) {
		if (i < len && path[i] != '/') {
			if (path[i] == '\0')
				return false;
			continue;
		}
		n = i - start;
		if (n == 0 || (path[start] == '.' && (n == 1 ||
		    (n == 2 && path[start + 1] == '.'))))
			return false;
		start = i + 1;
	}
	return true;
}

/* --- the list ---------------------------------------------------------------- */

void
inv_init(struct inventory *inv)
{
	memset(inv, 0, sizeof *inv);
}

void
inv_release(struct inventory *inv)
{
	struct inv_block	*b, *next;

	for (b = inv->blocks; b != NULL; b = next) {
		next = b->next;
		free(b->bytes);
		free(b);
	}
	free(inv->v);
	free(inv->gone);
	inv_init(inv);
}

static struct inv_block *
block_add(struct inventory *inv, char *bytes, size_t size)
{
	struct inv_block	*b = xcalloc(1, sizeof *b);

	b->bytes = bytes;
	b->size = size;
	b->next = inv->blocks;
	inv->blocks = b;
	return b;
}

void
inv_adopt(struct inventory *inv, char *bytes)
{
	block_add(inv, bytes, 0);
}

char *
inv_keep(struct inventory *inv, const void *p, size_t len)
{
	struct inv_block	*b = inv->blocks;
	size_t			 size = b == NULL ? BLOCK : BLOCK_MORE;
	char			*at;

	if (b == NULL || b->size - b->used < len + 1) {
		if (size < len + 1)
			size = len + 1;
		b = block_add(inv, xlarge(size), size);
	}
	at = b->bytes + b->used;
	memcpy(at, p, len);
	at[len] = '\0';
	b->used += len + 1;
	return at;
}

void
inv_take_over(struct inventory *inv, struct inventory *other)
{
	struct inv_block	**at = &inv->blocks;

	while (*at != NULL)
		at = &(*at)->next;
	*at = other->blocks;
	other->blocks = NULL;
}

void
inv_expect(struct inventory *inv, size_t n)
{
	if (inv->v == NULL && n > 0) {
		inv->v = xlarge(n * sizeof *inv->v);
		inv->cap = n;
	}
}

static struct inv_entry *
entry_new(struct inventory *inv)
{
	if (inv->n == inv->cap) {
		inv->cap = inv->cap == 0 ? 1024 : inv->cap * 2;
		inv->v = xreallocarray(inv->v, inv->cap, sizeof *inv->v);
	}
	inv->identified = false;
	return &inv->v[inv->n++];
}

struct inv_entry *
inv_add(struct inventory *inv, const char *path)
{
	struct inv_entry	*x = entry_new(inv);

	memset(x, 0, sizeof *x);
	x->len = (uint16_t)strlen(path);
	x->path = inv_keep(inv, path, x->len);
	x->target = "";
	return x;
}

struct inv_entry *
inv_share(struct inventory *inv, const struct inv_entry *from)
{
	struct inv_entry	*x = entry_new(inv);

	*x = *from;
	return x;
}

size_t
inv_from(const struct inventory *inv, const char *path)
{
	size_t	lo = 0, hi = inv->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (inv_compare(inv->v[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t
inv_from_here(const struct inventory *inv, size_t lo, const struct inv_entry *x)
{
	size_t	hi = lo, step = 1, mid;

	while (hi < inv->n && inv_order(&inv->v[hi], x) < 0) {
		lo = hi + 1;
		hi = inv->n - hi > step ? hi + step : inv->n;
		step *= 2;
	}
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (inv_order(&inv->v[mid], x) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct inv_entry *
inv_find(const struct inventory *inv, const char *path)
{
	size_t	i = inv_from(inv, path);

	return i < inv->n && strcmp(inv->v[i].path, path) == 0 ?
	    &inv->v[i] : NULL;
}

/* --- the id -------------------------------------------------------------------- */

struct inv_id {
	struct digest	*digest;
	size_t		 len;
	char		 bytes[BATCH];	/* that are still to go into it */
};

struct inv_id *
inv_id_new(void)
{
	struct inv_id	*d = xmalloc(sizeof *d);

	d->digest = digest_new(DIGEST_SHA256);
	d->len = 0;
	return d;
}

static void
id_bytes(struct inv_id *d, const void *p, size_t len)
{
	if (d->len + len > BATCH) {
		digest_add(d->digest, d->bytes, d->len);
		d->len = 0;
	}
	if (len > BATCH) {
		digest_add(d->digest, p, len);
		return;
	}
	memcpy(d->bytes + d->len, p, len);
	d->len += len;
}

bool
inv_id_add(struct inv_id *d, const struct inv_entry *x)
{
	char	head[3] = { (char)x->kind, (char)(x->mode >> 8), (char)x->mode };

	if (x->kind == INV_FILE && !x->hashed)
		return false;
	if (x->mark == INV_LEFT)
		return true;
	if (x->kind == INV_LINK)	/* its permissions mean nothing */
		head[1] = head[2] = 0;
	id_bytes(d, head, sizeof head);
	id_bytes(d, x->path, (size_t)x->len + 1);
	if (x->kind == INV_LINK)
		id_bytes(d, x->target, strlen(x->target) + 1);
	else if (x->kind == INV_FILE)
		id_bytes(d, x->digest, INV_DIGEST);
	return true;
}

void
inv_id_end(struct inv_id *d, unsigned char id[INV_DIGEST])
{
	digest_add(d->digest, d->bytes, d->len);
	digest_sha256(d->digest, id);
	digest_free(d->digest);
	free(d);
}

bool
inv_identify(struct inventory *inv)
{
	struct inv_id	*d = inv_id_new();
	unsigned char	 id[INV_DIGEST];
	size_t		 i;

	for (i = 0; i < inv->n && inv_id_add(d, &inv->v[i]); i++)
		;
	inv_id_end(d, id);
	if (i < inv->n)
		return false;
	memcpy(inv->id, id, INV_DIGEST);
	inv->identified = true;
	return true;
}

/* --- what is remembered of a file ------------------------------------------------ */

static int64_t
nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * SECOND + t->tv_nsec;
}

bool
inv_stat(struct inv_entry *x, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		x->kind = INV_DIR;
	else if (S_ISREG(st->st_mode))
		x->kind = INV_FILE;
	else if (S_ISLNK(st->st_mode))
		x->kind = INV_LINK;
	else
		return false;
	x->mode = (uint16_t)(st->st_mode & 0777);
	x->size = x->kind == INV_DIR ? 0 : (uint64_t)st->st_size;
	x->ino = st->st_ino;
#ifdef __APPLE__
	x->mtime = nanoseconds(&st->st_mtimespec);
	x->ctime = nanoseconds(&st->st_ctimespec);
#else
	x->mtime = nanoseconds(&st->st_mtim);
	x->ctime = nanoseconds(&st->st_ctim);
#endif
	return true;
}

bool
inv_trusts(const struct inv_entry *x, const struct stat *st)
{
	struct inv_entry	now;

	return x->kind == INV_FILE && x->hashed && x->settled &&
	    inv_stat(&now, st) && now.kind == INV_FILE &&
	    now.size == x->size && now.mtime == x->mtime &&
	    now.ctime == x->ctime && now.ino == x->ino;
}

bool
inv_settles(const struct inv_entry *x, int64_t when, bool fine)
{
	int64_t	last = x->mtime > x->ctime ? x->mtime : x->ctime;

	if (fine)
		return last <= when;
	return last < when - (x->ctime % FINE_UNIT != 0 ? FINE : COARSE);
}

int64_t
inv_now(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_REALTIME, &t);
	return nanoseconds(&t);
}
