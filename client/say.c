/* say.c - lines on stderr. */
#include "client/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/paint.h"
#include "client/tty.h"

#define CLEAR	"\r\033[K"	/* the line on which the cursor is */

/* A line of say_status stands on the terminal. Whoever speaks must know, and
 * they have nothing in common but the terminal. */
static bool status_stands;

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

static void
write_out(const struct str *line)
{
	if (file_write_all(2, line->s, line->len) == -1) {
		/* Nobody is left to be told. */
	}
}

/* One write a line: several gomotes may share the terminal. */
static void PRINTF(3, 0)
say_line(const char *prefix, enum paint paint, const char *fmt, va_list ap)
{
	struct str	 s = STR_INIT, line = STR_INIT;
	bool		 colour = paint != PAINT_PLAIN && paint_wanted(2);

	str_vaddf(&s, fmt, ap);
	if (s.s != NULL)
		say_tame(s.s);
	str_addf(&line, "%s%s%s%s %s%s", status_stands ? CLEAR : "", paint_on(colour, paint), prefix,
	    paint_off(colour, paint), str_text(&s), is_raw(2) ? "\r\n" : "\n");
	write_out(&line);
	status_stands = false;
	str_release(&s);
	str_release(&line);
}

void
say_status(const char *text)
{
	struct str	line = STR_INIT;
	unsigned	rows, cols;

	if (text == NULL && !status_stands)
		return;
	str_add(&line, CLEAR);
	if (text != NULL && tty_size(&rows, &cols))
		str_addf(&line, "%.*s", (int)cols - 1, text);
	say_tame(line.s + strlen(CLEAR));
	write_out(&line);
	status_stands = text != NULL;
	str_release(&line);
}

void
say_error(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	say_line("gomote:", PAINT_RED, fmt, ap);
	va_end(ap);
}

void
say_note(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	say_line("#", PAINT_PLAIN, fmt, ap);
	va_end(ap);
}
