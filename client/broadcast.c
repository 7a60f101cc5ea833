/*
 * broadcast.c - one loop over the children of a broadcast (broadcast.h).
 *
 * A member is over when its child was reaped and both its pipes were read to
 * their end, or LINGER_MS later: something may have inherited them.
 */
#include "client/broadcast.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "client/answers.h"
#include "client/broadcast_env.h"
#include "client/child.h"
#include "client/lines.h"
#include "client/outlet.h"
#include "client/say.h"
#include "client/spool.h"
#include "io/loop.h"
#include "io/pipes.h"
#include "io/proc.h"

#define READ_PIECE	(16 * 1024)
#define LINGER_MS	2000
/* From a word that ends it to KILL: a gomote takes up to ten seconds to see to
 * it that its command is killed. */
#define LAST_MS		12000
#define SAID_MAX	300	/* of an error, in the summary */

#define SAYS "gomote: "		/* so do our errors begin (say.h) */

struct source {			/* a pipe of a child */
	struct member	*m;
	int		 fd;		/* -1: at its end */
	bool		 err;
	struct watch	*watch;		/* NULL: not read now */
	struct lines	 lines;
};

struct member {
	struct broadcast *b;
	const char	*name;
	pid_t		 pid;		/* 0: reaped, or never begun */
	int		 status;	/* exit status, 128+N, 0 before its end */
	int		 signo;		/* that killed it; 0: none */
	bool		 over;
	bool		 stopped;	/* as one of the others (any) */
	struct source	 src[2];
	struct timer	*linger;
	char		*said;		/* its last error; NULL */
	struct str	 answer;	/* json: what it printed */
};

struct broadcast {
	const struct broadcast_how *how;
	struct loop	*loop;
	struct outlet	*outlet;
	struct member	*v;
	size_t		 n, left;
	int		 interrupts;
	bool		 paused;	/* nothing is read: the outlet is full */
	bool		 settled;	/* any: one has succeeded */
	bool		 failed;	/* our output cannot be written */
	struct err	 why;
	struct timer	*deadline;
};

/* --- what they say ---------------------------------------------------------- */

static void
remember_error(struct member *m, const char *p, size_t len)
{
	const size_t	skip = strlen(SAYS);

	if (len <= skip || memcmp(p, SAYS, skip) != 0)
		return;
	len -= skip;
	free(m->said);
	m->said = xstrndup(p + skip, len < SAID_MAX ? len : SAID_MAX);
}

static void
on_line(const char *p, size_t len, void *arg)
{
	struct source		*s = arg;
	struct broadcast	*b = s->m->b;

	if (s->err)
		remember_error(s->m, p, len);
	outlet_line(b->outlet, s->err, b->how->prefix ? s->m->name : NULL, p, len);
}

static void	member_try_end(struct member *);

static void
source_close(struct source *s)
{
	if (s->fd == -1)
		return;
	watch_free(s->watch);
	s->watch = NULL;
	pipes_close(&s->fd);
	lines_end(&s->lines, on_line, s);
}

static void
pause_all(struct broadcast *b)
{
	size_t	i;

	b->paused = true;
	for (i = 0; i < b->n * 2; i++) {
		watch_free(b->v[i / 2].src[i % 2].watch);
		b->v[i / 2].src[i % 2].watch = NULL;
	}
}

static void
on_readable(void *arg)
{
	struct source	*s = arg;
	char		 piece[READ_PIECE];
	ssize_t		 n = read(s->fd, piece, sizeof piece);

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0 && s->m->b->how->json && !s->err) {
		if (s->m->answer.len <= ANSWERS_MAX)
			str_addn(&s->m->answer, piece, (size_t)n);
		return;
	}
	if (n > 0) {
		lines_feed(&s->lines, piece, (size_t)n, on_line, s);
		if (outlet_full(s->m->b->outlet))
			pause_all(s->m->b);
		return;
	}
	source_close(s);
	member_try_end(s->m);
}

static void
resume_all(void *arg)
{
	struct broadcast	*b = arg;
	struct source		*s;
	size_t			 i;

	b->paused = false;
	for (i = 0; i < b->n * 2; i++) {
		s = &b->v[i / 2].src[i % 2];
		if (s->fd != -1 && s->watch == NULL)
			s->watch = watch_readable(b->loop, s->fd, on_readable, s);
	}
}

/* --- ending them ------------------------------------------------------------ */

static void
signal_all(struct broadcast *b, int signo)
{
	size_t	i;

	for (i = 0; i < b->n; i++)
		if (b->v[i].pid != 0)
			(void)kill(-b->v[i].pid, signo);
}

/* They are told to end, and killed if they do not. */
static void
end_all(struct broadcast *b, int signo)
{
	signal_all(b, signo);
	if (!timer_armed(b->deadline))
		timer_set(b->deadline, LAST_MS);
}

static void
on_deadline(void *arg)
{
	struct broadcast	*b = arg;

	if (b->left > 0)
		say_note("%zu did not end in time: killed", b->left);
	signal_all(b, SIGKILL);
}

/* Nobody hears it any more, as in a pipeline. */
static void
on_outlet_failed(const struct err *why, void *arg)
{
	struct broadcast	*b = arg;

	b->failed = true;
	b->why = *why;
	end_all(b, SIGTERM);
	resume_all(b);
}

static void
on_int(void *arg)
{
	struct broadcast	*b = arg;

	if (++b->interrupts == 1) {
		say_note("interrupted; again to kill, once more to leave");
		signal_all(b, SIGINT);
	} else
		end_all(b, SIGINT);
	if (b->interrupts > 3)
		signal_all(b, SIGKILL);
	if (b->left == 0 || b->interrupts > 2) {	/* our reader does not read */
		outlet_drop(b->outlet);
		resume_all(b);
	}
}

static void
on_term(void *arg)
{
	end_all(arg, SIGTERM);
}

static void
on_hup(void *arg)
{
	end_all(arg, SIGHUP);
}

/* --- their ends ------------------------------------------------------------- */

static void
settle(struct broadcast *b, const struct member *winner)
{
	size_t	i;

	if (b->settled)
		return;
	b->settled = true;
	for (i = 0; i < b->n; i++)
		b->v[i].stopped = &b->v[i] != winner && !b->v[i].over;
	end_all(b, SIGTERM);
}

static void
member_over(struct member *m)
{
	struct broadcast	*b = m->b;

	m->over = true;
	timer_free(m->linger);
	m->linger = NULL;
	source_close(&m->src[0]);
	source_close(&m->src[1]);
	b->left--;
	if (b->how->ended != NULL)
		b->how->ended(m->name, m->status, b->how->arg);
	if (b->how->any && m->status == 0)
		settle(b, m);
}

static void
on_linger(void *arg)
{
	struct member	*m = arg;

	if (m->b->paused)	/* what it said waits for our reader */
		timer_set(m->linger, LINGER_MS);
	else
		member_over(m);
}

static void
member_try_end(struct member *m)
{
	if (m->over || m->pid != 0)
		return;
	if (m->src[0].fd == -1 && m->src[1].fd == -1)
		member_over(m);
	else if (!timer_armed(m->linger))
		timer_set(m->linger, LINGER_MS);
}

static void
member_reap(struct member *m)
{
	int	status;

	if (m->pid == 0 || waitpid(m->pid, &status, WNOHANG) != m->pid)
		return;
	m->pid = 0;
	m->signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	m->status = m->signo != 0 ? 128 + m->signo : WEXITSTATUS(status);
	member_try_end(m);
}

static void
on_child(void *arg)
{
	struct broadcast	*b = arg;
	size_t			 i;

	for (i = 0; i < b->n; i++)
		member_reap(&b->v[i]);
}

/* --- beginning -------------------------------------------------------------- */

/* A signal that is ignored (nohup) stays so, for them too. */
static void
catch(struct broadcast *b, int signo, void (*fn)(void *))
{
	struct sigaction	sa;

	if (sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
		return;
	loop_signal(b->loop, signo, fn, b);
}

/* One that came just now was still ours. */
static void
catch_no_more(struct broadcast *b)
{
	loop_turn(b->loop, 0);
	loop_unsignal(b->loop, SIGINT);
	loop_unsignal(b->loop, SIGTERM);
	loop_unsignal(b->loop, SIGHUP);
	loop_unsignal(b->loop, SIGCHLD);
}

static void
source_init(struct source *s, struct member *m, int fd, bool err)
{
	s->m = m;
	s->fd = fd;
	s->err = err;
}

static void
member_begin(struct member *m, struct gomote *g, const char *copy, int in)
{
	struct broadcast_env	 env;
	struct child		 c = { 0, -1, -1 };
	struct err		 e = ERR_INIT;

	broadcast_env_init(&env, g, m->b->how, m->name, copy);
	if (child_start(&c, env.argv.v, env.env.v, in, &e) == -1) {
		m->said = xstrdup(e.msg);
		m->status = EXIT_FAILED;
		m->over = true;
		m->b->left--;
	}
	m->pid = c.pid;
	source_init(&m->src[0], m, c.out, false);
	source_init(&m->src[1], m, c.err, true);
	broadcast_env_release(&env);
}

static void
begin_all(struct broadcast *b, struct gomote *g, int *in)
{
	char	*dir = b->how->copies ? broadcast_copies_dir() : NULL, *copy;
	char	**copies = xcalloc(b->n, sizeof *copies);
	size_t	 i;

	for (i = 0; dir != NULL && i < b->n; i++) {
		copies[i] = copy = broadcast_copy(dir, b->v[i].name);
		say_note("Writing output from %s to %s...", b->v[i].name, copy);
	}
	for (i = 0; i < b->n; i++) {
		member_begin(&b->v[i], g, copies[i], in != NULL ? in[i] : -1);
		if (in != NULL)
			pipes_close(&in[i]);
		free(copies[i]);
	}
	free(copies);
	free(dir);
}

static void
broadcast_init(struct broadcast *b, struct gomote *g, const struct broadcast_how *how)
{
	size_t	i;

	memset(b, 0, sizeof *b);
	b->how = how;
	b->loop = g->loop;
	b->n = b->left = how->names->n;
	b->v = xcalloc(b->n, sizeof *b->v);
	b->outlet = outlet_new(g->loop, resume_all, on_outlet_failed, b);
	b->deadline = timer_new(g->loop, on_deadline, b);
	for (i = 0; i < b->n; i++) {
		b->v[i].b = b;
		b->v[i].name = how->names->v[i];
		b->v[i].linger = timer_new(g->loop, on_linger, &b->v[i]);
	}
	catch(b, SIGINT, on_int);
	catch(b, SIGTERM, on_term);
	catch(b, SIGHUP, on_hup);
	loop_signal(b->loop, SIGCHLD, on_child, b);
}

static void
broadcast_release(struct broadcast *b)
{
	size_t	i;

	for (i = 0; i < b->n; i++) {
		timer_free(b->v[i].linger);
		lines_release(&b->v[i].src[0].lines);
		lines_release(&b->v[i].src[1].lines);
		free(b->v[i].said);
		str_release(&b->v[i].answer);
	}
	timer_free(b->deadline);
	outlet_free(b->outlet);
	free(b->v);
}

/* --- the summary ------------------------------------------------------------ */

static void
tell_those(const struct broadcast *b, const char *what, bool stopped)
{
	struct str	s = STR_INIT;
	size_t		i, n = 0;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].stopped != stopped || (!stopped && b->v[i].status != 0))
			continue;
		str_addf(&s, "%s%s", n++ > 0 ? ", " : "", b->v[i].name);
	}
	if (n > 0)
		say_note("%s %zu of %zu: %s", what, n, b->n, str_text(&s));
	str_release(&s);
}

static void
tell_failure(const struct member *m)
{
	struct proc_end	end = { .phase = PROC_EXITED, .status = m->status };
	char		text[ERR_MAX];

	if (m->signo != 0) {
		end.phase = PROC_SIGNALED;
		end.status = m->signo;
	}
	proc_end_text(&end, text);
	if (m->said == NULL)
		say_note("failed on %s: %s", m->name, text);
	else if (m->status == EXIT_FAILED)
		say_note("failed on %s: %s", m->name, m->said);
	else
		say_note("failed on %s: %s (%s)", m->name, m->said, text);
}

static int
summary(const struct broadcast *b)
{
	int	worst = EXIT_OK;
	size_t	i;

	tell_those(b, "ok on", false);
	tell_those(b, "stopped on", true);
	for (i = 0; i < b->n; i++) {
		if (b->v[i].stopped || b->v[i].status == 0)
			continue;
		tell_failure(&b->v[i]);
		if (b->v[i].status > worst)
			worst = b->v[i].status;
	}
	return b->settled ? EXIT_OK : worst;
}

/* In the order of their names. */
static int
print_answers(const struct broadcast *b, struct err *e)
{
	struct member	*m;
	struct asjson	 out = ASJSON_INIT;

	for (m = b->v; m < b->v + b->n; m++)
		m->status = answers_item(&out, m->name, m->status, &m->answer, m->said);
	return asjson_end(&out, e);
}

int
broadcast_run(struct gomote *g, const struct broadcast_how *how, struct err *e)
{
	struct broadcast	b;
	int			*in = NULL, status;

	if (cmd_prepare(g, e) == -1)
		return -1;
	if (how->input) {
		in = xcalloc(how->names->n, sizeof *in);
		if (spool_stdin(in, how->names->n, e) == -1) {
			free(in);
			return -1;
		}
	}
	broadcast_init(&b, g, how);
	begin_all(&b, g, in);
	free(in);
	resume_all(&b);
	on_child(&b);
	/* What a reader does not take is waited for, as by any program. */
	while (b.left > 0 || !outlet_empty(b.outlet))
		loop_turn(b.loop, 1000);
	catch_no_more(&b);
	if (how->json && !b.failed && print_answers(&b, &b.why) == -1)
		b.failed = true;
	status = summary(&b);
	if (b.failed)
		status = cmd_fail(&b.why) > status ? EXIT_FAILED : status;
	broadcast_release(&b);
	return status;
}
