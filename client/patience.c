/* patience.c - trying again (patience.h). */
#include "client/patience.h"

#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/call.h"
#include "client/say.h"
#include "io/loop.h"
#include "io/stream.h"

#define AGAIN_FIRST_MS	200
#define AGAIN_MAX_MS	5000
/* A connection that stood for so long has worked: the next break is a new one. */
#define WORKED_MS	2000
#define GONE		"unknown or expired buildlet"

struct patience {
	struct loop	*loop;
	int64_t		 give_up_ms;
	struct backoff	 backoff;
	struct timer	*timer;
	int64_t		 since;		/* clock_mono of the break; -1: none */
	int64_t		 back;		/* of the last patience_back */
	bool		 ever;		/* there was a sign */
	bool		 answered;	/* the last try: somebody told why it cannot be now */
	bool		 lost;		/* said */
	bool		 waiting, stopped;
	unsigned	 failures;	/* since the last sign */
	char		*told;		/* the last reason that was */
};

/* --- judging ---------------------------------------------------------------- */

static enum patience_verdict
judge_unanswered(const struct err *e, bool begun)
{
	switch (e->code) {
	case CALL_LOST:
	case STREAM_RESET:
	case STREAM_REFUSED:
	case STREAM_TIMEOUT:
	case STREAM_GONE:
		return PATIENCE_AGAIN;
	case STREAM_TLS:
	case STREAM_SYSTEM:
		return begun ? PATIENCE_AGAIN : PATIENCE_OVER;
	default:
		return PATIENCE_OVER;
	}
}

enum patience_verdict
patience_judge(int status, const struct err *e, bool begun)
{
	if (status == 0 || e->code == CALL_LOST)
		return judge_unanswered(e, begun);
	if (status == 502 && strstr(e->msg, GONE) != NULL)
		return PATIENCE_GONE;
	return status >= 502 && status <= 504 ? PATIENCE_AGAIN : PATIENCE_OVER;
}

const char *
patience_gone_why(const struct err *e)
{
	const char	*at = strstr(e->msg, GONE ": ");

	return at == NULL ? e->msg : at + strlen(GONE ": ");
}

/* --- waiting ---------------------------------------------------------------- */

static void
patience_wake(struct patience *p)
{
	p->waiting = false;
	loop_stop(p->loop);
}

static void
on_time(void *arg)
{
	patience_wake(arg);
}

struct patience *
patience_new(struct loop *loop, int64_t give_up_ms)
{
	struct patience	*p = xcalloc(1, sizeof *p);

	p->loop = loop;
	p->give_up_ms = give_up_ms;
	p->backoff = (struct backoff)BACKOFF_INIT(AGAIN_FIRST_MS, AGAIN_MAX_MS);
	p->since = -1;
	return p;
}

void
patience_free(struct patience *p)
{
	if (p == NULL)
		return;
	timer_free(p->timer);
	free(p->told);
	free(p);
}

void
patience_sign(struct patience *p)
{
	p->since = -1;
	p->ever = true;
}

void
patience_back(struct patience *p)
{
	patience_sign(p);
	p->back = loop_now(p->loop);
	p->failures = 0;
	free(p->told);
	p->told = NULL;
	if (p->lost)
		say_note("connected again");
	p->lost = false;
}

/* Past a number or a duration, "1m31s". */
static const char *
skip_count(const char *s)
{
	if (*s >= '0' && *s <= '9')
		s += strspn(s, "0123456789.hms");
	return s;
}

/* "last heard 31s ago" is no news after "last heard 30s ago". */
static bool
same_reason(const char *a, const char *b)
{
	if (a == NULL)
		return false;
	for (;; a++, b++) {
		a = skip_count(a);
		b = skip_count(b);
		if (*a != *b || *a == '\0')
			return *a == *b;
	}
}

/* The first failure is the break itself; why the next tries fail is news. */
static void
patience_tell(struct patience *p, const struct err *why)
{
	if (!p->lost)
		say_note("connection lost, waiting...");
	p->lost = true;
	if (p->failures++ == 0 || same_reason(p->told, why->msg))
		return;
	say_note("%s", why->msg);
	free(p->told);
	p->told = xstrdup(why->msg);
}

static int64_t
patience_limit(const struct patience *p)
{
	if (p->answered && p->give_up_ms == PATIENCE_MS)
		return PATIENCE_AWAY_MS;
	return p->ever || p->answered || p->give_up_ms < PATIENCE_FIRST_MS ?
	    p->give_up_ms : PATIENCE_FIRST_MS;
}

/* Where the hint stands with which an answer's text ends, past its bracket; NULL. */
static const char *
hint_of(const char *text)
{
	const char	*hint = NULL, *p;

	if (!str_ends(text, ")"))
		return NULL;
	for (p = text; (p = strstr(p, " (")) != NULL; hint = p)
		p += 2;
	return hint;
}

static int
patience_give_up(const struct patience *p, int64_t silence, const struct err *why,
    struct err *e)
{
	char		 buf[CLOCK_TEXT_MAX];
	const char	*after, *hint = hint_of(why->msg);

	if (!p->ever) {		/* never anything but this */
		*e = *why;
		return -1;
	}
	after = clock_duration((silence + 500) / 1000 * 1000, buf);
	if (hint == NULL)
		return err_code(e, CALL_LOST, "%s (given up after %s)", why->msg, after);
	return err_code(e, CALL_LOST, "%.*s (given up after %s; %s",
	    (int)(hint - why->msg) - 2, why->msg, after, hint);
}

int
patience_wait(struct patience *p, const struct err *why, struct err *e)
{
	int64_t	now = loop_now(p->loop), ms;

	if (p->stopped)
		return err_code(e, CALL_CUT, "given up");
	if (p->since == -1)
		p->since = now;
	if (p->back != 0 && now - p->back >= WORKED_MS)
		backoff_reset(&p->backoff);
	p->back = 0;
	p->answered = why->code == 0;
	ms = backoff_next(&p->backoff);
	if (now - p->since + ms > patience_limit(p))
		return patience_give_up(p, now - p->since, why, e);
	patience_tell(p, why);
	if (p->timer == NULL)
		p->timer = timer_new(p->loop, on_time, p);
	timer_set(p->timer, ms);
	p->waiting = true;
	loop_run(p->loop);
	if (p->waiting)
		fatalx("nothing is left to wait for");
	return p->stopped ? err_code(e, CALL_CUT, "given up") : 0;
}

void
patience_stop(struct patience *p)
{
	p->stopped = true;
	if (!p->waiting)
		return;
	timer_stop(p->timer);
	patience_wake(p);
}
