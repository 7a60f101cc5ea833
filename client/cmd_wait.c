/* cmd_wait.c - gomote wait */
#include <stdio.h>
#include <stdlib.h>

#include "api/types.h"
#include "base/xmalloc.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/execid.h"
#include "client/kept.h"
#include "client/out.h"
#include "client/patience.h"
#include "client/say.h"
#include "client/target.h"
#include "http/url.h"
#include "io/proc.h"

#define ROUND_MS	30000	/* the buildlet answers by then, ended or not */
#define ANSWER_MAX	(1024 * 1024)

/* What the command line says. */
struct wait {
	int64_t		 give_up_ms;
	bool		 json;
	struct asjson	 out;
};

/* An exec is waited for by questions that are answered late. */
struct waiting {
	struct gomote		*g;
	const struct execid	*x;
	struct call		*call;
	struct patience		*patience;
	char			*path;
	struct form		*query;
	char			*status;	/* once it has ended */
};

/* One question: 1: it goes on. */
static int
wait_ask(struct waiting *w, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = w->path,
		.query = w->query, .doing = "wait", .head_ms = 2 * ROUND_MS };
	struct str		 text = STR_INIT;
	struct json		*j = NULL;
	struct api_exec		 x;
	int			 ret = call_text(w->call, &q, ANSWER_MAX, &text, e);

	if (ret == 0 && ((j = json_parse(str_text(&text), text.len, e)) == NULL ||
	    api_exec_parse(&x, j, e) == -1))
		ret = err_wrap(e, "%s: wait: the answer", call_hop(w->call));
	else if (ret == 0) {
		ret = x.state == API_EXEC_RUNNING;
		w->status = ret == 0 ? xstrdup(x.status) : NULL;
		api_exec_release(&x);
	}
	json_free(j);
	str_release(&text);
	return ret;
}

/* Its instance has ended; perhaps it had before. */
static int
wait_gone(struct waiting *w, struct err *e)
{
	struct err		ignored = ERR_INIT;
	struct follow_end	end;

	if (!target_is_direct(w->x->instance) &&
	    kept_end(w->g, w->x->id, &end, &ignored) == 0) {
		w->status = end.state != NULL ? xstrdup(end.state) : NULL;
		follow_end_release(&end);
	}
	return w->status != NULL ? 0 :
	    err_code(e, CALL_LOST, "coordinator: wait: %s", patience_gone_why(e));
}

static int
wait_until(struct waiting *w, struct err *e)
{
	struct err	why;
	int		ret;

	for (;;) {
		if ((ret = wait_ask(w, e)) == 0)
			return 0;
		if (ret == 1) {
			patience_back(w->patience);
			continue;
		}
		switch (patience_judge(call_status(w->call), e, true)) {
		case PATIENCE_AGAIN:
			why = *e;
			if (patience_wait(w->patience, &why, e) == -1)
				return -1;
			break;
		case PATIENCE_GONE:
			return wait_gone(w, e);
		case PATIENCE_OVER:
			return -1;
		}
	}
}

static int
wait_print(struct wait *how, const struct waiting *w, int status, struct err *e)
{
	struct json	*j;

	if (!how->json) {
		say_tame(w->status);
		printf("%s %s\n", w->x->id, w->status);
		return out_flush(e);
	}
	j = json_object();
	json_set_str(j, "ID", w->x->id);
	json_set_str(j, "Instance", w->x->instance);
	json_set_str(j, "Status", w->status);
	json_set_int(j, "ExitStatus", status);
	asjson_item(&how->out, j);
	json_free(j);
	return 0;
}

/* Prints how it ended; the exit status, -1 and e. */
static int
wait_one(struct gomote *g, const struct execid *x, struct wait *how, struct err *e)
{
	struct waiting	w = { .g = g, .x = x };
	int		ret, status = -1;

	if ((w.call = cmd_call(g, x->instance, e)) == NULL)
		return -1;
	w.patience = patience_new(g->loop, how->give_up_ms);
	w.path = xasprintf("/execs/%s", x->id);
	w.query = form_new();
	form_addf(w.query, "wait", "%d", ROUND_MS);
	if ((ret = wait_until(&w, e)) == 0) {
		if ((status = proc_text_status(w.status)) == -1)
			status = str_starts(w.status, "lost") ? EXIT_LOST : EXIT_FAILED;
		ret = wait_print(how, &w, status, e);
	}
	call_free(w.call);
	patience_free(w.patience);
	form_free(w.query);
	free(w.path);
	free(w.status);
	return ret == -1 ? -1 : status;
}

static int
wait_word(struct gomote *g, const char *word, struct wait *how)
{
	struct err	e = ERR_INIT;
	struct execid	x;
	int		status;

	if (execid_find(&x, g, word, &e) == -1)
		return cmd_fail(&e);
	status = wait_one(g, &x, how, &e);
	execid_release(&x);
	return status == -1 ? cmd_fail(&e) : status;
}

static int
wait_run(struct gomote *g, int argc, char **argv)
{
	struct wait		 how = { PATIENCE_MS, false, ASJSON_INIT };
	const struct opt	 opts[] = {
		{ "give-up", OPT_DURATION, &how.give_up_ms, "DURATION",
		    "when there was no connection for so long" },
		{ "json", OPT_BOOL, &how.json, NULL,
		    "tell how they ended as JSON, when all have" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	int			 i, status, worst = EXIT_OK;

	i = cmd_options_any(&cmd_wait, opts, argc, argv, 1, -1, &status);
	if (i == -1)
		return status;
	for (; i < argc; i++) {
		status = wait_word(g, argv[i], &how);
		worst = status > worst ? status : worst;
	}
	if (how.json && asjson_end(&how.out, &e) == -1)
		return cmd_fail(&e);
	return worst;
}

const struct cmd cmd_wait = { "wait", "[-give-up DURATION] [-json] [INSTANCE/]ID...",
	"wait until commands there have ended",
	"Waits for all of them, prints a line for each, \"ID STATUS\", and ends with\n"
	"the highest of their exit statuses.\n\n"
	"  a=$(gomote run -d $MOTE go/src/all.bash)\n"
	"  b=$(gomote run -d $OTHER go/src/all.bash)\n"
	"  gomote wait $a $b",
	wait_run };
