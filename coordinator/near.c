/*
 * near.c - "did you mean": names like one that does not exist, for errors that
 * a person can act on.
 */
#include "coordinator/near.h"

#include <string.h>

#define NEAR_EDITS	3	/* letters to change, add or drop */
#define NEAR_SHOWN	5
#define NEAR_ALL	12	/* if no more are offered, all are shown */

typedef const char *(*name_fn)(const struct catalog *, size_t i);

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t	m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance; names are cut at CATALOG_NAME_MAX. */
static size_t
distance(const char *a, const char *b)
{
	size_t	row[CATALOG_NAME_MAX + 1], na = strlen(a), nb = strlen(b);
	size_t	i, j, diagonal, above;

	na = na > CATALOG_NAME_MAX ? CATALOG_NAME_MAX : na;
	nb = nb > CATALOG_NAME_MAX ? CATALOG_NAME_MAX : nb;
	for (j = 0; j <= nb; j++)
		row[j] = j;
	for (i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[nb];
}

static bool
is_near(const char *have, const char *wanted)
{
	if (wanted[0] != '\0' && strlen(wanted) >= 3 && strstr(have, wanted) != NULL)
		return true;
	return distance(have, wanted) <= NEAR_EDITS;
}

static void
near_list(const struct catalog *c, size_t n, name_fn name, const char *wanted,
    struct str *out)
{
	size_t	i, shown = 0;

	for (i = 0; i < n && shown < NEAR_SHOWN; i++) {
		if (!is_near(name(c, i), wanted))
			continue;
		str_addf(out, "%s%s", shown++ == 0 ? "; did you mean " : " or ", name(c, i));
	}
	if (shown > 0) {
		str_addc(out, '?');
		return;
	}
	if (n == 0)
		str_add(out, "; none is offered");
	else if (n > NEAR_ALL)
		str_addf(out, "; there are %zu, see /builders", n);
	for (i = 0; i < n && n <= NEAR_ALL; i++)
		str_addf(out, "%s%s", i == 0 ? "; there is " : ", ", name(c, i));
}

static const char *
builder_name(const struct catalog *c, size_t i)
{
	return catalog_builder_at(c, i)->name;
}

static const char *
host_name(const struct catalog *c, size_t i)
{
	return catalog_host_at(c, i)->name;
}

void
near_builders(const struct catalog *c, const char *name, struct str *out)
{
	near_list(c, catalog_builders(c), builder_name, name, out);
}

void
near_hosts(const struct catalog *c, const char *name, struct str *out)
{
	near_list(c, catalog_hosts(c), host_name, name, out);
}
