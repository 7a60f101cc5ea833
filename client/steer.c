/* steer.c - signals and sizes, passed on (steer.h). */
#include "client/steer.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "http/url.h"
#include "io/loop.h"

#define SAY_MS		5000	/* the last word of ours may take so long */
#define BEGIN_MS	10000	/* and more if its beginning is not known yet */
#define AGAIN_MS	500

#define BY(signo)	(128 + (signo))

enum word { NOTHING, INTERRUPT, KILL_GRACE, KILL_NOW };	/* the later ones win */

struct steer {
	struct steer_how	 how;
	struct tty		*tty;		/* raw; NULL: it is not */
	bool			 begun, off;
	bool			 gone;		/* the signals are not ours any more */
	int			 interrupts;
	enum word		 want;		/* not known to be done */
	enum word		 said;		/* under way */
	bool			 killed;
	bool			 sizing, size_due;
	unsigned		 rows, cols;	/* as last told */
	int			 status;
	struct timer		*again, *limit;
};

static void
leave(struct steer *s, int status)
{
	if (s->status == 0)
		s->status = status;
	s->how.leave(s->how.arg);
}

/* --- words to the command ---------------------------------------------------- */

static void	say_word(struct steer *);

static void
on_word(const struct side_answer *a, void *arg)
{
	struct steer	*s = arg;
	enum word	 said = s->said;

	s->said = NOTHING;
	if (a->status == 0 || a->status >= 500) {
		timer_set(s->again, AGAIN_MS);
		return;
	}
	if (a->status != 200 && a->status != 410 && a->status != 404)
		say_note("%.*s", (int)strcspn(a->text, "\r\n"), a->text);
	if (said >= KILL_GRACE)
		s->killed = true;
	if (s->want == said)
		s->want = NOTHING;
	else
		say_word(s);
	if (s->killed && s->status != 0)
		s->how.leave(s->how.arg);
}

static void
say_word(struct steer *s)
{
	static const char *const	 verbs[] = { "", "signal", "kill", "kill" };
	struct side_request		 q = { .method = "POST" };
	struct form			*form;
	char				*path;

	if (!s->begun || s->want == NOTHING || s->said != NOTHING)
		return;
	form = form_new();
	path = xasprintf("/execs/%s/%s", s->how.id, verbs[s->want]);
	if (s->want == INTERRUPT)
		form_add(form, "signal", "INT");
	else
		form_addf(form, "grace", "%d", s->want == KILL_NOW ? 0 : STEER_GRACE_MS);
	q.path = path;
	q.form = form;
	s->said = s->want;
	side_ask(s->how.side, &q, on_word, s);
	form_free(form);
	free(path);
}

static void
on_again(void *arg)
{
	say_word(arg);
}

static void
want_word(struct steer *s, enum word w)
{
	if (w > s->want)
		s->want = w;
	say_word(s);
}

/* --- its size ----------------------------------------------------------------- */

static void	say_size(struct steer *);

static void
on_size(const struct side_answer *a, void *arg)
{
	struct steer	*s = arg;

	(void)a;	/* what is lost here, the next change makes good */
	s->sizing = false;
	if (s->size_due)
		say_size(s);
}

static void
say_size(struct steer *s)
{
	struct side_request	 q = { .method = "POST" };
	struct form		*form;
	char			*path;
	unsigned		 rows, cols;

	if (!s->begun || !s->how.pty)
		return;
	s->size_due = s->sizing;
	if (s->sizing || !tty_size(&rows, &cols) ||
	    (rows == s->rows && cols == s->cols))
		return;
	form = form_new();
	path = xasprintf("/execs/%s/resize", s->how.id);
	form_addf(form, "rows", "%u", rows);
	form_addf(form, "cols", "%u", cols);
	q.path = path;
	q.form = form;
	s->rows = rows;
	s->cols = cols;
	s->sizing = true;
	side_ask(s->how.side, &q, on_size, s);
	form_free(form);
	free(path);
}

/* --- signals ------------------------------------------------------------------ */

static void
on_int(void *arg)
{
	struct steer	*s = arg;

	s->interrupts++;
	if (s->off)
		return;
	if (s->interrupts == 1) {
		say_note("interrupted; again to %s", s->begun ? "kill" : "leave");
		want_word(s, INTERRUPT);
	} else if (s->interrupts == 2 && s->begun) {
		say_note("killing it; again to leave it alone");
		want_word(s, KILL_NOW);
	} else
		leave(s, BY(SIGINT));
}

static void
on_limit(void *arg)
{
	struct steer	*s = arg;

	s->how.leave(s->how.arg);
}

static void
on_term(void *arg)
{
	struct steer	*s = arg;

	if (s->off)
		return;
	if (s->status != 0) {
		leave(s, BY(SIGTERM));
		return;
	}
	/* And we leave when it has been said. It may just be about to begin. */
	s->status = BY(SIGTERM);
	timer_set(s->limit, s->begun ? SAY_MS : BEGIN_MS);
	want_word(s, KILL_GRACE);
}

static void
on_hup(void *arg)
{
	struct steer	*s = arg;

	if (!s->off)
		leave(s, BY(SIGHUP));
}

static void
on_winch(void *arg)
{
	say_size(arg);
}

static void
on_tstp(void *arg)
{
	struct steer	*s = arg;

	if (s->tty != NULL)
		tty_pause(s->tty);
	(void)raise(SIGSTOP);
}

static void
on_cont(void *arg)
{
	struct steer	*s = arg;

	if (s->tty != NULL)
		tty_resume(s->tty);
	say_size(s);
}

static const struct {
	int	signo;
	void	(*fn)(void *);
	bool	pty;		/* only there */
} signals[] = {
	{ SIGINT, on_int, false },
	{ SIGTERM, on_term, false },
	{ SIGHUP, on_hup, false },
	{ SIGWINCH, on_winch, true },
	{ SIGTSTP, on_tstp, true },
	{ SIGCONT, on_cont, true },
};

static bool
is_ignored(int signo)
{
	struct sigaction	sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

/* Not restarted: a write that waits (sink.h) must not keep the signal waiting. */
static void
interrupts_writes(int signo)
{
	struct sigaction	sa;

	if (sigaction(signo, NULL, &sa) == -1)
		return;
	sa.sa_flags &= ~SA_RESTART;
	(void)sigaction(signo, &sa, NULL);
}

/* --- life --------------------------------------------------------------------- */

struct steer *
steer_new(const struct steer_how *how)
{
	struct steer	*s = xcalloc(1, sizeof *s);
	size_t		 i;

	s->how = *how;
	s->again = timer_new(how->loop, on_again, s);
	s->limit = timer_new(how->loop, on_limit, s);
	if (!how->pty || !tty_size(&s->rows, &s->cols))
		s->rows = s->cols = 0;
	for (i = 0; i < nitems(signals); i++) {
		if ((signals[i].pty && !how->pty) || is_ignored(signals[i].signo))
			continue;
		loop_signal(how->loop, signals[i].signo, signals[i].fn, s);
		interrupts_writes(signals[i].signo);
	}
	return s;
}

/* They are blocked meanwhile, so that none is lost between our hands: what came
 * until then is ours, what comes from then on has its usual meaning. */
static void
let_go(struct steer *s)
{
	sigset_t	ours, before;
	size_t		i;

	if (s->gone)
		return;
	s->gone = true;
	sigemptyset(&ours);
	for (i = 0; i < nitems(signals); i++)
		sigaddset(&ours, signals[i].signo);
	sigprocmask(SIG_BLOCK, &ours, &before);
	loop_turn(s->how.loop, 0);
	for (i = 0; i < nitems(signals); i++)
		loop_unsignal(s->how.loop, signals[i].signo);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void
steer_free(struct steer *s)
{
	if (s == NULL)
		return;
	let_go(s);
	timer_free(s->again);
	timer_free(s->limit);
	free(s);
}

void
steer_go(struct steer *s)
{
	s->begun = true;
	s->said = NOTHING;
	s->sizing = false;
	timer_stop(s->again);
	say_word(s);
	say_size(s);
}

void
steer_tty(struct steer *s, struct tty *t)
{
	s->tty = t;
}

void
steer_off(struct steer *s)
{
	s->off = true;
	let_go(s);
	if (s->interrupts > 0)
		(void)raise(SIGINT);
}

int
steer_end(struct steer *s)
{
	let_go(s);
	return s->status != 0 ? s->status : s->interrupts > 0 ? BY(SIGINT) : 0;
}

void
steer_kill(struct steer *s)
{
	int64_t	end = loop_now(s->how.loop) + SAY_MS;

	if (!s->begun)
		return;
	want_word(s, KILL_GRACE);
	while (!s->killed && loop_now(s->how.loop) < end)
		loop_turn(s->how.loop, 100);
}

int
steer_status(const struct steer *s)
{
	return s->status;
}

bool
steer_killed(const struct steer *s)
{
	return s->killed;
}
