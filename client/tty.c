/* tty.c - the local terminal (tty.h). */
#include "client/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/xmalloc.h"

struct tty {
	int		 fd;
	struct termios	 before, raw;
	pid_t		 guard;
	int		 line;		/* to the guard: a byte, then it is not needed */
};

bool
tty_size(unsigned *rows, unsigned *cols)
{
	struct winsize	w;
	int		fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &w) == -1 || w.ws_row == 0 || w.ws_col == 0)
			continue;
		*rows = w.ws_row;
		*cols = w.ws_col;
		return true;
	}
	return false;
}

/* --- the guard -------------------------------------------------------------- */

static bool
same_mode(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	    a->c_lflag == b->c_lflag;
}

/* Signals are blocked, all of them. The shell may have put the terminal back
 * already, and be reading a line in a mode of its own: then it is left alone. */
static void NORETURN
guard_run(const struct tty *t, int line)
{
	struct termios	now;
	char		c;
	ssize_t		n;

	do
		n = read(line, &c, 1);
	while (n == -1 && errno == EINTR);
	if (n == 0 && tcgetattr(t->fd, &now) == 0 && same_mode(&now, &t->raw))
		(void)tcsetattr(t->fd, TCSANOW, &t->before);
	_exit(0);
}

/* Of what we have open it keeps the terminal and the line: others wait for the
 * ends of our pipes. */
static void
guard_keep(const struct tty *t, int line)
{
	long	max = sysconf(_SC_OPEN_MAX);
	int	fd, null = open("/dev/null", O_RDWR);

	for (fd = 0; fd < 3; fd++)
		if (fd != t->fd && fd != line && null != -1)
			(void)dup2(null, fd);
	for (fd = 3; fd < (max > 0 && max < 4096 ? (int)max : 4096); fd++)
		if (fd != t->fd && fd != line)
			(void)close(fd);
}

static int
guard_start(struct tty *t, struct err *e)
{
	sigset_t	all, before;
	int		line[2];

	if (pipe(line) == -1)
		return err_errno(e, "guard of the terminal");
	file_cloexec(line[0]);
	file_cloexec(line[1]);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	t->guard = fork();
	if (t->guard == 0) {
		(void)setpgid(0, 0);	/* what is sent to our group is not for it */
		guard_keep(t, line[0]);
		guard_run(t, line[0]);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	close(line[0]);
	t->line = line[1];
	if (t->guard != -1)
		return 0;
	close(line[1]);
	return err_errno(e, "guard of the terminal");
}

static void
guard_end(struct tty *t)
{
	if (file_write_all(t->line, "", 1) == -1) {
		/* It is gone, and so not needed either. */
	}
	close(t->line);
	while (waitpid(t->guard, NULL, 0) == -1 && errno == EINTR)
		;
}

/* --- the mode --------------------------------------------------------------- */

static int
set_mode(int fd, const struct termios *mode)
{
	int	ret;

	while ((ret = tcsetattr(fd, TCSADRAIN, mode)) == -1 && errno == EINTR)
		;
	return ret;
}

struct tty *
tty_raw(int fd, struct err *e)
{
	struct tty	*t = xcalloc(1, sizeof *t);

	t->fd = fd;
	if (tcgetattr(fd, &t->before) == -1) {
		err_errno(e, "the terminal");
		free(t);
		return NULL;
	}
	t->raw = t->before;
	cfmakeraw(&t->raw);
	if (guard_start(t, e) == -1) {
		free(t);
		return NULL;
	}
	if (set_mode(fd, &t->raw) == -1) {
		err_errno(e, "make the terminal raw");
		tty_free(t);
		return NULL;
	}
	return t;
}

void
tty_pause(struct tty *t)
{
	if (set_mode(t->fd, &t->before) == -1) {
		/* It has gone; nobody looks at it any more. */
	}
}

void
tty_resume(struct tty *t)
{
	if (set_mode(t->fd, &t->raw) == -1) {
		/* As above. */
	}
}

void
tty_free(struct tty *t)
{
	if (t == NULL)
		return;
	tty_pause(t);
	guard_end(t);
	free(t);
}
