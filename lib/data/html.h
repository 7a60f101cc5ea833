/*
 * html.h - building HTML pages so that nothing gets in unescaped.
 * A page is a growing string; text always goes through html_text or the %s of
 * html_addf, which escape.
 */
#ifndef DATA_HTML_H
#define DATA_HTML_H

#include "base/attr.h"
#include "base/str.h"

/* Head with title, the common style and navigation (nav: NULL-terminated pairs
 * of path and name, or NULL), and the title as heading. The style is in the
 * page, nothing is loaded from elsewhere. It knows tables (in a div of class
 * "wide" they scroll alone on a narrow screen), pre, code, and the classes
 * good, warn, bad and dim for words and "num" for cells of numbers. */
void html_begin(struct str *, const char *title, const char *const *nav);
void html_end(struct str *);
void html_raw(struct str *, const char *markup);	/* literals only */
void html_text(struct str *, const char *text);		/* escaped */
/* Markup with values: %s (escaped; NULL adds nothing), %d (int), %lld (long
 * long), %% and nothing else; the format is a literal. */
void html_addf(struct str *, const char *fmt, ...) PRINTF(2, 3);

#endif
