/* exec_api.c - execs listed, shown, waited for, signalled, killed, forgotten. */
#include "buildlet/exec_api.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execs.h"
#include "buildlet/execspec.h"

#define JSON_TYPE	"application/json; charset=utf-8"
#define WAIT_MAX_MS	60000
#define ASK_MS		1000
#define GRACE_MAX_MS	(60 * 60 * 1000)
#define SIGNAL_MAX	64

/* ---- answers ---- */

static void
answer_json(struct http_req *r, int status, struct json *j)
{
	char	*text = json_text(j, false);

	reply_data(r, status, JSON_TYPE, text, strlen(text));
	free(text);
	json_free(j);
}

void
exec_api_answer(struct http_req *r, int status, const struct exec *x)
{
	answer_json(r, status, exec_json(x, false));
}

/* OK, or why not. */
static void
answer_word(struct http_req *r, int ret, const struct err *e)
{
	if (ret == 0)
		reply_text(r, 200, "OK");
	else
		reply_error(r, e->code, "buildlet: %s", e->msg);
}

int
exec_api_number(struct http_req *r, const char *name, int64_t min, int64_t max,
    int64_t otherwise, int64_t *out)
{
	const char	*text = req_param(r, name);

	*out = otherwise;
	if (text == NULL || str_int64(text, min, max, out) == 0)
		return 0;
	reply_error(r, 400, "buildlet: invalid '%s' parameter: no number from %lld "
	    "to %lld", name, (long long)min, (long long)max);
	return -1;
}

/* ---- the list ---- */

static void
list_add(struct exec *x, void *arg)
{
	json_push(arg, exec_json(x, true));
}

void
exec_api_list(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	struct json	*j, *list;
	int64_t		 after;

	if (exec_api_number(r, "after", 0, INT64_MAX, 0, &after) == -1)
		return;
	j = json_object();
	list = json_array();
	json_set_int(j, "Seq", (int64_t)execs_seq(b->execs));
	json_set_int(j, "Running", (int64_t)execs_running(b->execs));
	execs_each(b->execs, (uint64_t)after, list_add, list);
	json_set(j, "Execs", list);
	answer_json(r, 200, j);
}

/* ---- one ---- */

/*
 * A GET of one that runs is answered when its supervisor has told the present
 * state, or when that takes too long; with wait, at its end or when the time is
 * over.
 */
struct waiting {
	struct http_req		*r;
	struct exec		*x;
	struct exec_watch	*watch;
	struct timer		*timer;
	bool			 for_end;
};

static void
waiting_free(struct waiting *w)
{
	timer_free(w->timer);
	exec_unwatch(w->watch);
	free(w);
}

static void
on_gone(void *arg)
{
	waiting_free(arg);
}

static void
waiting_answer(struct waiting *w)
{
	struct http_req	*r = w->r;

	req_not_on_done(r, on_gone, w);
	exec_api_answer(r, 200, w->x);
	waiting_free(w);
}

static void
on_time(void *arg)
{
	waiting_answer(arg);
}

static void
on_changed(struct exec *x, void *arg)
{
	struct waiting	*w = arg;

	if (exec_state(x) >= EXEC_ENDED || (!w->for_end && !exec_asking(x)))
		waiting_answer(w);
}

static void
one_get(struct buildlet *b, struct http_req *r, struct exec *x)
{
	struct waiting	*w;
	int64_t		 ms;

	if (exec_api_number(r, "wait", 0, INT64_MAX, 0, &ms) == -1)
		return;
	if (exec_state(x) >= EXEC_ENDED) {
		exec_api_answer(r, 200, x);
		return;
	}
	w = xcalloc(1, sizeof *w);
	w->r = r;
	w->x = x;
	w->for_end = ms > 0;
	w->watch = exec_watch(x, on_changed, w);
	w->timer = timer_new(b->loop, on_time, w);
	req_on_done(r, on_gone, w);
	if (w->for_end) {
		timer_set(w->timer, ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS);
		return;
	}
	timer_set(w->timer, ASK_MS);
	exec_ask(x);
	exec_watch_wake(w->watch);
}

static void
one_forget(struct buildlet *b, struct http_req *r, struct exec *x)
{
	struct err	e = ERR_INIT;

	(void)b;
	answer_word(r, exec_forget(x, &e), &e);
}

static void
one_resize(struct buildlet *b, struct http_req *r, struct exec *x)
{
	struct err	e = ERR_INIT;
	int64_t		rows, cols;

	(void)b;
	if (exec_api_number(r, "rows", 1, UINT16_MAX, 0, &rows) == -1 ||
	    exec_api_number(r, "cols", 1, UINT16_MAX, 0, &cols) == -1)
		return;
	if (rows == 0 || cols == 0) {
		reply_error(r, 400, "buildlet: requires 'rows' and 'cols' parameters");
		return;
	}
	answer_word(r, exec_resize(x, (unsigned)rows, (unsigned)cols, &e), &e);
}

/* "TERM", "SIGTERM" or "15"; 0: none that may be sent. */
static int
signal_number(const char *text)
{
	static const struct { const char *name; int no; } known[] = {
		{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT },
		{ "ILL", SIGILL }, { "TRAP", SIGTRAP }, { "ABRT", SIGABRT },
		{ "BUS", SIGBUS }, { "FPE", SIGFPE }, { "KILL", SIGKILL },
		{ "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
		{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
		{ "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP },
		{ "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
		{ "URG", SIGURG }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
		{ "WINCH", SIGWINCH },
	};
	const char	*name = text;
	int64_t		 no;
	size_t		 i;

	if (str_int64(text, 1, SIGNAL_MAX, &no) == 0)
		return (int)no;
	if (strlen(text) > 3 && strncmp(text, "SIG", 3) == 0)
		name += 3;
	for (i = 0; i < nitems(known); i++)
		if (str_eq(name, known[i].name))
			return known[i].no;
	return 0;
}

static void
one_signal(struct buildlet *b, struct http_req *r, struct exec *x)
{
	const char	*text = req_param(r, "signal");
	struct err	 e = ERR_INIT;
	int		 no;

	(void)b;
	if (text == NULL) {
		reply_error(r, 400, "buildlet: requires 'signal' parameter");
		return;
	}
	no = signal_number(text);
	if (no == 0)
		reply_error(r, 400, "buildlet: invalid 'signal' parameter: no signal: "
		    "%.40s", text);
	else
		answer_word(r, exec_signal(x, no, &e), &e);
}

static void
one_kill(struct buildlet *b, struct http_req *r, struct exec *x)
{
	struct err	e = ERR_INIT;
	int64_t		grace;

	if (exec_api_number(r, "grace", 0, GRACE_MAX_MS, b->set->term_ms, &grace) == 0)
		answer_word(r, exec_kill(x, grace, &e), &e);
}

/* ---- /execs/ID[/what] ---- */

static const struct {
	const char	*method, *what;
	void		(*fn)(struct buildlet *, struct http_req *, struct exec *);
} pages[] = {
	{ "GET", "", one_get },
	{ "DELETE", "", one_forget },
	{ "GET", "/log", exec_api_log },
	{ "PUT", "/stdin", exec_api_stdin },
	{ "POST", "/resize", one_resize },
	{ "POST", "/signal", one_signal },
	{ "POST", "/kill", one_kill },
};

static void
answer_page(struct buildlet *b, struct http_req *r, struct exec *x,
    const char *what)
{
	const char	*method = req_method(r), *allow = NULL;
	size_t		 i;

	if (str_eq(method, "HEAD"))
		method = "GET";
	for (i = 0; i < nitems(pages); i++) {
		if (!str_eq(what, pages[i].what))
			continue;
		if (str_eq(method, pages[i].method)) {
			pages[i].fn(b, r, x);
			return;
		}
		allow = allow == NULL ? pages[i].method :
		    req_printf(r, "%s, %s", allow, pages[i].method);
	}
	if (allow == NULL) {
		reply_error(r, 404, "no such page: %s", req_path(r));
		return;
	}
	reply_header(r, "Allow", allow);
	reply_error(r, 405, "%s is not for %s, but %s", req_path(r), req_method(r), allow);
}

void
exec_api_one(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*id = req_path(r) + strlen("/execs/");
	const char	*what = id + strcspn(id, "/");
	char		*name = xstrndup(id, (size_t)(what - id));
	struct exec	*x = exec_find(b->execs, name);

	free(name);
	if (x == NULL) {
		reply_error(r, 404, "buildlet: no such exec: %.*s", (int)(what - id), id);
		return;
	}
	reply_header(r, API_H_EXEC_ID, exec_id(x));
	answer_page(b, r, x, what);
}
