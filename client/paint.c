/* paint.c - colours of a terminal (ECMA-48, SGR). */
#include "client/paint.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

bool
paint_wanted(int fd)
{
	const char	*no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || *no == '\0') && !str_eq(term, "dumb") && isatty(fd);
}

const char *
paint_on(bool wanted, enum paint p)
{
	if (!wanted)
		return "";
	switch (p) {
	case PAINT_PLAIN:
		return "";
	case PAINT_RED:
		return "\033[31m";
	case PAINT_YELLOW:
		return "\033[33m";
	case PAINT_GREEN:
		return "\033[32m";
	case PAINT_BOLD:
		return "\033[1m";
	}
	return "";
}

const char *
paint_off(bool wanted, enum paint p)
{
	return wanted && p != PAINT_PLAIN ? "\033[0m" : "";
}
