/*
 * table.h - a table on stdout for people: a line of headings, columns as wide as
 * their cells, two blanks between them.
 *
 * On a terminal lines are no wider than it: columns are cut, the widest first,
 * and "~" stands where something was; where that is not enough the last ones are
 * left out. The first one is a name, and stays as it is. What a terminal would
 * obey, or nobody would see, is shown as '?'.
 */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <stddef.h>

#include "base/attr.h"
#include "client/paint.h"

struct table;

/* titles is borrowed; ASCII. */
struct table *table_new(const char *const *titles, size_t columns) MUST;
void table_free(struct table *);
/* The next cell, row by row; the text is copied, or taken. */
void table_add(struct table *, const char *text);
void table_adopt(struct table *, char *text, enum paint);
void table_print(const struct table *);

#endif
