/* rules.c - patterns, element by element of a path. */
#include "client/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"

#define RULES_MAX	10000

enum verb { VERB_EXCLUDE, VERB_INCLUDE, VERB_KEEP };

struct rule {
	enum verb	 verb;
	bool		 files, dirs;	/* only those */
	bool		 anchored;	/* at the top; else any element will do */
	struct strs	 part;		/* the pattern, split at '/' */
};

struct rules {
	struct rule	*v;
	size_t		 n, cap;
	bool		 includes;	/* any rule does */
};

struct rules *
rules_new(void)
{
	return xcalloc(1, sizeof(struct rules));
}

void
rules_free(struct rules *r)
{
	size_t	i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n; i++)
		strs_release(&r->v[i].part);
	free(r->v);
	free(r);
}

/* --- reading ----------------------------------------------------------------------- */

static bool
verb_of(const char *word, size_t len, struct rule *x)
{
	static const struct {
		const char	*word;
		enum verb	 verb;
		bool		 files;
	} verbs[] = {
		{ "exclude", VERB_EXCLUDE, false },
		{ "exclude-files", VERB_EXCLUDE, true },
		{ "include", VERB_INCLUDE, false },
		{ "include-files", VERB_INCLUDE, true },
		{ "keep", VERB_KEEP, false },
		{ "keep-files", VERB_KEEP, true },
	};
	size_t	i;

	for (i = 0; i < nitems(verbs); i++)
		if (strlen(verbs[i].word) == len &&
		    memcmp(verbs[i].word, word, len) == 0) {
			x->verb = verbs[i].verb;
			x->files = verbs[i].files;
			return true;
		}
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The pattern is taken apart; false: there is nothing in it. */
static bool
pattern_split(struct rule *x, char *p)
{
	size_t	len = strlen(p);

	while (len > 0 && is_blank(p[len - 1]) && (len < 2 || p[len - 2] != '\\'))
		p[--len] = '\0';
	if (len > 0 && p[len - 1] == '/') {
		x->dirs = true;
		p[--len] = '\0';
	}
	x->anchored = strchr(p, '/') != NULL;
	strs_split(&x->part, p, '/', true);
	return x->part.n > 0;
}

static int
line_add(struct rules *r, char *line, struct err *e)
{
	struct rule	x = { .part = STRS_INIT };
	char		*p = line;
	size_t		 len;

	while (is_blank(*p))
		p++;
	if (*p == '\0' || *p == '#')
		return 0;
	len = strcspn(p, " \t\r");
	if (!verb_of(p, len, &x))
		return err_set(e, "\"%.*s\" is none of exclude, include, keep",
		    (int)(len < 40 ? len : 40), p);
	p += len;
	while (is_blank(*p))
		p++;
	if (!pattern_split(&x, p))
		return err_set(e, "a pattern is missing");
	if (r->n == RULES_MAX) {
		strs_release(&x.part);
		return err_set(e, "there are over %d rules", RULES_MAX);
	}
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 32 : r->cap * 2;
		r->v = xreallocarray(r->v, r->cap, sizeof *r->v);
	}
	r->includes |= x.verb == VERB_INCLUDE;
	r->v[r->n++] = x;
	return 0;
}

int
rules_add(struct rules *r, const char *text, const char *name, struct err *e)
{
	size_t	 len;
	int	 number = 1, ret = 0;
	char	*line;

	for (; ret == 0 && *text != '\0'; number++) {
		len = strcspn(text, "\n");
		line = xstrndup(text, len);
		if ((ret = line_add(r, line, e)) == -1)
			err_wrap(e, "%s:%d", name, number);
		free(line);
		text += len + (text[len] == '\n');
	}
	return ret;
}

/* --- matching ----------------------------------------------------------------------- */

/* The length of the set at p ("[...]"), and whether c is in it; 0: it is none. */
static size_t
set_match(const char *p, unsigned char c, bool *in)
{
	size_t		at = 1;
	bool		not = p[at] == '!' || p[at] == '^', found = false;
	unsigned char	low, high;

	at += not;
	do {
		if (p[at] == '\\' && p[at + 1] != '\0')
			at++;
		if (p[at] == '\0')
			return 0;
		low = high = (unsigned char)p[at++];
		if (p[at] == '-' && p[at + 1] != ']' && p[at + 1] != '\0') {
			high = (unsigned char)p[at + 1];
			at += 2;
		}
		found |= low <= c && c <= high;
	} while (p[at] != ']');
	*in = found != not;
	return at + 1;
}

/* One character of s; how much of p that is for it, 0: it does not match. */
static size_t
char_match(const char *p, char c)
{
	size_t	len;
	bool	in;

	if (*p == '?')
		return 1;
	if (*p == '[' && (len = set_match(p, (unsigned char)c, &in)) != 0)
		return in ? len : 0;
	if (*p == '\\' && p[1] != '\0')
		return p[1] == c ? 2 : 0;
	return *p == c ? 1 : 0;
}

/* An element of a path: len bytes of s. */
static bool
part_match(const char *p, const char *s, size_t len)
{
	const char	*star = NULL, *end = s + len, *from = s;
	size_t		 n;

	while (s < end) {
		if (*p == '*') {
			star = ++p;
			from = s;
		} else if (*p != '\0' && (n = char_match(p, *s)) > 0) {
			p += n;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++from;
		} else
			return false;
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

static bool
is_any(const char *part)
{
	return str_eq(part, "**");
}

/* Behind the element at s: the next one, or NULL. */
static const char *
next_element(const char *s)
{
	s += strcspn(s, "/");
	return *s == '/' ? s + 1 : NULL;
}

/* A whole path against a whole pattern. "**" stands for any elements, but for at
 * least one at the end. */
static bool
path_match(const struct strs *part, const char *s)
{
	size_t		 i = 0, after = 0;
	const char	*from = NULL;

	while (s != NULL) {
		if (i < part->n && is_any(part->v[i])) {
			if (i + 1 == part->n)
				return true;
			after = ++i;
			from = s;
		} else if (i < part->n &&
		    part_match(part->v[i], s, strcspn(s, "/"))) {
			i++;
			s = next_element(s);
		} else if (from != NULL) {
			i = after;
			s = from = next_element(from);
		} else
			return false;
	}
	return i == part->n;
}

static bool
rule_match(const struct rule *x, const char *path, bool dir)
{
	const char	*base;

	if (dir ? x->files : x->dirs)
		return false;
	if (x->anchored)
		return path_match(&x->part, path);
	base = path_base(path);
	return part_match(x->part.v[0], base, strlen(base));
}

enum rules_say
rules_say(const struct rules *r, const char *path, bool dir)
{
	size_t	i;

	for (i = r->n; i > 0; i--)
		if (r->v[i - 1].verb != VERB_KEEP &&
		    rule_match(&r->v[i - 1], path, dir))
			return r->v[i - 1].verb == VERB_INCLUDE ?
			    RULES_INCLUDE : RULES_EXCLUDE;
	return RULES_NOTHING;
}

/* Could the pattern match below the directory? */
static bool
rule_reach(const struct rule *x, const char *dir)
{
	const char	*s = dir;
	size_t		 i;

	if (!x->anchored)
		return true;
	for (i = 0; s != NULL; i++, s = next_element(s)) {
		if (i == x->part.n)
			return false;
		if (is_any(x->part.v[i]))
			return true;
		if (!part_match(x->part.v[i], s, strcspn(s, "/")))
			return false;
	}
	return i < x->part.n;
}

bool
rules_include(const struct rules *r)
{
	return r->includes;
}

bool
rules_reach(const struct rules *r, const char *path)
{
	size_t	i;

	if (!r->includes)
		return false;
	for (i = 0; i < r->n; i++)
		if (r->v[i].verb == VERB_INCLUDE && rule_reach(&r->v[i], path))
			return true;
	return false;
}

bool
rules_keep(const struct rules *r, const char *path, bool dir)
{
	char	*up = xstrdup(path), *slash;
	bool	 found = false;
	size_t	 i;

	for (;;) {
		for (i = 0; i < r->n && !found; i++)
			found = r->v[i].verb == VERB_KEEP &&
			    rule_match(&r->v[i], up, dir);
		if (found || (slash = strrchr(up, '/')) == NULL)
			break;
		*slash = '\0';
		dir = true;
	}
	free(up);
	return found;
}
