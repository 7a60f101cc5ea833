/* page.c - what the HTML pages have in common. */
#include "coordinator/page.h"

#include <stddef.h>

static const char *const navigation[] = { "/", "Status", "/builders", "Builder types", NULL };

void
page_begin(struct str *s, const char *title)
{
	html_begin(s, title, navigation);
}
