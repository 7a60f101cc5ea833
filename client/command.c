/* command.c - a command on an instance (command.h). */
#include "client/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/xmalloc.h"
#include "client/front.h"
#include "client/out.h"
#include "client/tty.h"

/* What tests of Go look at before they reach out. */
#define FIREWALL	"GO_DISABLE_OUTBOUND_NETWORK=1"
#define ANSWER_MAX	4096

struct task {
	struct gomote			*g;
	const struct command		*c;
	const struct command_out	*out;
	char				 id[NEWID_MAX];
	char				*doing;		/* "run CMD" */
	struct show			*show;
};

/* --- what is asked for ------------------------------------------------------- */

static void
add_path(struct form *f, const char *path)
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

static void
add_env(struct form *f, const struct command *c)
{
	size_t	i;

	if (c->firewall)
		form_add(f, "env", FIREWALL);
	for (i = 0; c->env != NULL && i < c->env->n; i++)
		form_add(f, "env", c->env->v[i]);
}

static bool
sets_term(const struct command *c)
{
	size_t	i;

	for (i = 0; c->env != NULL && i < c->env->n; i++)
		if (str_starts(c->env->v[i], "TERM="))
			return true;
	return false;
}

/* What a program finds out about a terminal begins with its name. */
static void
add_pty(struct form *f, const struct command *c)
{
	const char	*term = getenv("TERM");
	unsigned	 rows, cols;

	form_add(f, "pty", "true");
	if (tty_size(&rows, &cols)) {
		form_addf(f, "rows", "%u", rows);
		form_addf(f, "cols", "%u", cols);
	}
	if (term != NULL && *term != '\0' && !sets_term(c))
		form_addf(f, "env", "TERM=%s", term);
}

static struct form *
plain_form(const struct command *c)
{
	struct form	*f = form_new();
	char *const	*arg;

	form_add(f, "cmd", c->cmd);
	form_add(f, "mode", c->system || *c->cmd == '/' ? "sys" : "");
	form_add(f, "dir", c->dir != NULL ? c->dir : "");
	form_add(f, "debug", c->debug ? "true" : "false");
	for (arg = c->args; *arg != NULL; arg++)
		form_add(f, "cmdArg", *arg);
	add_env(f, c);
	if (c->path != NULL)
		add_path(f, c->path);
	return f;
}

/* The same, and what only exec objects have. */
static struct form *
exec_form(const struct command *c)
{
	struct form	*f = plain_form(c);

	if (c->input)
		form_add(f, "stdin", "open");
	if (c->pty)
		add_pty(f, c);
	if (c->timeout_ms > 0)
		form_addf(f, "timeout", "%lld", (long long)c->timeout_ms);
	return f;
}

/* --- its output --------------------------------------------------------------- */

static void
show_begin(struct task *t, bool plain)
{
	struct show_how	how = { .out = STDOUT_FILENO, .err = STDERR_FILENO,
		.plain = plain, .quiet = t->out->quiet };

	show_free(t->show);
	t->show = show_new(t->g->loop, &how);
	show_tap(t->show, t->out->tap, t->out->arg);
}

static void
on_begun(void *arg)
{
	struct task	*t = arg;

	copy_open(t->out->copy, t->c->instance, t->show);
}

/* --- as an object ------------------------------------------------------------- */

static int
run_exec(struct task *t, struct command_end *end, struct err *e)
{
	const struct command	*c = t->c;
	struct form		*form = exec_form(c);
	struct front_end	 fe;
	struct front_how	 how = { .instance = c->instance, .id = t->id,
		.cmd = c->cmd, .doing = t->doing, .start = form,
		.builder_env = c->builder_env, .give_up_ms = c->give_up_ms,
		.input = c->input, .pty = c->pty, .raw = c->pty && c->input,
		.begun = on_begun, .arg = t, .end = &fe };

	show_begin(t, false);
	how.show = t->show;
	end->status = front_run(t->g, &how, e);
	end->ended = fe.ended;
	end->asked = fe.asked;
	if (end->ended)
		memcpy(end->id, t->id, sizeof end->id);
	form_free(form);
	return end->status == -1 ? -1 : 0;
}

int
command_detach(struct gomote *g, const struct command *c, struct err *e)
{
	char			 id[NEWID_MAX], *doing = xasprintf("run %s", c->cmd);
	struct form		*form = exec_form(c);
	struct follow_how	 how = { .instance = c->instance, .id = id,
		.doing = doing, .start = form, .builder_env = c->builder_env,
		.detached = true, .give_up_ms = c->give_up_ms };
	struct follow		*f;
	struct follow_end	 end;
	int			 ret = -1;

	newid(id);
	f = follow_new(g, &how, e);
	if (f != NULL && (ret = follow_run(f, &end, e)) == 0) {
		follow_end_release(&end);
		printf("%s\n", id);
		ret = out_flush(e);
	}
	follow_free(f);
	form_free(form);
	free(doing);
	return ret;
}

/* --- as it was before them ---------------------------------------------------- */

static int
plain_end(const struct task *t, const struct call *call, struct err *e)
{
	const char		*state = call_trailer(call, API_H_PROCESS_STATE);
	struct follow_end	 end = { NULL, NULL, NULL };
	int			 status;

	if (state == NULL)
		return err_code(e, CALL_LOST, "%s: %s: connection lost: "
		    "the output ended without the command's exit status",
		    call_hop(call), t->doing);
	end.state = xstrdup(state);
	end.why = xstrdup("");
	end.left = xstrdup("");
	status = front_told(&end, t->c->cmd, t->doing, e);
	follow_end_release(&end);
	return status;
}

/* Stdout and stderr come as one, and the end of the connection ends it. */
static int
run_plain(struct task *t, struct command_end *end, struct err *e)
{
	struct call_request	 q = { .method = "POST", .path = "/exec",
	    .doing = t->doing, .stall_ms = -1, .builder_env = t->c->builder_env };
	struct form		*form;
	struct call		*call = cmd_call(t->g, t->c->instance, e);
	int			 ret;

	if (call == NULL)
		return -1;
	show_begin(t, true);
	q.form = form = plain_form(t->c);
	if ((ret = call_send(call, &q, e)) == 0) {
		on_begun(t);
		ret = show_answer(t->show, call, e);
	}
	if (ret == 0)
		ret = plain_end(t, call, e);
	form_free(form);
	call_free(call);
	end->status = ret;
	end->ended = ret != -1;
	return ret == -1 ? -1 : 0;
}

int
command_run(struct gomote *g, const struct command *c, const struct command_out *out,
    struct command_end *end, struct err *e)
{
	struct task	t = { .g = g, .c = c, .out = out };
	int		ret;

	memset(end, 0, sizeof *end);
	if (cmd_prepare(g, e) == -1)
		return -1;
	newid(t.id);
	t.doing = xasprintf("run %s", c->cmd);
	ret = run_exec(&t, end, e);
	if (ret == -1 && e->code == FOLLOW_NO_EXECS && !c->needs_exec)
		ret = run_plain(&t, end, e);
	end->copied = show_copied(t.show);
	show_free(t.show);
	free(t.doing);
	return ret;
}

void
command_forget(struct gomote *g, const struct command *c, const struct command_end *end)
{
	char			*path = xasprintf("/execs/%s", end->id);
	struct call_request	 q = { .method = "DELETE", .path = path,
		.doing = "forget" };
	struct err		 ignored = ERR_INIT;
	struct call		*call;

	if (*end->id != '\0' && (call = cmd_call(g, c->instance, &ignored)) != NULL) {
		if (call_text(call, &q, ANSWER_MAX, NULL, &ignored) == -1) {
			/* See command.h. */
		}
		call_free(call);
	}
	free(path);
}
