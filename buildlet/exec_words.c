/* exec_words.c - what is said to the command of an exec, by its supervisor. */
#include "buildlet/exec_int.h"

#include <signal.h>

#include "base/log.h"
#include "buildlet/buildlet.h"

/* One word of stdin: the supervisor's memory is bounded by the credit. */
#define STDIN_PIECE	(64 * 1024)
/* Longer than a supervisor tries by itself to kill a tree. */
#define KILL_MS		15000

static int
must_run(const struct exec *x, struct err *e)
{
	if (x->state >= EXEC_ENDED)
		return err_code(e, 410, "exec %s has ended: %s", x->id, x->status);
	if (x->line == NULL)
		return err_code(e, 503, "exec %s: its supervisor does not answer "
		    "yet: try again", x->id);
	return 0;
}

int
exec_signal(struct exec *x, int signo, struct err *e)
{
	if (must_run(x, e) == -1)
		return -1;
	superline_say(x->line, SUPER_SIGNAL, (uint64_t)signo);
	return 0;
}

int
exec_resize(struct exec *x, unsigned rows, unsigned cols, struct err *e)
{
	if (must_run(x, e) == -1)
		return -1;
	if (!x->plan.pty)
		return err_code(e, 409, "exec %s has no terminal", x->id);
	superline_say(x->line, SUPER_RESIZE, (uint64_t)rows << 16 | cols);
	return 0;
}

int
exec_kill(struct exec *x, int64_t grace_ms, struct err *e)
{
	/* What it left behind can be killed, too. */
	if ((x->line == NULL || x->end.left == 0) && must_run(x, e) == -1)
		return -1;
	log_info("exec %s: %s: to be killed", x->id, x->plan.cmd);
	superline_say(x->line, SUPER_KILL, (uint64_t)grace_ms);
	return 0;
}

void
exec_kill_all(struct exec *x)
{
	if (x->line == NULL || x->killing)
		return;
	x->killing = true;
	x->kill_by = loop_now(x->all->b->loop) + KILL_MS;
	superline_say(x->line, SUPER_KILL, 0);
}

/* ---- stdin ---- */

bool
exec_stdin_closed(const struct exec *x)
{
	return !x->plan.stdin_open || x->in_closed || x->state >= EXEC_ENDED;
}

bool
exec_stdin_open(const struct exec *x)
{
	return !exec_stdin_closed(x) && !x->in_eof;
}

bool
exec_stdin_eof_said(const struct exec *x)
{
	return x->in_eof;
}

size_t
exec_stdin(struct exec *x, const void *p, size_t len)
{
	uint64_t	credit = x->in_got + SUPER_STDIN_WINDOW - x->in_sent;

	if (x->line == NULL || !exec_stdin_open(x))
		return 0;
	if (len > STDIN_PIECE)
		len = STDIN_PIECE;
	if (len > credit)
		len = (size_t)credit;
	if (len == 0)
		return 0;
	superline_send(x->line, SUPER_STDIN, 0, p, len);
	x->in_sent += len;
	return len;
}

int
exec_stdin_eof(struct exec *x, struct err *e)
{
	if (x->in_eof)
		return 0;
	if (must_run(x, e) == -1)
		return -1;
	if (!exec_stdin_open(x))
		return err_code(e, 410, "exec %s: stdin is closed", x->id);
	x->in_eof = true;
	superline_say(x->line, SUPER_STDIN_EOF, 0);
	return 0;
}

uint64_t
exec_stdin_sent(const struct exec *x)
{
	return x->in_sent;
}

uint64_t
exec_stdin_got(const struct exec *x)
{
	return x->in_got;
}
