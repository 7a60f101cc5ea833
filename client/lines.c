/* lines.c - whole lines out of pieces (lines.h). */
#include "client/lines.h"

#include <string.h>

static void
give(struct lines *l, line_fn fn, void *arg)
{
	fn(str_text(&l->part), l->part.len, arg);
	str_clear(&l->part);
}

/* All up to nl, which ends a line. */
static void
give_to(struct lines *l, const char *p, const char *nl, line_fn fn, void *arg)
{
	if (l->part.len == 0) {
		fn(p, (size_t)(nl - p), arg);
		return;
	}
	str_addn(&l->part, p, (size_t)(nl - p));
	give(l, fn, arg);
}

void
lines_feed(struct lines *l, const char *p, size_t len, line_fn fn, void *arg)
{
	const char	*end = p + len, *nl;
	size_t		 left, room;

	while (p < end) {
		if (l->part.len == LINES_MAX && *p != '\n')
			give(l, fn, arg);
		left = (size_t)(end - p);
		room = LINES_MAX - l->part.len;
		/* The newline behind so many bytes still ends this line. */
		nl = memchr(p, '\n', left < room + 1 ? left : room + 1);
		if (nl != NULL) {
			give_to(l, p, nl, fn, arg);
			p = nl + 1;
		} else {
			str_addn(&l->part, p, left < room ? left : room);
			p += left < room ? left : room;
		}
	}
}

void
lines_end(struct lines *l, line_fn fn, void *arg)
{
	if (l->part.len > 0)
		give(l, fn, arg);
}

void
lines_release(struct lines *l)
{
	str_release(&l->part);
}
