/*
 * cmd_run.c - gomote run
 *
 * One request, nothing before it: what a short command costs is the start of
 * this program, a handshake and a round trip. Where the buildlet has exec
 * objects the command is one (front.h); else it lives as long as its connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/copy.h"
#include "client/fan.h"
#include "client/front.h"
#include "client/input.h"
#include "client/newid.h"
#include "client/out.h"
#include "client/patience.h"
#include "client/say.h"
#include "client/tty.h"
#include "io/proc.h"

struct run {
	const char	*instance, *cmd;
	char		**args;		/* NULL-terminated */
	char		*dir, *path;
	struct strs	 env;
	bool		 system, debug;
	bool		 detach, input, no_input, pty;
	int64_t		 timeout_ms, give_up_ms;

	char		 id[NEWID_MAX];
	char		*doing;		/* "run CMD" */
	struct show	*show;
	struct copy	 copy;
};

static void
run_add_path(struct form *f, const char *path)
{
	struct strs	parts = STRS_INIT;
	size_t		i;

	if (str_eq(path, "EMPTY"))
		strs_add(&parts, "$EMPTY");
	else
		strs_split(&parts, path, ',', true);
	for (i = 0; i < parts.n; i++)
		form_add(f, "path", parts.v[i]);
	strs_release(&parts);
}

/* What a program finds out about a terminal begins with its name. */
static void
run_add_pty(struct form *f, const struct run *r)
{
	const char	*term = getenv("TERM");
	unsigned	 rows, cols;
	size_t		 i;
	bool		 given = false;

	form_add(f, "pty", "true");
	if (tty_size(&rows, &cols)) {
		form_addf(f, "rows", "%u", rows);
		form_addf(f, "cols", "%u", cols);
	}
	for (i = 0; i < r->env.n; i++)
		given = given || str_starts(r->env.v[i], "TERM=");
	if (term != NULL && *term != '\0' && !given)
		form_addf(f, "env", "TERM=%s", term);
}

static struct form *
run_form(const struct run *r)
{
	struct form	*f = form_new();
	char		**arg;
	size_t		 i;

	form_add(f, "cmd", r->cmd);
	form_add(f, "mode", r->system || *r->cmd == '/' ? "sys" : "");
	form_add(f, "dir", r->dir != NULL ? r->dir : "");
	form_add(f, "debug", r->debug ? "true" : "false");
	for (arg = r->args; *arg != NULL; arg++)
		form_add(f, "cmdArg", *arg);
	for (i = 0; i < r->env.n; i++)
		form_add(f, "env", r->env.v[i]);
	if (r->path != NULL)
		run_add_path(f, r->path);
	return f;
}

/* The same, and what only exec objects have. */
static struct form *
run_exec_form(const struct run *r, bool input)
{
	struct form	*f = run_form(r);

	if (input)
		form_add(f, "stdin", "open");
	if (r->pty)
		run_add_pty(f, r);
	if (r->timeout_ms > 0)
		form_addf(f, "timeout", "%lld", (long long)r->timeout_ms);
	return f;
}

/* --- as an object ----------------------------------------------------------- */

static bool
run_has_input(const struct run *r)
{
	if (r->no_input || r->detach || !input_is_there(STDIN_FILENO))
		return false;
	return r->input || r->pty || !isatty(STDIN_FILENO);
}

static void
on_begun(void *arg)
{
	struct run	*r = arg;

	copy_open(&r->copy, r->instance, r->show);
}

static int
run_foreground(struct gomote *g, struct run *r, struct err *e)
{
	bool			 input = run_has_input(r);
	struct form		*form = run_exec_form(r, input);
	struct front_how	 how = { .instance = r->instance, .id = r->id,
		.cmd = r->cmd, .doing = r->doing, .start = form, .show = r->show,
		.give_up_ms = r->give_up_ms, .input = input, .pty = r->pty,
		.raw = r->pty && input, .begun = on_begun, .arg = r };
	int			 status = front_run(g, &how, e);

	form_free(form);
	return status;
}

/* It is begun, and its id printed. */
static int
run_detached(struct gomote *g, struct run *r, struct err *e)
{
	struct form		*form = run_exec_form(r, false);
	struct follow_how	 how = { .instance = r->instance, .id = r->id,
		.doing = r->doing, .start = form, .detached = true,
		.give_up_ms = r->give_up_ms };
	struct follow		*f = follow_new(g, &how, e);
	struct follow_end	 end;
	int			 ret = -1;

	if (f != NULL && (ret = follow_run(f, &end, e)) == 0) {
		follow_end_release(&end);
		printf("%s\n", r->id);
		ret = out_flush(e);
	}
	follow_free(f);
	form_free(form);
	return ret;
}

/* --- as it was before them -------------------------------------------------- */

static int
run_end(const struct run *r, const struct call *c, struct err *e)
{
	const char		*state = call_trailer(c, API_H_PROCESS_STATE);
	struct follow_end	 end = { NULL, NULL, NULL };
	int			 status;

	if (state == NULL)
		return err_code(e, CALL_LOST, "%s: %s: connection lost: "
		    "the output ended without the command's exit status",
		    call_hop(c), r->doing);
	end.state = xstrdup(state);
	end.why = xstrdup("");
	end.left = xstrdup("");
	status = front_told(&end, r->cmd, r->doing, e);
	follow_end_release(&end);
	return status;
}

/* Stdout and stderr come as one, and the end of the connection ends it. */
static int
run_plain(struct gomote *g, struct run *r, struct err *e)
{
	struct call_request	 q = { .method = "POST", .path = "/exec",
	    .doing = r->doing, .stall_ms = -1 };
	struct show_how		 how = { .out = STDOUT_FILENO, .err = STDERR_FILENO,
		.plain = true };
	struct form		*form;
	struct call		*c = cmd_call(g, r->instance, e);
	int			 ret;

	if (c == NULL)
		return -1;
	show_free(r->show);
	r->show = show_new(g->loop, &how);
	q.form = form = run_form(r);
	if ((ret = call_send(c, &q, e)) == 0) {
		copy_open(&r->copy, r->instance, r->show);
		ret = show_answer(r->show, c, e);
	}
	if (ret == 0)
		ret = run_end(r, c, e);
	form_free(form);
	call_free(c);
	return ret;
}

/* --- the command line ------------------------------------------------------- */

static int
run_command(struct gomote *g, struct run *r, struct err *e)
{
	struct show_how	how = { .out = STDOUT_FILENO, .err = STDERR_FILENO };
	int		ret;

	if (cmd_prepare(g, e) == -1)
		return -1;
	newid(r->id);
	r->doing = xasprintf("run %s", r->cmd);
	if (r->detach)
		return run_detached(g, r, e);
	r->show = show_new(g->loop, &how);
	ret = run_foreground(g, r, e);
	if (ret == -1 && e->code == FOLLOW_NO_EXECS && !r->input && !r->pty &&
	    r->timeout_ms == 0)
		ret = run_plain(g, r, e);
	return ret;
}

static int
run_check(const struct run *r)
{
	size_t	i;

	for (i = 0; i < r->env.n; i++)
		if (*r->env.v[i] == '=' || strchr(r->env.v[i], '=') == NULL)
			return cmd_usage(&cmd_run, "-e %s: not of the form "
			    "NAME=VALUE", r->env.v[i]);
	if (r->input && (r->no_input || r->detach))
		return cmd_usage(&cmd_run, "-i: not together with %s",
		    r->detach ? "-d" : "-n");
	return EXIT_OK;
}

static int
run_operands(struct gomote *g, struct run *r, char **argv)
{
	struct err	e = ERR_INIT;
	int		status;

	r->cmd = argv[0];
	r->args = argv + 1;
	if ((status = run_check(r)) != EXIT_OK)
		return status;
	status = run_command(g, r, &e);
	return status == -1 ? cmd_fail(&e) : status;
}

/* Neither our terminal nor our stdin can be that of several. */
static int
run_several(struct broadcast_how *how, char **operands, int n, void *arg)
{
	struct run	*r = arg;
	int		 status = run_check(r);

	(void)operands;
	(void)n;
	if (status != EXIT_OK)
		return status;
	if (r->input || r->pty)
		return cmd_usage(&cmd_run, "-%c: not on several instances at once",
		    r->pty ? 't' : 'i');
	if (run_has_input(r))
		say_note("stdin is not passed on to several instances");
	how->copies = !r->detach;
	return EXIT_OK;
}

static int
run_run(struct gomote *g, int argc, char **argv)
{
	struct run		r = { .copy = COPY_INIT, .give_up_ms = PATIENCE_MS };
	const struct opt	opts[] = {
		{ "dir", OPT_STRING, &r.dir, "DIR",
		    "where to run it (else the directory of CMD)" },
		{ "e", OPT_STRINGS, &r.env, "NAME=VALUE",
		    "an environment variable; may be repeated" },
		{ "path", OPT_STRING, &r.path, "LIST",
		    "PATH, commas between; may hold $PATH and $WORKDIR; or EMPTY" },
		{ "system", OPT_BOOL, &r.system, NULL,
		    "CMD is one of the system, found in PATH" },
		{ "debug", OPT_BOOL, &r.debug, NULL,
		    "first print what is run, where, with which environment" },
		{ "d", OPT_BOOL, &r.detach, NULL,
		    "only begin it, and print its exec id" },
		{ "i", OPT_BOOL, &r.input, NULL,
		    "pass stdin on, even where it is a terminal" },
		{ "n", OPT_BOOL, &r.no_input, NULL, "do not pass stdin on" },
		{ "t", OPT_BOOL, &r.pty, NULL,
		    "give it a terminal (a pty), and pass stdin on" },
		{ "timeout", OPT_DURATION, &r.timeout_ms, "DURATION",
		    "end it when it has run for so long" },
		{ "give-up", OPT_DURATION, &r.give_up_ms, "DURATION",
		    "leave it when there was no connection for so long" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	fan = { .cmd = &cmd_run, .opts = opts, .min = 1, .max = -1,
		.several = run_several, .arg = &r };
	int			i, status;

	i = fan_in(g, &fan, argc, argv, &r.instance, &status);
	if (i != -1)
		status = run_operands(g, &r, argv + i);
	copy_close(&r.copy);
	show_free(r.show);
	free(r.doing);
	strs_release(&r.env);
	return status;
}

const struct cmd cmd_run = { "run",
	"[-d] [-i | -n] [-t] [-dir DIR] [-e NAME=VALUE]... [-path LIST]\n"
	"\t[-system] [-debug] [-timeout DURATION] [-give-up DURATION]\n"
	"\t[INSTANCE] CMD [ARG...]",
	"run a command on an instance",
	"Runs CMD, shows its output as it comes, and ends with its exit status\n"
	"(128+N where signal N killed it). CMD is a path relative to the work\n"
	"directory, an absolute one, or a bare name, which is looked for in the\n"
	"work directory and then in PATH. Stdin is passed on unless it is a\n"
	"terminal. A copy of the output is kept in a temporary file, whose name\n"
	"is told on stderr.\n\n"
	"Ctrl-C interrupts CMD; once more kills it. When the connection is lost CMD\n"
	"goes on, and so does its output as soon as there is a connection again. What\n"
	"was begun with -d, or left behind, is an exec: see ps, attach, logs, wait,\n"
	"kill.\n\n"
	"  gomote run alice-linux-amd64-0 go/src/make.bash\n"
	"  gomote run -e CGO_ENABLED=0 alice-linux-amd64-0 go/src/all.bash\n"
	"  gomote run -path '$PATH,$WORKDIR/go/bin' alice-linux-amd64-0 go version\n"
	"  gomote run -t alice-linux-amd64-0 /bin/bash",
	run_run };
