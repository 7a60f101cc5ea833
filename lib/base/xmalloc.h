/*
 * xmalloc.h - allocation that cannot fail: it ends the program instead.
 *
 * For small things of our own choosing. Never pass a length that a peer
 * chose: cap it first (STYLE 18). Code that must survive a failed allocation
 * (the revdial mux) uses malloc and tells its caller.
 * All results are freed with free().
 */
#ifndef BASE_XMALLOC_H
#define BASE_XMALLOC_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

void *xmalloc(size_t size) MUST;
/* For what is large and will be written from end to end: in large pages, where the
 * system has them, since with small ones the faults cost more than the work. */
void *xlarge(size_t size) MUST;
void *xcalloc(size_t n, size_t size) MUST;
void *xreallocarray(void *p, size_t n, size_t size) MUST;
void *xmemdup(const void *p, size_t len) MUST;
char *xstrdup(const char *s) MUST;
char *xstrndup(const char *s, size_t max) MUST; /* always ends in NUL */
char *xasprintf(const char *fmt, ...) MUST PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap) MUST PRINTF(1, 0);

#endif
