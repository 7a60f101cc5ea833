/*
 * onpty.c - a program on a terminal, for regress scripts.
 *
 *	onpty CMD [ARG...]
 *
 * Runs CMD as the foreground of a new pty of 24 rows and 80 columns, copies what
 * comes from there to stdout, and takes orders from stdin, a line each:
 *
 *	type TEXT	writes TEXT; \n, \r, \\ and \xHH stand for what they mean
 *	size ROWS COLS	resizes it
 *	mode		prints "[raw]" or "[cooked]" on stderr
 *	signal NUMBER	to CMD's process group
 *
 * Ends with CMD's exit status, 128+N for signal N, after a last "mode", for
 * which it waits two seconds at most to become "[cooked]".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

struct onpty {
	int		 master, slave;	/* slave: kept open, so that its mode can be read */
	pid_t		 pid;
	struct str	 orders;	/* read, not yet whole lines */
	bool		 deaf;		/* no more orders */
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
resize(const struct onpty *o, unsigned short rows, unsigned short cols)
{
	struct winsize	w = { .ws_row = rows, .ws_col = cols };

	if (ioctl(o->master, TIOCSWINSZ, &w) == -1)
		die("TIOCSWINSZ");
}

static void
open_pty(struct onpty *o)
{
	const char	*name;

	if ((o->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1 ||
	    grantpt(o->master) == -1 || unlockpt(o->master) == -1 ||
	    (name = ptsname(o->master)) == NULL ||
	    (o->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1)
		die("open a pty");
	resize(o, 24, 80);
}

static void
start(struct onpty *o, char **argv)
{
	int	fd;

	if ((o->pid = fork()) == -1)
		die("fork");
	if (o->pid != 0)
		return;
	if (setsid() == -1 || ioctl(o->slave, TIOCSCTTY, 0) == -1)
		die("make it the terminal");
	for (fd = 0; fd < 3; fd++)
		if (dup2(o->slave, fd) == -1)
			die("dup2");
	execvp(argv[0], argv);
	die(argv[0]);
}

static bool
is_cooked(const struct onpty *o)
{
	struct termios	t;

	if (tcgetattr(o->slave, &t) == -1)
		die("tcgetattr");
	return (t.c_lflag & ICANON) != 0;
}

static void
say_mode(const struct onpty *o)
{
	fprintf(stderr, "%s\n", is_cooked(o) ? "[cooked]" : "[raw]");
}

static int
end(const struct onpty *o, int status)
{
	int	n;

	for (n = 0; n < 100 && !is_cooked(o); n++)
		(void)poll(NULL, 0, 20);
	say_mode(o);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
type(const struct onpty *o, const char *text)
{
	struct str	s = STR_INIT;
	unsigned char	c;

	for (; *text != '\0'; text++) {
		if (*text != '\\') {
			str_addc(&s, *text);
			continue;
		}
		text++;
		if (*text == 'x' && str_hex_value(text[1]) != -1 &&
		    str_hex_value(text[2]) != -1) {
			c = (unsigned char)(str_hex_value(text[1]) * 16 +
			    str_hex_value(text[2]));
			str_addc(&s, (char)c);
			text += 2;
		} else
			str_addc(&s, *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text);
	}
	if (file_write_all(o->master, s.s, s.len) == -1)
		die("write to the pty");
	str_release(&s);
}

static void
obey(const struct onpty *o, const char *line)
{
	unsigned short	rows, cols;
	int		signo;

	if (str_starts(line, "type "))
		type(o, line + 5);
	else if (str_eq(line, "mode"))
		say_mode(o);
	else if (sscanf(line, "size %hu %hu", &rows, &cols) == 2)
		resize(o, rows, cols);
	else if (sscanf(line, "signal %d", &signo) == 1)
		kill(-o->pid, signo);
	else
		fprintf(stderr, "onpty: no such order: %s\n", line);
}

static void
take_orders(struct onpty *o)
{
	char	 buf[4096], *nl;
	ssize_t	 n = read(0, buf, sizeof buf);

	if (n <= 0) {
		o->deaf = true;
		return;
	}
	str_addn(&o->orders, buf, (size_t)n);
	while ((nl = strchr(o->orders.s, '\n')) != NULL) {
		*nl = '\0';
		obey(o, o->orders.s);
		o->orders.len -= (size_t)(nl + 1 - o->orders.s);
		memmove(o->orders.s, nl + 1, o->orders.len + 1);
	}
}

/* What has come from there; false: nothing more. */
static bool
show(const struct onpty *o)
{
	char	buf[4096];
	ssize_t	n = read(o->master, buf, sizeof buf);

	if (n <= 0)
		return n == -1 && errno == EINTR;
	return file_write_all(1, buf, (size_t)n) == 0;
}

static int
serve(struct onpty *o)
{
	struct pollfd	p[2] = { { .fd = o->master, .events = POLLIN },
		{ .fd = 0, .events = POLLIN } };
	int		status;

	for (;;) {
		p[1].fd = o->deaf ? -1 : 0;
		(void)poll(p, 2, 20);
		if (p[0].revents != 0 && !show(o))
			break;
		if (p[1].revents != 0)
			take_orders(o);
		if ((p[0].revents & POLLIN) == 0 &&
		    waitpid(o->pid, &status, WNOHANG) == o->pid) {
			/* It may have said something since. */
			while (poll(p, 1, 0) > 0 && (p[0].revents & POLLIN) != 0 &&
			    show(o))
				;
			return end(o, status);
		}
	}
	die("the pty");
	return 1;
}

int
main(int argc, char **argv)
{
	struct onpty	o = { .orders = STR_INIT };
	int		ret;

	if (argc < 2) {
		fprintf(stderr, "usage: onpty CMD [ARG...]\n");
		return 2;
	}
	open_pty(&o);
	start(&o, argv + 1);
	ret = serve(&o);
	str_release(&o.orders);
	return ret;
}
