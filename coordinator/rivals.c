/* rivals.c - two machines under one name (rivals.h). */
#include "coordinator/rivals.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"

#define MEMORY_MS	(10 * 60 * 1000)	/* longer than any back-off of a buildlet */
#define TELL_MS		(10 * 60 * 1000)

static char *
host_of(const char *peer)
{
	const char	*colon = strrchr(peer, ':');

	return colon == NULL ? xstrdup(peer) : xstrndup(peer, (size_t)(colon - peer));
}

static void
rival_release(struct rival *x)
{
	free(x->boot);
	free(x->host);
}

static bool
is_it(const struct rival *x, const char *boot, const char *host)
{
	if (x->boot != NULL || boot != NULL)
		return x->boot != NULL && boot != NULL && str_eq(x->boot, boot);
	return str_eq(x->host, host);
}

void
rivals_cut(struct rivals *r, const char *boot, const char *peer, int64_t now)
{
	if (r->n == RIVALS_MAX)
		rival_release(&r->v[--r->n]);
	memmove(r->v + 1, r->v, r->n * sizeof *r->v);
	r->n++;
	r->v[0] = (struct rival){ .boot = boot == NULL ? NULL : xstrdup(boot),
	    .host = host_of(peer), .at = now };
}

/* The one that came in between, NULL: it was not cut off before, or it took over
 * from itself. */
static const struct rival *
other(const struct rivals *r, const char *boot, const char *host, int64_t now)
{
	unsigned	i;

	if (r->n == 0 || is_it(&r->v[0], boot, host))
		return NULL;
	for (i = 1; i < r->n && now - r->v[i].at <= MEMORY_MS; i++)
		if (is_it(&r->v[i], boot, host))
			return &r->v[0];
	return NULL;
}

void
rivals_came(struct rivals *r, const char *name, const char *boot, const char *peer,
    int64_t now)
{
	char			*host = host_of(peer);
	const struct rival	*x = other(r, boot, host, now);

	if (x != NULL) {
		r->met = now;
		if (r->told == 0 || now - r->told >= TELL_MS) {
			r->told = now;
			log_warn("machine %s: two machines use this name, one from %s, "
			    "one from %s, and evict each other: each needs a name and "
			    "a key of its own", name, x->host, host);
		}
	}
	free(host);
}

const char *
rivals_text(const struct rivals *r, int64_t now)
{
	return r->met == 0 || now - r->met > MEMORY_MS ? NULL :
	    "two machines use this name and evict each other";
}

void
rivals_release(struct rivals *r)
{
	while (r->n > 0)
		rival_release(&r->v[--r->n]);
}
