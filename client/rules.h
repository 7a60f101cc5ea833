/*
 * rules.h - what of a tree is pushed and what is left alone on the instance, as
 * rules say (gomote.1, PUSH RULES): one a line,
 *
 *	exclude PATTERN		is not pushed
 *	include PATTERN		is, although something before said otherwise
 *	keep PATTERN		is not removed on the instance
 *
 * where exclude-files, include-files and keep-files mean no directories, and
 * the last rule that matches counts. Patterns are those of gitignore(5). What
 * matches a directory goes for all in it.
 */
#ifndef CLIENT_RULES_H
#define CLIENT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct rules;

enum rules_say { RULES_NOTHING, RULES_INCLUDE, RULES_EXCLUDE };

struct rules *rules_new(void) MUST;
void rules_free(struct rules *);		/* NULL is fine */
/* Adds those of text behind those that are there. -1 and e: "NAME:3: why". */
int  rules_add(struct rules *, const char *text, const char *name, struct err *e) MUST;
/* Paths are relative to the tree, clean. */
enum rules_say rules_say(const struct rules *, const char *path, bool dir);
bool rules_include(const struct rules *);	/* does any rule? */
/* Could a rule include something below the directory path? */
bool rules_reach(const struct rules *, const char *path);
/* Is path, or a directory above it, kept? */
bool rules_keep(const struct rules *, const char *path, bool dir);

/* What stands before all others, as text: always; for a Go tree; and for one
 * that $GOROOT names. */
extern const char rules_always[], rules_go[], rules_goroot[];

#endif
