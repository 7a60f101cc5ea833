/* say.c - lines on stderr. */
#include "client/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"

/* One write a line: several gomotes may share the terminal. */
static void
say_line(const char *prefix, const char *fmt, va_list ap)
{
	struct str	 s = STR_INIT;
	char		*p;

	str_add(&s, prefix);
	str_vaddf(&s, fmt, ap);
	for (p = s.s; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	str_addc(&s, '\n');
	if (file_write_all(2, s.s, s.len) == -1) {
		/* Nobody is left to be told. */
	}
	str_release(&s);
}

void
say_error(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	say_line("gomote: ", fmt, ap);
	va_end(ap);
}

void
say_note(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	say_line("# ", fmt, ap);
	va_end(ap);
}
