/* cmd_attach.c - gomote attach */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/execid.h"
#include "client/front.h"
#include "client/input.h"
#include "client/patience.h"
#include "data/json.h"
#include "http/url.h"

struct attach {
	bool		 input, raw;
	char		*tail;		/* as given; NULL: all */
	int64_t		 give_up_ms;
	bool		 pty;
	uint64_t	 input_at;
};

/* Whether it has an open stdin, and how much that has had; whether a pty. */
static int
attach_look(struct attach *a, struct gomote *g, const struct execid *x, struct err *e)
{
	char		*path;
	struct json	*j;
	bool		 open;

	if (!a->input && !a->raw)
		return 0;
	path = xasprintf("/execs/%s", x->id);
	j = execid_get(g, x->instance, path, NULL, "attach", e);
	free(path);
	if (j == NULL)
		return -1;
	open = str_eq(json_str(j, "Stdin", ""), "open");
	a->pty = json_bool(j, "Pty", false);
	a->input_at = (uint64_t)json_int(j, "StdinBytes", 0);
	json_free(j);
	if (a->raw && !a->pty)
		return err_set(e, "attach: -t: %s has no terminal there", x->cmd);
	if (a->input && !open)
		return err_set(e, "attach: -i: the stdin of %s is not open", x->cmd);
	a->input = open && input_is_there(STDIN_FILENO);
	return 0;
}

static int
attach_exec(struct attach *a, struct gomote *g, const struct execid *x, struct err *e)
{
	struct show_how		 show = { .out = STDOUT_FILENO, .err = STDERR_FILENO };
	struct form		*query = form_new();
	struct front_how	 how = { .instance = x->instance, .id = x->id,
		.cmd = x->cmd, .doing = "attach", .give_up_ms = a->give_up_ms };
	int			 ret;

	if (a->tail != NULL) {
		form_add(query, "tail", a->tail);
		how.query = query;
	}
	ret = attach_look(a, g, x, e);
	how.input = a->input;
	how.input_at = a->input_at;
	how.pty = a->pty;
	how.raw = a->raw;
	if (ret == 0 && (ret = cmd_prepare(g, e)) == 0) {
		how.show = show_new(g->loop, &show);
		ret = front_run(g, &how, e);
		show_free(how.show);
	}
	form_free(query);
	return ret;
}

static int
attach_run(struct gomote *g, int argc, char **argv)
{
	struct attach		 a = { .give_up_ms = PATIENCE_MS };
	const struct opt	 opts[] = {
		{ "i", OPT_BOOL, &a.input, NULL, "pass stdin on" },
		{ "t", OPT_BOOL, &a.raw, NULL,
		    "our terminal becomes that of the command; passes stdin on" },
		{ "tail", OPT_STRING, &a.tail, "N",
		    "begin with the last N lines; 0: with what comes now" },
		{ "give-up", OPT_DURATION, &a.give_up_ms, "DURATION",
		    "leave it when there was no connection for so long" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	struct execid		 x;
	int64_t			 n;
	int			 i, status;

	i = cmd_options_any(&cmd_attach, opts, argc, argv, 1, 1, &status);
	if (i == -1)
		return status;
	if (a.tail != NULL && str_int64(a.tail, 0, INT32_MAX, &n) == -1)
		return cmd_usage(&cmd_attach, "-tail %s: not a number of lines", a.tail);
	a.input = a.input || a.raw;
	if (execid_find(&x, g, argv[i], &e) == -1)
		return cmd_fail(&e);
	status = attach_exec(&a, g, &x, &e);
	execid_release(&x);
	return status == -1 ? cmd_fail(&e) : status;
}

const struct cmd cmd_attach = { "attach",
	"[-i] [-t] [-tail N] [-give-up DURATION] [INSTANCE/]ID",
	"bring a command that runs there into the foreground",
	"Shows the output of exec ID, all of it from its beginning and then as it\n"
	"comes, and ends with its exit status, as if gomote run had never left it:\n"
	"Ctrl-C interrupts it. To look at it and no more there is gomote logs -f.\n"
	"ID is what run -d and ps printed, or the beginning of it.\n\n"
	"  gomote attach 3k7q\n"
	"  gomote attach -tail 10 linux-amd64@10.1.5.3/3k7qe0a9xz",
	attach_run };
