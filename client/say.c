/* say.c - lines on stderr. */
#include "client/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"

void
say_tame(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

static bool
is_raw(int fd)
{
	struct termios	t;

	return tcgetattr(fd, &t) == 0 && (t.c_oflag & OPOST) == 0;
}

/* One write a line: several gomotes may share the terminal. */
static void
say_line(const char *prefix, const char *fmt, va_list ap)
{
	struct str	 s = STR_INIT;

	str_add(&s, prefix);
	str_vaddf(&s, fmt, ap);
	say_tame(s.s);
	str_add(&s, is_raw(2) ? "\r\n" : "\n");
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
