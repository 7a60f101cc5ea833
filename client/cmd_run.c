/*
 * cmd_run.c - gomote run
 *
 * One request, nothing before it: what a short command costs is the start of
 * this program, a handshake and a round trip (command.h).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/command.h"
#include "client/execid.h"
#include "client/fan.h"
#include "client/input.h"
#include "client/patience.h"
#include "client/say.h"
#include "client/target.h"
#include "client/until.h"
#include "data/json.h"

struct run {
	struct command	 c;
	char		*dir, *path, *builder_env, *pattern;
	struct strs	 env;
	bool		 detach, input, no_input, collect, any;
	struct until	*until;		/* NULL: once */
	struct copy	 copy;
};

static bool
run_has_input(const struct run *r)
{
	if (r->no_input || r->detach || r->pattern != NULL ||
	    !input_is_there(STDIN_FILENO))
		return false;
	return r->input || r->c.pty || !isatty(STDIN_FILENO);
}

/* --- once, or until it matches ------------------------------------------------ */

static void
on_shown(const void *p, size_t len, void *until)
{
	until_add(until, p, len);
}

/* The file holds what came of the last run. */
static int
run_until(struct gomote *g, struct run *r, const struct command_out *out,
    struct command_end *end, struct err *e)
{
	struct err	why;
	unsigned long	n;
	bool		match;

	for (n = 1;; n++) {
		why = (struct err)ERR_INIT;
		if (command_run(g, &r->c, out, end, &why) == -1) {
			*e = why;
			return -1;
		}
		if (!end->ended)
			return 0;
		match = until_end(r->until);
		say_note("run %lu: status %d, %s", n, end->status,
		    match ? "match" : end->asked != 0 ? "no match, interrupted" :
		    "no match, again");
		if (match)
			end->status = EXIT_OK;
		else if (end->asked != 0)
			end->status = end->asked;
		if (match || end->asked != 0)
			return 0;
		command_forget(g, &r->c, end);	/* there may be very many */
	}
}

/* The tree, as gettar fetches it, whatever the status. */
static int
run_collect(struct gomote *g, const struct run *r, const struct command_end *end)
{
	int	status = cmd_on(g, &cmd_gettar, r->c.instance);

	if (end->status != EXIT_OK)
		return end->status;
	return status == EXIT_OK && !end->copied ? EXIT_FAILED : status;
}

static int
run_foreground(struct gomote *g, struct run *r, struct err *e)
{
	struct command_out	out = { .quiet = r->collect && !r->c.pty,
		.copy = &r->copy, .tap = r->until == NULL ? NULL : on_shown,
		.arg = r->until };
	struct command_end	end;
	int			ret;

	if (r->collect && copy_collect(&r->copy, r->c.instance, e) == -1)
		return -1;
	if (r->until != NULL)
		ret = run_until(g, r, &out, &end, e);
	else
		ret = command_run(g, &r->c, &out, &end, e);
	if (ret == -1)
		return -1;
	return r->collect && end.ended ? run_collect(g, r, &end) : end.status;
}

/* --- another builder type's environment --------------------------------------- */

/* An older coordinator would pass over it in silence. */
static int
run_check_builder(struct gomote *g, const struct run *r, struct err *e)
{
	struct json	*j, *list;
	size_t		 i;
	bool		 known = false;

	if (target_is_direct(r->c.instance))
		return err_set(e, "-builderenv: only a coordinator knows builder types");
	j = execid_get(g, NULL, "/api/v1/version", NULL, "-builderenv", e);
	if (j == NULL && e->code != EXECID_NONE)
		return -1;
	list = json_get(j, "Features");
	for (i = 0; i < json_len(list); i++)
		known = known || str_eq(json_value_str(json_at(list, i)), API_F_BUILDER_ENV);
	json_free(j);
	return known ? 0 : err_set(e, "coordinator: -builderenv: it is too old for that");
}

/* --- the command line ------------------------------------------------------- */

static int
run_command(struct gomote *g, struct run *r, struct err *e)
{
	struct command	*c = &r->c;

	if (cmd_prepare(g, e) == -1)
		return -1;
	c->input = run_has_input(r);
	c->needs_exec = r->input || c->pty || c->timeout_ms > 0;
	if (c->builder_env != NULL && run_check_builder(g, r, e) == -1)
		return -1;
	return r->detach ? command_detach(g, c, e) : run_foreground(g, r, e);
}

static int
run_check_env(const struct run *r)
{
	size_t	i;

	for (i = 0; i < r->env.n; i++)
		if (*r->env.v[i] == '=' || strchr(r->env.v[i], '=') == NULL)
			return cmd_usage(&cmd_run, "-e %s: not of the form "
			    "NAME=VALUE", r->env.v[i]);
	return EXIT_OK;
}

static int
run_check(struct run *r, const char *cmd)
{
	struct err	e = ERR_INIT;

	if (*cmd == '\0')
		return cmd_usage(&cmd_run, "CMD is empty");
	if (r->input && (r->no_input || r->detach || r->pattern != NULL))
		return cmd_usage(&cmd_run, "-i: not together with %s",
		    r->no_input ? "-n" : r->detach ? "-d" : "-until");
	if (r->detach && (r->collect || r->pattern != NULL))
		return cmd_usage(&cmd_run, "-d: not together with %s",
		    r->collect ? "-collect" : "-until");
	if (r->any && r->pattern == NULL)
		return cmd_usage(&cmd_run, "-any: only together with -until");
	if (r->pattern != NULL &&
	    (r->until = until_new(r->pattern, UNTIL_WINDOW, &e)) == NULL)
		return cmd_usage(&cmd_run, "-until %s: %s", r->pattern, e.msg);
	return run_check_env(r);
}

static int
run_operands(struct gomote *g, struct run *r, char **argv)
{
	struct err	e = ERR_INIT;
	int		status;

	r->c.cmd = argv[0];
	r->c.args = argv + 1;
	r->c.dir = r->dir;
	r->c.path = r->path;
	r->c.env = &r->env;
	r->c.builder_env = r->builder_env;
	if ((status = run_check(r, argv[0])) != EXIT_OK)
		return status;
	status = run_command(g, r, &e);
	return status == -1 ? cmd_fail(&e) : status;
}

/* Neither our terminal nor our stdin can be that of several. */
static int
run_several(struct broadcast_how *how, char **operands, int n, void *arg)
{
	struct run	*r = arg;
	int		 status = run_check(r, operands[0]);

	(void)n;
	if (status != EXIT_OK)
		return status;
	if (r->input || r->c.pty)
		return cmd_usage(&cmd_run, "-%c: not on several instances at once",
		    r->c.pty ? 't' : 'i');
	if (run_has_input(r))
		say_note("stdin is not passed on to several instances");
	how->copies = !r->detach && !r->collect;
	how->any = r->any;
	return EXIT_OK;
}

static int
run_run(struct gomote *g, int argc, char **argv)
{
	struct run		r = { .copy = COPY_INIT, .c = { .give_up_ms = PATIENCE_MS } };
	const struct opt	opts[] = {
		{ "dir", OPT_STRING, &r.dir, "DIR",
		    "where to run it (else the directory of CMD)" },
		{ "e", OPT_STRINGS, &r.env, "NAME=VALUE",
		    "an environment variable; may be repeated" },
		{ "path", OPT_STRING, &r.path, "LIST",
		    "PATH, commas between; may hold $PATH and $WORKDIR; or EMPTY" },
		{ "system", OPT_BOOL, &r.c.system, NULL,
		    "CMD is one of the system, found in PATH" },
		{ "debug", OPT_BOOL, &r.c.debug, NULL,
		    "first print what is run, where, with which environment" },
		{ "builderenv", OPT_STRING, &r.builder_env, "TYPE",
		    "the environment of this builder type, not the instance's own" },
		{ "firewall", OPT_BOOL, &r.c.firewall, NULL,
		    "tell it not to reach out of the machine" },
		{ "collect", OPT_BOOL, &r.collect, NULL,
		    "output to INSTANCE.stdout, the tree to INSTANCE.tar.gz" },
		{ "until", OPT_STRING, &r.pattern, "REGEXP",
		    "run it again and again, until its output matches" },
		{ "any", OPT_BOOL, &r.any, NULL,
		    "with a group and -until: stop all when one matches" },
		{ "d", OPT_BOOL, &r.detach, NULL,
		    "only begin it, and print its exec id" },
		{ "i", OPT_BOOL, &r.input, NULL,
		    "pass stdin on, even where it is a terminal" },
		{ "n", OPT_BOOL, &r.no_input, NULL, "do not pass stdin on" },
		{ "t", OPT_BOOL, &r.c.pty, NULL,
		    "give it a terminal (a pty), and pass stdin on" },
		{ "timeout", OPT_DURATION, &r.c.timeout_ms, "DURATION",
		    "end it when it has run for so long" },
		{ "give-up", OPT_DURATION, &r.c.give_up_ms, "DURATION",
		    "leave it when there was no connection for so long" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	fan = { .cmd = &cmd_run, .opts = opts, .min = 1, .max = -1,
		.several = run_several, .arg = &r };
	int			i, status;

	i = fan_in(g, &fan, argc, argv, &r.c.instance, &status);
	if (i != -1)
		status = run_operands(g, &r, argv + i);
	copy_close(&r.copy);
	until_free(r.until);
	strs_release(&r.env);
	return status;
}

const struct cmd cmd_run = { "run",
	"[-collect] [-until REGEXP [-any]] [-d] [-i | -n] [-t]\n"
	"\t[-dir DIR] [-e NAME=VALUE]... [-path LIST] [-system] [-debug]\n"
	"\t[-builderenv TYPE] [-firewall] [-timeout DURATION]\n"
	"\t[-give-up DURATION]\n"
	"\t[INSTANCE] CMD [ARG...]",
	"run a command on an instance",
	"Runs CMD, shows its output as it comes, and ends with its exit status\n"
	"(128+N where signal N killed it). CMD is a path relative to the work\n"
	"directory, an absolute one, or a bare name, which is looked for in the\n"
	"work directory and then in PATH. Stdin is passed on unless it is a\n"
	"terminal. A copy of the output is kept in a temporary file, whose name\n"
	"is told on stderr; with -collect it is INSTANCE.stdout here, and takes the\n"
	"output alone.\n\n"
	"Ctrl-C interrupts CMD; once more kills it. When the connection is lost CMD\n"
	"goes on, and so does its output as soon as there is a connection again. What\n"
	"was begun with -d, or left behind, is an exec: see ps, attach, logs, wait,\n"
	"kill.\n\n"
	"  gomote run user-alice-linux-amd64-0 go/src/make.bash\n"
	"  gomote run -e CGO_ENABLED=0 user-alice-linux-amd64-0 go/src/all.bash\n"
	"  gomote run -path '$PATH,$WORKDIR/go/bin' user-alice-linux-amd64-0 go version\n"
	"  gomote run -collect -until 'FAIL|panic' $MOTE go/bin/go test os\n"
	"  gomote run -t user-alice-linux-amd64-0 /bin/bash",
	run_run };
