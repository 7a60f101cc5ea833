/* table.c - tables that fit the terminal (table.h). */
#include "client/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/tty.h"

#define GAP		2
#define NARROW		4	/* columns are not cut below this, while others can be */

struct table {
	const char *const	*titles;
	size_t			 columns;
	struct strs		 cells;		/* safe to show */
	enum paint		*paints;	/* one a cell */
};

/* Of East Asian writing and emoji, which take two places on a terminal. */
static bool
is_wide(uint32_t cp)
{
	return (cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
	    (cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0xf900 && cp <= 0xfaff) ||
	    (cp >= 0xfe30 && cp <= 0xfe6f) || (cp >= 0xff00 && cp <= 0xff60) ||
	    (cp >= 0xffe0 && cp <= 0xffe6) || (cp >= 0x1f300 && cp <= 0x1faff) ||
	    (cp >= 0x20000 && cp <= 0x3fffd);
}

static char *
make_safe(const char *text)
{
	struct str	 s = STR_INIT;
	size_t		 left = strlen(text), n;
	uint32_t	 cp;

	for (; left > 0; text += n, left -= n) {
		n = str_utf8(text, left, &cp);
		if (n > 0 && !str_hidden(cp))
			str_addn(&s, text, n);
		else
			str_addc(&s, '?');
		n = n > 0 ? n : 1;
	}
	return str_take(&s);
}

/* Bytes of text that take at most max places, and how many they take. */
static size_t
fit(const char *text, size_t max, size_t *places)
{
	size_t		 at = 0, len = strlen(text), n, w;
	uint32_t	 cp;

	for (*places = 0; at < len; at += n, *places += w) {
		n = str_utf8(text + at, len - at, &cp);
		w = n > 0 && is_wide(cp) ? 2 : 1;
		n = n > 0 ? n : 1;
		if (*places + w > max)
			break;
	}
	return at;
}

struct table *
table_new(const char *const *titles, size_t columns)
{
	struct table	*t = xcalloc(1, sizeof *t);
	size_t		 i;

	t->titles = titles;
	t->columns = columns;
	for (i = 0; i < columns; i++)
		table_adopt(t, xstrdup(titles[i]), PAINT_PLAIN);
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	strs_release(&t->cells);
	free(t->paints);
	free(t);
}

void
table_adopt(struct table *t, char *text, enum paint p)
{
	t->paints = xreallocarray(t->paints, t->cells.n + 1, sizeof *t->paints);
	t->paints[t->cells.n] = p;
	strs_adopt(&t->cells, make_safe(text));
	free(text);
}

void
table_add(struct table *t, const char *text)
{
	table_adopt(t, xstrdup(text), PAINT_PLAIN);
}

/* --- printing ----------------------------------------------------------------- */

/* How narrow a column may become: first as its title, then a few letters. Not
 * the first one, by which things are called. */
static size_t
least(const struct table *t, size_t col, int step)
{
	if (col == 0)
		return SIZE_MAX;
	return step == 0 ? strlen(t->titles[col]) : NARROW;
}

/* The widest that may be cut; -1: none. */
static int
widest(const struct table *t, const size_t *width, size_t n, int step)
{
	int	best = -1;
	size_t	i;

	for (i = 0; i < n; i++)
		if (width[i] > least(t, i, step) &&
		    (best == -1 || width[i] > width[best]))
			best = (int)i;
	return best;
}

/* Makes the first n columns fit; false: they cannot. */
static bool
squeeze(const struct table *t, size_t *width, size_t n, size_t max)
{
	size_t	total = GAP * (n - 1), i;
	int	step = 0, w;

	for (i = 0; i < n; i++)
		total += width[i];
	while (total > max && step < 2) {
		if ((w = widest(t, width, n, step)) == -1) {
			step++;
			continue;
		}
		width[w]--;
		total--;
	}
	return total <= max;
}

/* The widths that the first columns get, and how many these are: a column that
 * would tell nothing is left out, and a name alone rather breaks than be cut. */
static size_t
arrange(const struct table *t, const size_t *want, size_t *width, size_t max)
{
	size_t	n = t->columns;

	do
		memcpy(width, want, t->columns * sizeof *width);
	while (!squeeze(t, width, n, max) && --n > 1);
	return n > 1 ? n : 1;
}

static void
print_cell(const char *text, size_t width, bool last, bool colour, enum paint p)
{
	size_t	places, len = fit(text, width, &places);
	bool	cut = text[len] != '\0';

	if (cut)
		len = fit(text, width - 1, &places);
	printf("%s%.*s%s%s", paint_on(colour, p), (int)len, text, cut ? "~" : "",
	    paint_off(colour, p));
	places += cut;
	printf("%*s", last ? 0 : (int)(width - places) + GAP, "");
}

static size_t
terminal_width(void)
{
	unsigned	rows, cols;

	return isatty(STDOUT_FILENO) && tty_size(&rows, &cols) ? cols : SIZE_MAX;
}

/* How wide each column would like to be; malloc'ed. */
static size_t *
measure(const struct table *t)
{
	size_t	*want = xcalloc(t->columns, sizeof *want), i, places;

	for (i = 0; i < t->cells.n; i++) {
		(void)fit(t->cells.v[i], SIZE_MAX, &places);
		if (places > want[i % t->columns])
			want[i % t->columns] = places;
	}
	return want;
}

void
table_print(const struct table *t)
{
	size_t	*want = measure(t), *width = xcalloc(t->columns, sizeof *width);
	size_t	 n = arrange(t, want, width, terminal_width()), i, col;
	bool	 colour = paint_wanted(STDOUT_FILENO);

	for (i = 0; i < t->cells.n; i++) {
		col = i % t->columns;
		if (col < n)
			print_cell(t->cells.v[i], width[col], col == n - 1,
			    colour, t->paints[i]);
		if (col == t->columns - 1)
			printf("\n");
	}
	free(width);
	free(want);
}
