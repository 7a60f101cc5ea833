/*
 * html.h - building HTML pages so that nothing gets in unescaped.
 * A page is a growing string; text always goes through html_text or the %s of
 * html_addf, which escape.
 */
#ifndef DATA_HTML_H
#define DATA_HTML_H

#include "base/str.h"

/* Head with title, the common style and navigation (nav: NULL-terminated pairs
 * of path and name, or NULL). */
void html_begin(struct str *, const char *title, const char *const *nav);
void html_end(struct str *);
void html_raw(struct str *, const char *markup);	/* literals only */
void html_text(struct str *, const char *text);		/* escaped */
/* Markup with values: %s (escaped), %d (int), %lld (long long), %% and nothing
 * else; the format is a literal. */
void html_addf(struct str *, const char *fmt, ...);

#endif
