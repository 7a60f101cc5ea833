/*
 * until.c - a pattern looked for in a stream (until.h).
 *
 * Nothing is searched before the window is full or the run is over. Of a full
 * window what could be the beginning of a match that goes on, its second half,
 * is kept, from the beginning of a line on: so each byte is searched twice at
 * most, and ^ means the same everywhere.
 */
#include "client/until.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"

struct until {
	regex_t	 re;
	char	*text;		/* window + 1 bytes */
	size_t	 window, len;
	bool	 midline;	/* text begins within a line */
	bool	 found;		/* in this run */
};

/* --- the expression ----------------------------------------------------------- */

/* Past the bracket expression at p. */
static const char *
skip_bracket(const char *p)
{
	const char	*end;
	char		 close[3] = { 0, ']', '\0' };

	p++;
	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p != '\0' && *p != ']') {
		if (*p == '[' && p[1] != '\0' && strchr(".:=", p[1]) != NULL) {
			close[0] = p[1];
			if ((end = strstr(p + 2, close)) != NULL)
				p = end + 1;
		}
		p++;
	}
	return *p == ']' ? p + 1 : p;
}

/* A backslash and c. POSIX has no meaning for it before a letter or digit; what
 * other tools know by it would silently be something else. */
static int
add_escape(struct str *out, char c, struct err *e)
{
	if (c == 'n')
		str_add(out, "\n");
	else if (c == 't')
		str_add(out, "\t");
	else if (isalnum((unsigned char)c))
		return err_set(e, "\\%c is not known to extended regular expressions%s",
		    c, c == 'd' ? "; write [0-9]" : c == 's' ? "; write [[:space:]]" :
		    c == 'w' ? "; write [[:alnum:]_]" : "");
	else {
		str_addn(out, "\\", 1);
		str_addn(out, &c, 1);
	}
	return 0;
}

static int
translate(struct str *out, const char *p, struct err *e)
{
	const char	*end;

	while (*p != '\0') {
		if (*p == '[') {
			end = skip_bracket(p);
			str_addn(out, p, (size_t)(end - p));
			p = end;
		} else if (*p == '\\' && p[1] != '\0') {
			if (add_escape(out, p[1], e) == -1)
				return -1;
			p += 2;
		} else
			str_addn(out, p++, 1);
	}
	return 0;
}

struct until *
until_new(const char *pattern, size_t window, struct err *e)
{
	struct until	*u = xcalloc(1, sizeof *u);
	struct str	 text = STR_INIT;
	char		 why[200];
	int		 code;

	if (translate(&text, pattern, e) == -1) {
		str_release(&text);
		free(u);
		return NULL;
	}
	code = regcomp(&u->re, str_text(&text), REG_EXTENDED | REG_NEWLINE | REG_NOSUB);
	str_release(&text);
	if (code != 0) {
		regerror(code, &u->re, why, sizeof why);
		err_set(e, "%s", why);
		free(u);
		return NULL;
	}
	u->window = window;
	u->text = xmalloc(window + 1);
	return u;
}

void
until_free(struct until *u)
{
	if (u == NULL)
		return;
	regfree(&u->re);
	free(u->text);
	free(u);
}

/* --- the output --------------------------------------------------------------- */

/* last: it is all that comes. An end of the text that is no end of a line, or
 * behind the newline that ends the last one, is none for $. */
static void
search(struct until *u, bool last)
{
	bool	line = u->len > 0 && u->text[u->len - 1] == '\n';
	int	flags = (u->midline ? REG_NOTBOL : 0) | (last && !line ? 0 : REG_NOTEOL);

	u->text[u->len] = '\0';
	if (regexec(&u->re, u->text, 0, NULL, flags) == 0)
		u->found = true;
}

/* Where the kept part begins: at the last line that does so in the first half. */
static size_t
kept_from(const struct until *u)
{
	size_t	at = u->len / 2;

	while (at > 0 && u->text[at - 1] != '\n')
		at--;
	return at > 0 ? at : u->len / 2;
}

static void
slide(struct until *u)
{
	size_t	from = kept_from(u);

	u->midline = u->text[from - 1] != '\n';
	u->len -= from;
	memmove(u->text, u->text + from, u->len);
}

static void
take(struct until *u, const char *p, size_t len)
{
	char	*to = u->text + u->len, *nul;

	memcpy(to, p, len);
	u->len += len;
	while ((nul = memchr(to, '\0', (size_t)(u->text + u->len - to))) != NULL) {
		*nul = ' ';
		to = nul + 1;
	}
}

void
until_add(struct until *u, const void *p, size_t len)
{
	const char	*at = p;
	size_t		 n;

	if (p == NULL) {
		search(u, false);
		u->len = 0;
		u->midline = true;
		return;
	}
	while (len > 0 && !u->found) {
		if (u->len == u->window) {
			search(u, false);
			slide(u);
			continue;
		}
		n = u->window - u->len < len ? u->window - u->len : len;
		take(u, at, n);
		at += n;
		len -= n;
	}
}

bool
until_end(struct until *u)
{
	bool	found;

	if (!u->found)
		search(u, true);
	found = u->found;
	u->found = u->midline = false;
	u->len = 0;
	return found;
}
