/*
 * lib_child.h - a function that runs in a child process, for what ends a
 * program or writes on its stderr.
 */
#ifndef UNIT_LIB_CHILD_H
#define UNIT_LIB_CHILD_H

#include <stdbool.h>

/* Runs fn in a child and waits for it: the child exits 0 when fn returns. What
 * it wrote on stderr, at most 64 KiB, comes back NUL-terminated; free() it.
 * status as from waitpid. */
char *child_stderr(void (*fn)(void), int *status);
/* Did fn end in abort(), with a fatal line that holds text? */
bool  child_dies(void (*fn)(void), const char *text);

#endif
