/*
 * dynlib.h - shared libraries that are loaded when something of them is first
 * needed: a start of the program that does not need them does not pay for
 * them, and most are short (gomote, the helpers of the buildlet).
 *
 * The owner of a library lists the functions that it calls in one macro,
 *
 *	#define ZIPLIB_FUNCTIONS(F)	F(deflate) F(deflateEnd)
 *	struct ziplib { ZIPLIB_FUNCTIONS(DYNLIB_MEMBER) };
 *
 * and has that struct filled. Then the linker sees nothing of the library, so
 * a function that was forgotten in the list does not link.
 */
#ifndef BASE_DYNLIB_H
#define BASE_DYNLIB_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define DYNLIB_MEMBER(name)	__typeof__(name) *name;
#define DYNLIB_NAME(name)	#name,

/* Fills `to`, a struct of n pointers to functions and nothing else, in the
 * order of names. what: its name for people. The library stays loaded; loading
 * it again costs little. -1 and e (ENOENT): it is not installed, or another
 * than we were built with. */
int  dynlib_load(const char *what, const char *soname, const char *const *names,
    size_t n, void *to, struct err *e) MUST;
/* The same, where nothing can be done without it: dies. */
void dynlib_need(const char *what, const char *soname, const char *const *names,
    size_t n, void *to);

#endif
