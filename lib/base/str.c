/* str.c - the growing string, the list of strings, and comparing. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"

/* Room for more bytes and the NUL. */
static void
str_grow(struct str *s, size_t more)
{
	size_t	 need, cap = s->cap != 0 ? s->cap : 32;

	if (more > SIZE_MAX / 4 - s->len)
		fatalx("string of %zu bytes grows by %zu: too long", s->len,
		    more);
	need = s->len + more + 1;
	if (need <= s->cap)
		return;
	while (cap < need)
		cap *= 2;
	s->s = xreallocarray(s->s, cap, 1);
	s->cap = cap;
}

void
str_init(struct str *s)
{
	*s = (struct str)STR_INIT;
}

void
str_release(struct str *s)
{
	free(s->s);
	str_init(s);
}

void
str_clear(struct str *s)
{
	s->len = 0;
	if (s->s != NULL)
		s->s[0] = '\0';
}

void
str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void
str_addn(struct str *s, const void *p, size_t len)
{
	str_grow(s, len);
	if (len != 0)
		memcpy(s->s + s->len, p, len);
	s->len += len;
	s->s[s->len] = '\0';
}

char *
str_room(struct str *s, size_t len)
{
	str_grow(s, len);
	return s->s + s->len;
}

void
str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

void
str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list	 again;
	int	 len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		fatal("format \"%s\"", fmt);
	str_grow(s, (size_t)len);
	vsnprintf(s->s + s->len, (size_t)len + 1, fmt, ap);
	s->len += (size_t)len;
}

char *
str_take(struct str *s)
{
	char	*text = s->s != NULL ? s->s : xstrdup("");

	str_init(s);
	return text;
}

const char *
str_text(const struct str *s)
{
	return s->s != NULL ? s->s : "";
}

void
strs_add(struct strs *l, const char *s)
{
	strs_adopt(l, xstrdup(s));
}

void
strs_adopt(struct strs *l, char *s)
{
	if (l->n + 2 > l->cap) {
		l->cap = l->cap != 0 ? l->cap * 2 : 8;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void
strs_addf(struct strs *l, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	strs_adopt(l, xvasprintf(fmt, ap));
	va_end(ap);
}

void
strs_release(struct strs *l)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strs)STRS_INIT;
}

bool
strs_has(const struct strs *l, const char *s)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

void
strs_split(struct strs *l, const char *s, char sep, bool drop_empty)
{
	const char	*end;

	for (;; s = end + 1) {
		end = strchr(s, sep);
		if (end == NULL)
			end = s + strlen(s);
		if (end != s || !drop_empty)
			strs_adopt(l, xstrndup(s, (size_t)(end - s)));
		if (*end == '\0')
			return;
	}
}

bool
str_eq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

/* Not strcasecmp: the locale must not matter. */
bool
str_ieq(const char *a, const char *b)
{
	unsigned char	 x, y;

	if (a == NULL || b == NULL)
		return a == b;
	do {
		x = (unsigned char)*a++;
		y = (unsigned char)*b++;
		if (x >= 'A' && x <= 'Z')
			x += 'a' - 'A';
		if (y >= 'A' && y <= 'Z')
			y += 'a' - 'A';
		if (x != y)
			return false;
	} while (x != '\0');
	return true;
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t	 len = strlen(s), tail = strlen(suffix);

	return len >= tail && memcmp(s + len - tail, suffix, tail) == 0;
}

bool
str_name_ok(const char *s, size_t max)
{
	size_t	 len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return s[len] == '\0' && len >= 1 && len <= max && s[0] != '.' &&
	    s[0] != '-';
}
