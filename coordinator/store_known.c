/*
 * store_known.c - users that were found by their token, kept in memory: each
 * request asks for one, and the database takes longer than all else that is to
 * be known of it. Whatever may have changed a user forgets all of them.
 */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "coordinator/store_int.h"

#define KNOWN_MAX	4096	/* then it begins anew */

void
store_known_forget(struct store *s)
{
	void	*u;
	size_t	 it = 0;

	while (map_next(s->known, &it, NULL, &u))
		free(u);
	map_free(s->known);
	s->known = map_new();
}

bool
store_known_find(const struct store *s, const char *token_hash, struct store_user *out)
{
	const struct store_user	*u = map_find(s->known, token_hash);

	if (u != NULL)
		*out = *u;
	return u != NULL;
}

void
store_known_add(struct store *s, const char *token_hash, const struct store_user *u)
{
	if (map_len(s->known) >= KNOWN_MAX)
		store_known_forget(s);
	free(map_set(s->known, token_hash, xmemdup(u, sizeof *u)));
}
