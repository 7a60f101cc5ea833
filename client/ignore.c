/* ignore.c - who has the say about a path: rules, git, then its directory. */
#include "client/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/digest.h"

struct ignore {
	const struct rules	*rules;
	struct map		*told;		/* by git; NULL: nothing */
	struct str		 words;		/* the same, as it came, with NULs between */
};

struct ignore *
ignore_new(const struct rules *rules)
{
	struct ignore	*g = xcalloc(1, sizeof *g);

	g->rules = rules;
	return g;
}

void
ignore_free(struct ignore *g)
{
	if (g == NULL)
		return;
	if (g->told != NULL)
		map_free(g->told);
	str_release(&g->words);
	free(g);
}

/* git tells of a directory all of whose content is ignored, though it is not
 * itself, and then of that content, too. */
static void
drop_above(struct ignore *g, char *path)
{
	char	*slash;

	while ((slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		map_del(g->told, path);
	}
}

void
ignore_add(struct ignore *g, const char *path, size_t len)
{
	char	*key;

	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len == 0)
		return;
	if (g->told == NULL)
		g->told = map_new();
	key = xstrndup(path, len);
	str_addn(&g->words, key, strlen(key) + 1);
	map_set(g->told, key, g);	/* any value but NULL */
	drop_above(g, key);
	free(key);
}

void
ignore_told(const struct ignore *g, unsigned char sum[IGNORE_SUM])
{
	struct digest	*d = digest_new(DIGEST_SHA256);

	digest_add(d, str_text(&g->words), g->words.len);
	digest_sha256(d, sum);
	digest_free(d);
}

bool
ignore_match(const struct ignore *g, const char *path, bool dir, bool out)
{
	if (str_eq(path_base(path), ".git"))
		return true;
	switch (rules_say(g->rules, path, dir)) {
	case RULES_INCLUDE:
		return false;
	case RULES_EXCLUDE:
		return true;
	default:
		return out || (g->told != NULL && map_find(g->told, path) != NULL);
	}
}

bool
ignore_reach(const struct ignore *g, const char *path)
{
	return !str_eq(path_base(path), ".git") && rules_reach(g->rules, path);
}
