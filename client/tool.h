/* tool.h - programs of this machine that gomote lets work for it. */
#ifndef CLIENT_TOOL_H
#define CLIENT_TOOL_H

#include "base/attr.h"

/* The first NAME in PATH that may be executed, malloc'ed; NULL: there is none. */
char *tool_find(const char *name) MUST;

#endif
