/*
 * catalog.c - the snapshot itself: two arrays, sorted by name while they are
 * built, searched by halving.
 */
#include "coordinator/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/xmalloc.h"

struct catalog {
	unsigned		  refs;
	void			**hosts;	/* struct host_type * */
	size_t			  nhosts;
	void			**builders;	/* struct builder_type * */
	size_t			  nbuilders;
	struct map		 *limits;	/* user -> int64_t * */
	int64_t			  limit;	/* of all others; -1 none */
};

struct catalog *
catalog_new(void)
{
	struct catalog	*c = xcalloc(1, sizeof *c);

	c->refs = 1;
	c->limits = map_new();
	c->limit = -1;
	return c;
}

static void
host_free(struct host_type *h)
{
	free(h->name);
	free(h->pool);
	free(h->owner);
	free(h->notes);
	strs_release(&h->env);
	free(h);
}

static void
builder_free(struct builder_type *b)
{
	free(b->name);
	free(b->host_type);
	free(b->bootstrap);
	free(b->setup);
	strs_release(&b->env);
	free(b);
}

struct catalog *
catalog_ref(struct catalog *c)
{
	c->refs++;
	return c;
}

void
catalog_unref(struct catalog *c)
{
	size_t	 i, it = 0;
	void	*limit;

	if (c == NULL || --c->refs > 0)
		return;
	for (i = 0; i < c->nhosts; i++)
		host_free(c->hosts[i]);
	free(c->hosts);
	for (i = 0; i < c->nbuilders; i++)
		builder_free(c->builders[i]);
	free(c->builders);
	while (map_next(c->limits, &it, NULL, &limit))
		free(limit);
	map_free(c->limits);
	free(c);
}

/* Both kinds begin with their name, which is all that searching looks at. */
static const char *
name_of(const void *entry)
{
	return *(char *const *)entry;
}

/* Where name is, or would be. */
static size_t
place_of(void *const *v, size_t n, const char *name, bool *found)
{
	size_t	lo = 0, hi = n, mid;
	int	d;

	*found = false;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		d = strcmp(name, name_of(v[mid]));
		if (d == 0) {
			*found = true;
			return mid;
		}
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void **
insert_at(void **v, size_t *n, size_t at, void *entry)
{
	v = xreallocarray(v, *n + 1, sizeof *v);
	memmove(v + at + 1, v + at, (*n - at) * sizeof *v);
	v[at] = entry;
	(*n)++;
	return v;
}

static int
env_copy(struct strs *to, const struct strs *from, const char *what,
    const char *name, struct err *e)
{
	size_t	i;

	for (i = 0; i < from->n; i++) {
		if (from->v[i][0] == '=' || strchr(from->v[i], '=') == NULL)
			return err_set(e, "%s %s: environment \"%s\": not NAME=VALUE",
			    what, name, from->v[i]);
		strs_add(to, from->v[i]);
	}
	return 0;
}

static char *
copy_or(const char *s, const char *fallback)
{
	return xstrdup(s == NULL ? fallback : s);
}

static int
host_check(const struct host_type *h, const char *pool, struct err *e)
{
	if (!str_eq(pool, "reverse") && !str_eq(pool, "local"))
		return err_set(e, "host type %s: pool \"%s\": there are \"reverse\" "
		    "and \"local\"", h->name, pool);
	if (str_eq(pool, "reverse") && h->limit != 0)
		return err_set(e, "host type %s: limit: the reverse pool starts no "
		    "machines, so there is nothing to limit", h->name);
	if (str_eq(pool, "local") && h->limit == 0)
		return err_set(e, "host type %s: limit: the local pool needs one", h->name);
	return 0;
}

int
catalog_add_host(struct catalog *c, const struct host_type *h, struct err *e)
{
	const char		*pool = h->pool == NULL ? "reverse" : h->pool;
	struct host_type	*n;
	bool			 found;
	size_t			 at;

	if (h->name == NULL || !str_name_ok(h->name, CATALOG_NAME_MAX))
		return err_set(e, "host type \"%s\": a name has 1 to %d of A-Z a-z 0-9 . _ -",
		    h->name == NULL ? "" : h->name, CATALOG_NAME_MAX);
	at = place_of(c->hosts, c->nhosts, h->name, &found);
	if (found)
		return err_set(e, "host type %s: is there twice", h->name);
	if (host_check(h, pool, e) == -1)
		return -1;
	n = xcalloc(1, sizeof *n);
	n->name = xstrdup(h->name);
	n->pool = xstrdup(pool);
	n->limit = h->limit;
	n->expect = h->expect;
	n->owner = copy_or(h->owner, "");
	n->notes = copy_or(h->notes, "");
	if (env_copy(&n->env, &h->env, "host type", h->name, e) == -1) {
		host_free(n);
		return -1;
	}
	c->hosts = insert_at(c->hosts, &c->nhosts, at, n);
	return 0;
}

static int
builder_check(const struct builder_type *b, struct err *e)
{
	if (b->host_type == NULL || b->host_type[0] == '\0')
		return err_set(e, "builder type %s: host type: missing", b->name);
	if (b->idle_ms < 0)
		return err_set(e, "builder type %s: idle time: negative", b->name);
	if (b->lifetime_ms < 0)
		return err_set(e, "builder type %s: lifetime: negative", b->name);
	return 0;
}

int
catalog_add_builder(struct catalog *c, const struct builder_type *b, struct err *e)
{
	struct builder_type	*n;
	bool			 found;
	size_t			 at;

	if (b->name == NULL || !str_name_ok(b->name, CATALOG_NAME_MAX))
		return err_set(e, "builder type \"%s\": a name has 1 to %d of A-Z a-z 0-9 . _ -",
		    b->name == NULL ? "" : b->name, CATALOG_NAME_MAX);
	at = place_of(c->builders, c->nbuilders, b->name, &found);
	if (found)
		return err_set(e, "builder type %s: is there twice", b->name);
	if (builder_check(b, e) == -1)
		return -1;
	n = xcalloc(1, sizeof *n);
	n->name = xstrdup(b->name);
	n->host_type = xstrdup(b->host_type);
	n->bootstrap = b->bootstrap == NULL || b->bootstrap[0] == '\0' ? NULL :
	    xstrdup(b->bootstrap);
	n->setup = copy_or(b->setup, "make.bash");
	n->idle_ms = b->idle_ms == 0 ? CATALOG_IDLE_MS : b->idle_ms;
	n->lifetime_ms = b->lifetime_ms;
	if (env_copy(&n->env, &b->env, "builder type", b->name, e) == -1) {
		builder_free(n);
		return -1;
	}
	c->builders = insert_at(c->builders, &c->nbuilders, at, n);
	return 0;
}

int
catalog_add_limit(struct catalog *c, const char *name, int64_t max, struct err *e)
{
	int64_t	*v;

	if (max < 0)
		return err_set(e, "limit of instances: negative");
	if (name == NULL) {
		c->limit = max;
		return 0;
	}
	if (!str_name_ok(name, CATALOG_NAME_MAX))
		return err_set(e, "limit of user \"%s\": not a user name", name);
	if (map_find(c->limits, name) != NULL)
		return err_set(e, "limit of user %s: is there twice", name);
	v = xmalloc(sizeof *v);
	*v = max;
	map_set(c->limits, name, v);
	return 0;
}

int
catalog_check(const struct catalog *c, struct err *e)
{
	const struct builder_type	*b;
	size_t				 i;

	for (i = 0; i < c->nbuilders; i++) {
		b = c->builders[i];
		if (catalog_host(c, b->host_type) == NULL)
			return err_set(e, "builder type %s: host type %s: there is none "
			    "of that name", b->name, b->host_type);
	}
	return 0;
}

const struct host_type *
catalog_host(const struct catalog *c, const char *name)
{
	bool	found;
	size_t	at = place_of(c->hosts, c->nhosts, name, &found);

	return found ? c->hosts[at] : NULL;
}

const struct builder_type *
catalog_builder(const struct catalog *c, const char *name)
{
	bool	found;
	size_t	at = place_of(c->builders, c->nbuilders, name, &found);

	return found ? c->builders[at] : NULL;
}

size_t
catalog_hosts(const struct catalog *c)
{
	return c->nhosts;
}

const struct host_type *
catalog_host_at(const struct catalog *c, size_t i)
{
	return c->hosts[i];
}

size_t
catalog_builders(const struct catalog *c)
{
	return c->nbuilders;
}

const struct builder_type *
catalog_builder_at(const struct catalog *c, size_t i)
{
	return c->builders[i];
}

int64_t
catalog_limit(const struct catalog *c, const char *user)
{
	const int64_t	*v = map_find(c->limits, user);

	return v == NULL ? c->limit : *v;
}
