/* delta.c - three lists in one order: here, the record, and what differs. */
#include "client/delta.h"

#include <stdlib.h>
#include <string.h>

#include "api/content.h"
#include "api/pushwire.h"
#include "base/map.h"
#include "base/xmalloc.h"

static struct delta_one *
add(struct delta *d, char letter, const struct inv_entry *here,
    const struct inv_entry *there)
{
	struct delta_one	*x;

	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 64 : d->cap * 2;
		d->v = xreallocarray(d->v, d->cap, sizeof *d->v);
	}
	x = &d->v[d->n++];
	*x = (struct delta_one){ .here = here, .there = there, .letter = letter };
	return x;
}

void
delta_release(struct delta *d)
{
	free(d->v);
	memset(d, 0, sizeof *d);
}

/* --- one path ------------------------------------------------------------------------- */

static bool
same_content(const struct inv_entry *a, const struct inv_entry *b)
{
	return a->kind == INV_FILE && b->kind == INV_FILE && a->hashed &&
	    b->hashed && memcmp(a->digest, b->digest, INV_DIGEST) == 0;
}

static char
letter_of(const struct inv_entry *here)
{
	return here->kind == INV_DIR ? PUSH_DIR :
	    here->kind == INV_LINK ? PUSH_LINK : PUSH_FILE;
}

/* What makes `there` (the record, and now what is really there) equal to here;
 * '\0': it is. */
static char
letter_for(const struct inv_entry *here, const struct inv_entry *record,
    const struct inv_entry *now)
{
	if (record == NULL || here->kind != record->kind ||
	    here->kind != now->kind || now->mark != 0)
		return letter_of(here);
	if (here->kind == INV_FILE) {
		if (!same_content(here, now) || !same_content(here, record))
			return PUSH_FILE;
		return now == record && here->mode == now->mode ? '\0' : PUSH_MODE;
	}
	if (now != record)
		return letter_of(here);
	if (here->kind == INV_DIR)
		return here->mode == now->mode ? '\0' : PUSH_DIR;
	return str_eq(here->target, now->target) ? '\0' : PUSH_LINK;
}

static bool
is_equal(const struct inv_entry *here, const struct inv_entry *now)
{
	if (now == NULL || now->mark != 0 || now->kind != here->kind)
		return false;
	if (here->kind == INV_LINK)
		return str_eq(here->target, now->target);
	return here->mode == now->mode &&
	    (here->kind == INV_DIR || same_content(here, now));
}

static void
put_one(struct delta *d, const struct inv_entry *here,
    const struct inv_entry *record, const struct inv_entry *now)
{
	char			 letter = letter_for(here, record, now);
	struct delta_one	*x;

	if (letter == '\0')
		return;
	x = add(d, letter, here, now != NULL && now->mark == 0 ? now : NULL);
	x->replaces = x->there != NULL && now->kind != here->kind &&
	    (now->kind == INV_DIR || here->kind == INV_DIR);
	x->quiet = is_equal(here, now);
	x->touched = now != record;
}

static void
drop_one(struct delta *d, const struct inv_entry *record,
    const struct inv_entry *now, const struct rules *keep)
{
	bool	ours = now == record || (now->mark == 0 && record != NULL &&
		    now->kind == record->kind) || now->mark == REMOTE_EMPTIED;

	if (ours && !rules_keep(keep, now->path, now->kind == INV_DIR))
		add(d, PUSH_GONE, NULL, now);
	else
		add(d, PUSH_DISOWN, NULL, now);
}

/* --- all of them ------------------------------------------------------------------------ */

static const char *
path_at(const struct inventory *inv, size_t i)
{
	return i < inv->n ? inv->v[i].path : NULL;
}

static const char *
first_of(const char *a, const char *b)
{
	return a == NULL ? b : b == NULL ? a : inv_compare(a, b) <= 0 ? a : b;
}

/* The entry at *i if it is that of path; then on to the next. */
static const struct inv_entry *
take(const struct inventory *inv, size_t *i, const char *path)
{
	return *i < inv->n && str_eq(inv->v[*i].path, path) ?
	    &inv->v[(*i)++] : NULL;
}

void
delta_init(struct delta *d, const struct inventory *here,
    const struct remote *r, const struct rules *keep)
{
	const struct inv_entry	*x, *record, *now;
	const char		*path;
	size_t			 i = 0, k = 0, m = 0;

	memset(d, 0, sizeof *d);
	while ((path = first_of(path_at(here, i), first_of(path_at(&r->record, k),
	    path_at(&r->differs, m)))) != NULL) {
		x = take(here, &i, path);
		record = take(&r->record, &k, path);
		now = take(&r->differs, &m, path);
		if (now == NULL)
			now = record;
		if (x != NULL)
			put_one(d, x, record, now);
		else
			drop_one(d, record, now, keep);
	}
}

static const char *
path_of(const struct delta_one *x)
{
	return x->here != NULL ? x->here->path : x->there->path;
}

void
delta_add_once(struct delta *d, const struct inv_entry *entry, const char *text)
{
	struct delta_one	x = { .here = entry, .letter = PUSH_ONCE };
	size_t			i = 0;

	while (i < d->n && inv_compare(path_of(&d->v[i]), entry->path) < 0)
		i++;
	if (i < d->n && str_eq(path_of(&d->v[i]), entry->path))
		return;
	add(d, PUSH_ONCE, entry, NULL);
	memmove(&d->v[i + 1], &d->v[i], (d->n - 1 - i) * sizeof *d->v);
	d->v[i] = x;
	d->once = text;
}

/* --- files that are not read yet ------------------------------------------------------------- */

bool
delta_is_blind(const struct inventory *here, const struct remote *r)
{
	const struct inv_entry	*x;
	size_t			 i;

	if (r->nkept == 0 && !r->recorded)
		return false;
	for (i = 0; i < here->n; i++) {
		if (here->v[i].kind != INV_FILE || here->v[i].hashed)
			continue;
		if (r->nkept > 0)
			return true;
		x = inv_find(&r->record, here->v[i].path);
		/* A large one is compared while it is sent. */
		if (x != NULL && x->size == here->v[i].size && x->nchunks == 0 &&
		    inv_find(&r->differs, x->path) == NULL)
			return true;
	}
	return false;
}

/* --- directories that go ---------------------------------------------------------------------- */

void
delta_dirs(const struct delta *d, struct strs *paths)
{
	const struct delta_one	*x;
	size_t			 i;

	for (i = 0; i < d->n; i++) {
		x = &d->v[i];
		if (x->there != NULL && x->there->kind == INV_DIR &&
		    x->there->mark == 0 && (x->letter == PUSH_GONE || x->replaces))
			strs_add(paths, x->there->path);
	}
}

static void
mark_above(struct map *set, const char *path, void *value)
{
	char	*up = xstrdup(path), *slash;

	map_set(set, up, value);
	while ((slash = strrchr(up, '/')) != NULL) {
		*slash = '\0';
		if (map_set(set, up, value) != NULL)
			break;
	}
	free(up);
}

const char *
delta_guests(struct delta *d, const struct strs *paths)
{
	struct map		*full = map_new();
	const char		*stuck = NULL;
	struct delta_one	*x;
	size_t			 i;

	for (i = 0; i < paths->n; i++)
		mark_above(full, paths->v[i], d);
	/* What is kept keeps its directory. */
	for (i = 0; i < d->n; i++)
		if (d->v[i].letter == PUSH_DISOWN && d->v[i].there->mark == 0)
			mark_above(full, d->v[i].there->path, d);
	for (i = 0; i < d->n; i++) {
		x = &d->v[i];
		if (x->there == NULL || x->there->kind != INV_DIR ||
		    map_find(full, x->there->path) == NULL)
			continue;
		if (x->letter == PUSH_GONE)
			x->stays = true;
		else if (x->replaces && stuck == NULL)
			stuck = x->there->path;
	}
	map_free(full);
	return stuck;
}

/* --- counting ------------------------------------------------------------------------------------ */

static bool
is_below(const char *path, const char *dir)
{
	size_t	len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

void
delta_count(struct delta *d)
{
	const char		*going = NULL;	/* the last directory that goes whole */
	struct delta_one	*x;
	size_t			 i;

	d->sends = d->removals = d->gone = 0;
	d->bytes = 0;
	for (i = 0; i < d->n; i++) {
		x = &d->v[i];
		if (x->letter == PUSH_DISOWN)
			continue;
		if (x->letter != PUSH_GONE) {
			d->sends += !x->quiet;
			d->removals += x->replaces;
			if (x->replaces && x->there->kind == INV_DIR)
				going = x->there->path;
			if (x->letter == PUSH_FILE && !x->quiet)
				d->bytes += x->here->size;
			continue;
		}
		x->implied = going != NULL && is_below(x->there->path, going);
		if (x->stays)
			continue;
		d->gone++;
		d->removals += !x->implied;
		if (!x->implied && x->there->kind == INV_DIR)
			going = x->there->path;
	}
}

/* --- the upload ------------------------------------------------------------------------------------ */

/* Files that are gone here, by digest: what has moved need not travel. */
static struct map *
moved_from(const struct delta *d)
{
	struct map	*from = NULL;
	char		 hex[INV_ID_HEX];
	size_t		 i;

	for (i = 0; i < d->n; i++) {
		if (d->v[i].letter != PUSH_GONE || d->v[i].there->mark != 0 ||
		    d->v[i].there->kind != INV_FILE || !d->v[i].there->hashed)
			continue;
		if (from == NULL)
			from = map_new();
		str_hex(d->v[i].there->digest, INV_DIGEST, hex);
		map_set(from, hex, (void *)(uintptr_t)d->v[i].there);
	}
	return from;
}

/* Without its content, if that, or some of it, can be had there. */
static char
found_there(struct delta_one *x, const struct remote *r, const struct map *from,
    struct map *used, struct push_item *i)
{
	const struct inv_entry	*old = x->there;
	char			 hex[INV_ID_HEX];

	if (x->here->hashed) {
		str_hex(x->here->digest, INV_DIGEST, hex);
		memcpy(i->digest, x->here->digest, INV_DIGEST);
		if (remote_keeps(r, x->here->digest) &&
		    map_set(used, hex, x) == NULL)
			return PUSH_USE;
		if (old == NULL || !same_content(x->here, old))
			old = from != NULL ? map_find(from, hex) : NULL;
		if (old != NULL) {
			i->other = old->path;
			return PUSH_SAME;
		}
	}
	/* Only of what is as the record says the chunks are known. */
	old = x->touched ? NULL : x->there;
	if (old == NULL || old->nchunks == 0 || x->here->size <= INV_CHUNKED)
		return PUSH_FILE;
	i->other = old->path;
	memcpy(i->base, old->digest, INV_DIGEST);
	return PUSH_PATCH;
}

static void
text_add(struct str *items, const char *text)
{
	struct content	*c = content_new();

	content_begin(c, strlen(text));
	content_add(c, text, strlen(text));
	content_end(c);
	str_add(items, text);
	str_addn(items, content_digest(c), INV_DIGEST);
	content_free(c);
}

static void
item_add(const struct delta *d, struct delta_one *x, const struct remote *r,
    const struct map *from, struct map *used, struct str *items)
{
	static const unsigned char	none[INV_DIGEST];
	struct push_item		i = { .letter = x->letter,
		.path = path_of(x) };

	if (x->here != NULL) {
		i.other = x->here->target;
		i.mode = x->here->mode;
		i.mtime = x->here->mtime;
		i.size = x->here->size;
	}
	if (x->letter == PUSH_FILE)
		i.letter = found_there(x, r, from, used, &i);
	push_write(items, &i);
	if (i.letter == PUSH_FILE || i.letter == PUSH_PATCH)
		str_addn(items, x->here->hashed ? x->here->digest : none,
		    INV_DIGEST);
	else if (i.letter == PUSH_ONCE)
		text_add(items, d->once);
}

void
delta_items(const struct delta *d, const struct remote *r, bool sealed,
    struct str *items)
{
	struct push_item	 head = { .letter = PUSH_HEAD, .num = PUSH_VERSION };
	struct map		*from = moved_from(d), *used = map_new();
	size_t			 i;

	head.flags = (r->recorded ? PUSH_F_RECORD : 0) | (sealed ? PUSH_F_SEALED : 0);
	memcpy(head.digest, r->id, INV_DIGEST);
	push_write(items, &head);
	for (i = 0; i < d->n; i++)
		item_add(d, &d->v[i], r, from, used, items);
	map_free(from);
	map_free(used);
}
