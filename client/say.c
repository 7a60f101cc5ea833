/* say.c - lines on stderr. */
#include "client/say.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/paint.h"
#include "client/tty.h"

/* The cursor stands at the beginning of a status: if the window became narrow, and
 * the terminal has broken that line into several, all of them are behind it, and
 * are erased with it. Never from the first cell of the screen on, for some
 * terminals then put what they erase into their history. */
#define TO_END	"\033[J"
#define CLEAR	"\r " TO_END "\r"

/* A line of say_status stands on the terminal. Whoever speaks must know, and
 * they have nothing in common but the terminal. */
static volatile sig_atomic_t status_stands;

void
say_tame(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

/* --- the line that stands ----------------------------------------------------- */

/* Those that would end or stop us in the middle of it. */
static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

/* It was reset when it was called (SA_RESETHAND): the signal now means what it did
 * before. Back from a suspension the next line sets it again. */
static void
on_end_signal(int signo)
{
	int	error = errno;

	if (status_stands && write(2, CLEAR, strlen(CLEAR)) == -1) {
		/* The terminal is gone, and the line with it. */
	}
	status_stands = false;
	(void)raise(signo);
	errno = error;
}

/* Only where nobody else has a use for them, and nobody ignores them. */
static void
guard_line(bool on)
{
	struct sigaction	sa, now;
	size_t			i;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on ? on_end_signal : SIG_DFL;
	sa.sa_flags = SA_RESTART | SA_NODEFER | (on ? (int)SA_RESETHAND : 0);
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < nitems(end_signals); i++)
		if (sigaction(end_signals[i], NULL, &now) == 0 &&
		    now.sa_handler == (on ? SIG_DFL : on_end_signal))
			(void)sigaction(end_signals[i], &sa, NULL);
}

static void
line_stands(bool stands)
{
	guard_line(stands);
	status_stands = stands;
}

/* The screen of a background job belongs to somebody else. */
static bool
in_foreground(void)
{
	pid_t	group = tcgetpgrp(2);

	return group == -1 || group == getpgrp();
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
	line_stands(false);
	str_release(&s);
	str_release(&line);
}

void
say_status(const char *text)
{
	struct str	line = STR_INIT;
	unsigned	rows, cols;

	if ((text == NULL && !status_stands) || !in_foreground())
		return;
	str_addc(&line, '\r');
	if (text != NULL && *text != '\0' && tty_size(&rows, &cols) && cols > 1) {
		str_addf(&line, "%.*s", (int)cols - 1, text);
		say_tame(line.s + 1);
		str_add(&line, TO_END "\r");
	} else
		str_add(&line, CLEAR);
	line_stands(text != NULL);
	write_out(&line);
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
