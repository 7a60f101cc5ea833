/*
 * invchange.c - an inventory as its base and what has changed since: entries of
 * many, mostly, of which a few changed.
 */
#include <stdlib.h>
#include <string.h>

#include "api/inventory.h"
#include "base/xmalloc.h"

#define NO_PLACE	((size_t)-1)

void
inv_base_on(struct inventory *inv, const struct inv_stamp *stamp)
{
	size_t	i;

	inv->base = *stamp;
	inv->based = true;
	inv->ngone = 0;
	for (i = 0; i < inv->n; i++)
		inv->v[i].fresh = false;
}

void
inv_gone(struct inventory *inv, const char *path)
{
	if ((inv->ngone & (inv->ngone + 1)) == 0)	/* room runs out at 0, 1, 3, 7, ... */
		inv->gone = xreallocarray(inv->gone, 2 * inv->ngone + 2,
		    sizeof *inv->gone);
	inv->gone[inv->ngone++] = path;
}

void
inv_take_head(struct inventory *to, const struct inventory *from)
{
	memcpy(to->id, from->id, INV_DIGEST);
	memcpy(to->key, from->key, INV_KEY);
	memcpy(to->judged, from->judged, INV_DIGEST);
	to->identified = from->identified;
	to->keyed = from->keyed;
}

/* --- what is other ----------------------------------------------------------- */

static int
by_path(const void *a, const void *b)
{
	return inv_compare(*(const char *const *)a, *(const char *const *)b);
}

static void
add_gone(struct inventory *changes, const char *path)
{
	const struct inv_entry	x = { .path = path, .target = "", .kind = INV_DIR,
	    .mark = INV_GONE, .len = (uint16_t)strlen(path) };

	inv_share(changes, &x);
}

/* Paths that are gone now, each once, in order; their number. */
static size_t
gone_now(const struct inventory *inv, const char **gone)
{
	size_t	i, n = 0;

	if (inv->ngone == 0)
		return 0;
	memcpy(gone, inv->gone, inv->ngone * sizeof *gone);
	qsort(gone, inv->ngone, sizeof *gone, by_path);
	for (i = 0; i < inv->ngone; i++)
		if ((n == 0 || strcmp(gone[n - 1], gone[i]) != 0) &&
		    inv_find(inv, gone[i]) == NULL)
			gone[n++] = gone[i];
	return n;
}

void
inv_changes(const struct inventory *inv, struct inventory *changes)
{
	const char	**gone = xcalloc(inv->ngone + 1, sizeof *gone);
	size_t		  n = gone_now(inv, gone), i, k = 0;

	for (i = 0; i < inv->n; i++) {
		if (!inv->v[i].fresh)
			continue;
		while (k < n && inv_compare(gone[k], inv->v[i].path) < 0)
			add_gone(changes, gone[k++]);
		inv_share(changes, &inv->v[i]);
	}
	while (k < n)
		add_gone(changes, gone[k++]);
	inv_take_head(changes, inv);
	free(gone);
}

/* --- making it other --------------------------------------------------------- */

/* What takes its place in an entry that is there stays where it is; at[i]: where the
 * ones that come or go do. How many those are. */
static size_t
replace(struct inventory *inv, const struct inventory *changes, size_t *at)
{
	const struct inv_entry	*x;
	size_t			 i, k = 0, n = 0;
	bool			 there;

	for (i = 0; i < changes->n; i++) {
		x = &changes->v[i];
		k = inv_from_here(inv, k, x);
		there = k < inv->n && inv_order(&inv->v[k], x) == 0;
		at[i] = there == (x->mark == INV_GONE) ? k : NO_PLACE;
		n += at[i] != NO_PLACE;
		if (!there)
			continue;
		if (x->mark == INV_GONE) {
			inv_gone(inv, x->path);
			continue;
		}
		inv->v[k] = *x;
		inv->v[k].fresh = true;
	}
	return n;
}

/* Those of inv from one place on, which may be none, of an array that is not there. */
static size_t
copy(struct inv_entry *to, const struct inventory *inv, size_t from, size_t until)
{
	if (until > from)
		memcpy(to, inv->v + from, (until - from) * sizeof *to);
	return until - from;
}

/* Those that come or go move all that are behind them. */
static void
move(struct inventory *inv, const struct inventory *changes, const size_t *at)
{
	struct inv_entry	*v = xlarge((inv->n + changes->n + 1) * sizeof *v);
	size_t			 i, from = 0, n = 0;

	for (i = 0; i < changes->n; i++) {
		if (at[i] == NO_PLACE)
			continue;
		n += copy(v + n, inv, from, at[i]);
		from = at[i];
		if (changes->v[i].mark == INV_GONE) {
			from++;
			continue;
		}
		v[n] = changes->v[i];
		v[n++].fresh = true;
	}
	n += copy(v + n, inv, from, inv->n);
	free(inv->v);
	inv->v = v;
	inv->cap = inv->n + changes->n + 1;
	inv->n = n;
}

void
inv_change(struct inventory *inv, const struct inventory *changes)
{
	size_t	*at = xreallocarray(NULL, changes->n + 1, sizeof *at);

	if (replace(inv, changes, at) > 0)
		move(inv, changes, at);
	inv_take_head(inv, changes);
	free(at);
}
