/* invdiff.c - what is other. */
#include "client/invdiff.h"

#include <string.h>

#include "base/str.h"

bool
invdiff_same_times(const struct inv_entry *a, const struct inv_entry *b)
{
	return a->mtime == b->mtime && a->ctime == b->ctime &&
	    a->size == b->size && a->ino == b->ino;
}

bool
invdiff_as_before(const struct inv_entry *x, const struct inv_entry *old)
{
	return x->kind == old->kind && x->mode == old->mode && invdiff_same_times(x, old) &&
	    x->hashed == old->hashed && x->settled == old->settled &&
	    x->nchunks == old->nchunks && (x->nchunks == 0 ||
	    (x->chunks == old->chunks && x->sums == old->sums)) &&
	    str_eq(x->target, old->target) &&
	    memcmp(x->digest, old->digest, INV_DIGEST) == 0;
}

void
invdiff_take_base(struct inventory *now, const struct inventory *old)
{
	size_t	i;

	now->base = old->base;
	now->based = old->based;
	for (i = 0; i < old->ngone; i++)
		inv_gone(now, old->gone[i]);
}

/* Is nothing of it to be pushed where the old one was? */
static bool
same(const struct inv_entry *x, const struct inv_entry *old)
{
	if (x->kind != old->kind)
		return false;
	if (x->kind == INV_LINK)
		return str_eq(x->target, old->target);
	return x->mode == old->mode && (x->kind == INV_DIR || (x->hashed &&
	    old->hashed && memcmp(x->digest, old->digest, INV_DIGEST) == 0));
}

void
invdiff_changes(const struct inventory *now, const struct inventory *old,
    struct inventory *changed, struct inventory *former)
{
	size_t	i = 0, k = 0;
	int	r;

	while (i < now->n || k < old->n) {
		r = i == now->n ? 1 : k == old->n ? -1 :
		    inv_order(&now->v[i], &old->v[k]);
		if (r != 0 || !same(&now->v[i], &old->v[k])) {
			if (r <= 0)
				inv_share(changed, &now->v[i]);
			if (r >= 0)
				inv_share(former, &old->v[k]);
		}
		i += r <= 0;
		k += r >= 0;
	}
}
