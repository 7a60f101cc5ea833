/* page.h - what the HTML pages have in common. */
#ifndef COORDINATOR_PAGE_H
#define COORDINATOR_PAGE_H

#include "data/html.h"

/* The head, with the navigation over all pages. */
void page_begin(struct str *, const char *title);

#endif
