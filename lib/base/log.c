/* log.c - one line, one write(2), nothing allocated on the way. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

/* A line is at most this long with its newline: what POSIX lets a pipe take
 * at once on every system that we know of, so that the lines of several
 * processes on one pipe never mix. Longer text ends in "...". */
#define LINE_MAX_BYTES 4096
#define LINE_CUT "..."

static enum log_level	 level = LOG_INFO;
static const char	*program = "?";

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

void
log_init(const char *name, enum log_level l)
{
	program = name;
	level = l;
}

void
log_set_level(enum log_level l)
{
	level = l;
}

enum log_level
log_get_level(void)
{
	return level;
}

int
log_parse_level(const char *s)
{
	size_t	 i;

	for (i = 0; i < nitems(level_names); i++)
		if (str_eq(s, level_names[i]))
			return (int)i;
	return -1;
}

/* Bytes that may stand as they are: a printable character. 0: escape one. */
static size_t
char_plain(const char *s, size_t len)
{
	uint32_t	 cp;
	size_t		 n = str_utf8(s, len, &cp);

	if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return 0;
	return n;
}

/* Appends text from *at on, escaped, and leaves room for the cut mark and the
 * newline. Returns false if it did not fit. */
static bool
line_add(char *line, size_t *at, const char *text, size_t len)
{
	const size_t	 room = LINE_MAX_BYTES - sizeof LINE_CUT - 1;
	size_t		 i = 0, n;

	while (i < len) {
		n = char_plain(text + i, len - i);
		if (*at + (n != 0 ? n : 4) > room)
			return false;
		if (n == 0) {
			snprintf(line + *at, 5, "\\x%02x",
			    (unsigned char)text[i]);
			*at += 4;
			i++;
			continue;
		}
		memcpy(line + *at, text + i, n);
		*at += n;
		i += n;
	}
	return true;
}

static void PRINTF(3, 0)
line_write(const char *what, const char *why, const char *fmt, va_list ap)
{
	struct clock	 clock = CLOCK_INIT;
	char		 now[CLOCK_TEXT_MAX], head[256];
	char		 text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	size_t		 at = 0;
	ssize_t		 done;
	int		 len;
	bool		 fits;

	snprintf(head, sizeof head, "%s %.160s[%ld] %s: ",
	    clock_rfc3339(clock_wall(&clock), 1, now), program,
	    (long)getpid(), what);
	len = vsnprintf(text, sizeof text, fmt, ap);
	if (len < 0)
		len = 0;
	fits = line_add(line, &at, head, strlen(head)) &&
	    line_add(line, &at, text, strlen(text)) &&
	    (size_t)len < sizeof text;
	if (fits && why != NULL)
		fits = line_add(line, &at, ": ", 2) &&
		    line_add(line, &at, why, strlen(why));
	if (!fits) {
		memcpy(line + at, LINE_CUT, sizeof LINE_CUT - 1);
		at += sizeof LINE_CUT - 1;
	}
	line[at++] = '\n';
	do
		done = write(STDERR_FILENO, line, at);
	while (done == -1 && errno == EINTR);
}

static void PRINTF(2, 0)
log_at(enum log_level l, const char *fmt, va_list ap)
{
	int	 saved = errno;

	if (l <= level)
		line_write(level_names[l], NULL, fmt, ap);
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_at(LOG_ERROR, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_at(LOG_WARN, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_at(LOG_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_at(LOG_DEBUG, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	const char	*why = strerror(errno);
	va_list		 ap;

	va_start(ap, fmt);
	line_write("fatal", why, fmt, ap);
	va_end(ap);
	abort();
}

void
fatalx(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	line_write("fatal", NULL, fmt, ap);
	va_end(ap);
	abort();
}
