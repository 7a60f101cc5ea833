/* plan.c - compares the two sides of a push. */
#include "client/plan.h"

#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/map.h"
#include "base/xmalloc.h"
#include "http/url.h"

/* inv_entry.mark: new until a line tells otherwise. */
enum {
	STATE_NEW,
	STATE_SAME,
	STATE_CHANGED,
	STATE_IN_THE_WAY,	/* what is there has to be removed first */
};

struct extra {			/* there, but not here */
	char	*path;
	bool	 dir;
	bool	 goes;
};

struct plan {
	struct local		*local;
	const struct manifest	*pushed;
	struct plan_rules	 rules;
	struct extra		*extra;
	size_t			 nextra, cap;
	bool			 seen;		/* any line */
	size_t			 sends, left_out;
	size_t			 ours, going;	/* that pushes put there; that go of them */
	uint64_t		 bytes;
	struct strs		 first, removals;
};

struct plan *
plan_new(struct local *l, const struct manifest *m, const struct plan_rules *r)
{
	struct plan	*p = xcalloc(1, sizeof *p);
	size_t		 i;

	p->local = l;
	p->pushed = m;
	p->rules = *r;
	for (i = 0; i < l->inv.n; i++)
		l->inv.v[i].mark = STATE_NEW;
	return p;
}

void
plan_free(struct plan *p)
{
	size_t	i;

	if (p == NULL)
		return;
	for (i = 0; i < p->nextra; i++)
		free(p->extra[i].path);
	free(p->extra);
	strs_release(&p->first);
	strs_release(&p->removals);
	free(p);
}

/* --- one line -------------------------------------------------------------- */

static void
plan_add_extra(struct plan *p, const struct api_ls *r)
{
	struct extra	*x;

	if (p->nextra == p->cap) {
		p->cap = p->cap == 0 ? 64 : p->cap * 2;
		p->extra = xreallocarray(p->extra, p->cap, sizeof *p->extra);
	}
	x = &p->extra[p->nextra++];
	x->path = xstrdup(r->path);
	x->dir = r->dir;
	x->goes = false;
}

static bool
is_link(const struct api_ls *r)
{
	return r->mode[0] == 'L';
}

static bool
same_kind(const struct inv_entry *x, const struct api_ls *r)
{
	if (x->kind == INV_DIR)
		return r->dir;
	return x->kind == INV_LINK ? is_link(r) : r->regular;
}

/* Stock buildlets apply their umask, and give directories a mode of their own. */
static bool
same_mode(const struct plan *p, const struct inv_entry *x,
    const struct api_ls *r)
{
	int	there = api_ls_perm(r->mode), here = (int)x->mode;

	if (p->rules.exact)
		return there == here;
	return x->kind == INV_DIR || (there & 0100) == (here & 0100);
}

static bool
same_link(const struct plan *p, const struct inv_entry *x, const struct api_ls *r)
{
	if (!p->rules.links || r->target == NULL)
		return true;	/* it cannot be known */
	return str_eq(r->target, x->target);
}

/* 1, 0, or -1 and e. */
static int
same_content(const struct plan *p, const struct inv_entry *x,
    const struct api_ls *r, struct err *e)
{
	char	sha1[41];

	if (x->size != (uint64_t)r->size || r->sha1[0] == '\0')
		return 0;
	if (local_sha1(p->local, x->path, sha1, e) == -1)
		return -1;
	return str_eq(sha1, r->sha1);
}

static int
plan_compare(struct plan *p, struct inv_entry *x, const struct api_ls *r,
    struct err *e)
{
	int	same = 1;

	if (!same_kind(x, r)) {
		/* A link or a file is replaced by the upload itself. */
		x->mark = r->dir || x->kind == INV_DIR ? STATE_IN_THE_WAY :
		    STATE_CHANGED;
		return 0;
	}
	if (!p->rules.exact && !same_mode(p, x, r)) {
		/* An upload leaves the mode of what is there as it is. */
		x->mark = STATE_IN_THE_WAY;
		return 0;
	}
	if (x->kind == INV_LINK)
		same = same_link(p, x, r);
	else if (!same_mode(p, x, r))
		same = 0;
	else if (x->kind == INV_FILE)
		same = same_content(p, x, r, e);
	if (same != -1)
		x->mark = same ? STATE_SAME : STATE_CHANGED;
	return same == -1 ? -1 : 0;
}

/* Stock buildlets skip links. */
bool
plan_leaves_out(const struct plan *p, const struct inv_entry *x)
{
	return !p->rules.exact && x->kind == INV_LINK;
}

int
plan_line(struct plan *p, const char *line, struct err *e)
{
	struct api_ls		 r;
	struct inv_entry	*x;
	int			 ret = 0;

	if (api_ls_parse(&r, line, NULL) == 0) {
		p->seen = true;
		x = inv_find(&p->local->inv, r.path);
		/* What a link that stays here has been before is gone from here. */
		if (x != NULL && (is_link(&r) || !plan_leaves_out(p, x))) {
			ret = plan_compare(p, x, &r, e);
			p->ours += manifest_has(p->pushed, r.path);
		}
		else
			plan_add_extra(p, &r);
		api_ls_release(&r);
	}
	return ret;
}

/* --- the end --------------------------------------------------------------- */

static int
by_path(const void *a, const void *b)
{
	const struct extra	*x = a, *y = b;

	return inv_compare(x->path, y->path);
}

/* May a push remove it? */
static bool
is_ours(const struct plan *p, const struct extra *x)
{
	return manifest_has(p->pushed, x->path) &&
	    !rules_keep(p->rules.keep, x->path, x->dir);
}

/* Puts every directory above path into set. */
static void
mark_parents(struct map *set, const char *path)
{
	char	*up = xstrdup(path), *slash;

	while ((slash = strrchr(up, '/')) != NULL) {
		*slash = '\0';
		if (map_set(set, up, set) != NULL)
			break;		/* those further up are in it already */
	}
	free(up);
}

/* Is path, or a directory above it, in set? */
static bool
is_below(const struct map *set, const char *path)
{
	char	*up = xstrdup(path), *slash;
	bool	 found;

	while (!(found = map_find(set, up) != NULL) &&
	    (slash = strrchr(up, '/')) != NULL)
		*slash = '\0';
	free(up);
	return found;
}

/* The directories there that hold what no push put there. */
static struct map *
plan_kept(const struct plan *p)
{
	struct map	*kept = map_new();
	size_t		 i;

	for (i = 0; i < p->nextra; i++)
		if (!is_ours(p, &p->extra[i]))
			mark_parents(kept, p->extra[i].path);
	return kept;
}

static int
plan_end_local(struct plan *p, const struct map *kept, struct map *going,
    struct err *e)
{
	struct inv_entry	*x;
	size_t			 i;

	for (i = 0; i < p->local->inv.n; i++) {
		x = &p->local->inv.v[i];
		if (plan_leaves_out(p, x)) {
			p->left_out += x->mark != STATE_SAME;
			x->mark = STATE_SAME;
		}
		if (x->mark == STATE_SAME)
			continue;
		p->sends++;
		p->bytes += x->kind == INV_FILE ? x->size : 0;
		if (x->mark != STATE_IN_THE_WAY)
			continue;
		if (x->kind != INV_DIR && map_find(kept, x->path) != NULL)
			return err_set(e, "%s: on the instance this is a directory "
			    "with files that no push put there; remove it first "
			    "(gomote rm)", x->path);
		strs_add(&p->first, x->path);
		map_set(going, x->path, p);
	}
	return 0;
}

static void
plan_end_extra(struct plan *p, const struct map *kept, struct map *going)
{
	struct extra	*x;
	size_t		 i;

	for (i = 0; i < p->nextra; i++) {
		x = &p->extra[i];
		if (!is_ours(p, x))
			continue;
		p->ours++;
		if (x->dir && map_find(kept, x->path) != NULL)
			continue;
		x->goes = true;
		p->going++;
		if (is_below(going, x->path))
			continue;
		strs_add(&p->removals, x->path);
		if (x->dir)
			map_set(going, x->path, p);
	}
}

int
plan_end(struct plan *p, struct err *e)
{
	struct map	*kept, *going = map_new();
	int		 ret;

	if (p->nextra > 0)
		qsort(p->extra, p->nextra, sizeof *p->extra, by_path);
	kept = plan_kept(p);
	ret = plan_end_local(p, kept, going, e);
	if (ret == 0)
		plan_end_extra(p, kept, going);
	map_free(kept);
	map_free(going);
	return ret;
}

/* --- what is to be done ---------------------------------------------------- */

bool
plan_sends(const struct inv_entry *x)
{
	return x->mark != STATE_SAME;
}

size_t
plan_send_count(const struct plan *p)
{
	return p->sends;
}

uint64_t
plan_send_bytes(const struct plan *p)
{
	return p->bytes;
}

size_t
plan_ours(const struct plan *p)
{
	return p->ours;
}

size_t
plan_going(const struct plan *p)
{
	return p->going;
}

size_t
plan_left_out(const struct plan *p)
{
	return p->left_out;
}

const struct strs *
plan_first(const struct plan *p)
{
	return &p->first;
}

const struct strs *
plan_removals(const struct plan *p)
{
	return &p->removals;
}

bool
plan_remote_empty(const struct plan *p)
{
	return !p->seen;
}

static const struct extra *
plan_find_extra(const struct plan *p, const char *path)
{
	size_t	lo = 0, hi = p->nextra, mid;
	int	c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((c = inv_compare(path, p->extra[mid].path)) == 0)
			return &p->extra[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool
plan_remote_has(const struct plan *p, const char *path)
{
	return plan_find_extra(p, path) != NULL;
}

bool
plan_stays(const struct plan *p, const char *path)
{
	const struct inv_entry	*here = inv_find(&p->local->inv, path);
	const struct extra	*x;

	if (here != NULL && !plan_leaves_out(p, here))
		return true;
	x = plan_find_extra(p, path);
	return x != NULL && !x->goes;
}
