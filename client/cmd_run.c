/*
 * cmd_run.c - gomote run
 *
 * One request, nothing before it and nothing beside it: what a short command
 * costs is the start of this program, a handshake and a round trip.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/out.h"
#include "client/say.h"
#include "client/target.h"
#include "io/buf.h"
#include "io/proc.h"

struct run {
	const char	*instance, *cmd;
	char		**args;		/* NULL-terminated */
	char		*dir, *path;
	struct strs	 env;
	bool		 system, debug;

	char		*copy_name;
	int		 copy;		/* -1: none */
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

/* --- the copy of the output ------------------------------------------------ */

static void
copy_give_up(struct run *r, const char *name)
{
	say_note("no copy of the output: %s: %s", name, strerror(errno));
	if (r->copy != -1)
		close(r->copy);
	r->copy = -1;
}

/* A copy that cannot be kept is no reason not to run. */
static void
copy_open(struct run *r)
{
	const char	*tmp = getenv("TMPDIR");
	char		*dir, *name;

	if (tmp == NULL || *tmp == '\0')
		tmp = "/tmp";
	dir = xasprintf("%s/gomote.XXXXXX", tmp);
	if (mkdtemp(dir) == NULL)
		copy_give_up(r, dir);
	else {
		name = target_file_name(r->instance);
		r->copy_name = xasprintf("%s/%s.stdout", dir, name);
		free(name);
		r->copy = open(r->copy_name,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (r->copy == -1)
			copy_give_up(r, r->copy_name);
		else
			say_note("writing output to %s", r->copy_name);
	}
	free(dir);
}

/* The answer's bytes, in the same order, to the terminal and to the copy. */
static int
run_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct run	*r = arg;
	const void	*p;
	size_t		 len;

	while ((p = buf_peek(b, &len)) != NULL) {
		if (out_write(STDOUT_FILENO, p, len) == -1)
			return err_errno(e, "write stdout");
		if (r->copy != -1 && out_write(r->copy, p, len) == -1)
			copy_give_up(r, r->copy_name);
		buf_drain(b, len);
	}
	return 0;
}

/* --- how it ended ---------------------------------------------------------- */

/* The exit status; -1 and e. */
static int
run_end(const struct run *r, const struct call *c, struct err *e)
{
	const char	*state = call_trailer(c, API_H_PROCESS_STATE);
	int		 status;

	if (state == NULL)
		return err_code(e, CALL_LOST, "%s: run %s: connection lost: "
		    "the output ended without the command's exit status",
		    call_hop(c), r->cmd);
	if ((status = proc_text_status(state)) == -1)
		return err_set(e, "buildlet: run %s: %s", r->cmd, state);
	if (str_starts(state, "signal: "))
		say_error("command: %s: %s", r->cmd, state);
	return status;
}

static int
run_command(struct gomote *g, struct run *r, struct err *e)
{
	struct call_request	 q = { .method = "POST", .path = "/exec",
	    .stall_ms = -1 };
	struct form		*form;
	struct call		*c = cmd_call(g, r->instance, e);
	char			*doing;
	int			 ret;

	if (c == NULL)
		return -1;
	q.form = form = run_form(r);
	q.doing = doing = xasprintf("run %s", r->cmd);
	if ((ret = call_send(c, &q, e)) == 0) {
		copy_open(r);
		ret = call_read(c, run_sink, r, e);
	}
	if (ret == 0)
		ret = run_end(r, c, e);
	form_free(form);
	free(doing);
	call_free(c);
	return ret;
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
run_operands(struct gomote *g, struct run *r, char **argv)
{
	struct err	e = ERR_INIT;
	int		status;

	r->instance = argv[0];
	r->cmd = argv[1];
	r->args = argv + 2;
	if ((status = run_check_env(r)) != EXIT_OK)
		return status;
	status = run_command(g, r, &e);
	return status == -1 ? cmd_fail(&e) : status;
}

static int
run_run(struct gomote *g, int argc, char **argv)
{
	struct run		r = { .copy = -1 };
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
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	int			i, status;

	i = cmd_options(&cmd_run, opts, argc, argv, 2, -1, &status);
	if (i != -1)
		status = run_operands(g, &r, argv + i);
	if (r.copy != -1 && close(r.copy) == -1)
		say_note("the copy of the output may lack something: %s: %s",
		    r.copy_name, strerror(errno));
	free(r.copy_name);
	strs_release(&r.env);
	return status;
}

const struct cmd cmd_run = { "run",
	"[-dir DIR] [-e NAME=VALUE]... [-path LIST] [-system] [-debug]\n"
	"\tINSTANCE CMD [ARG...]",
	"run a command on an instance",
	"Runs CMD, shows its output as it comes, and ends with its exit status\n"
	"(128+N where signal N killed it). CMD is a path relative to the work\n"
	"directory, an absolute one, or a bare name, which is looked for in the\n"
	"work directory and then in PATH. A copy of the output is kept in a\n"
	"temporary file, whose name is told on stderr. Ctrl-C kills the command.\n\n"
	"  gomote run alice-linux-amd64-0 go/src/make.bash\n"
	"  gomote run -e CGO_ENABLED=0 alice-linux-amd64-0 go/src/all.bash\n"
	"  gomote run -path '$PATH,$WORKDIR/go/bin' alice-linux-amd64-0 go version",
	run_run };
