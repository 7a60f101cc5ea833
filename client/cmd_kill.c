/* cmd_kill.c - gomote kill */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/execid.h"
#include "http/url.h"

#define GRACE_MS	5000
#define ANSWER_MAX	4096

struct kill {
	char	*signal;	/* NULL: TERM, then KILL of all its processes */
	int64_t	 grace_ms;
};

static int
kill_send(const struct kill *k, struct gomote *g, const struct execid *x, struct err *e)
{
	struct call		*c = cmd_call(g, x->instance, e);
	struct call_request	 q = { .method = "POST", .doing = "kill" };
	struct form		*form;
	char			*path;
	int			 ret;

	if (c == NULL)
		return -1;
	q.form = form = form_new();
	q.path = path = xasprintf("/execs/%s/%s", x->id,
	    k->signal != NULL ? "signal" : "kill");
	if (k->signal != NULL)
		form_add(form, "signal", k->signal);
	else
		form_addf(form, "grace", "%lld", (long long)k->grace_ms);
	ret = call_text(c, &q, ANSWER_MAX, NULL, e);
	form_free(form);
	free(path);
	call_free(c);
	return ret;
}

static int
kill_word(const struct kill *k, struct gomote *g, const char *word)
{
	struct err	e = ERR_INIT;
	struct execid	x;
	int		ret;

	if (execid_find(&x, g, word, &e) == -1)
		return cmd_fail(&e);
	ret = kill_send(k, g, &x, &e);
	execid_release(&x);
	if (ret == 0)
		return EXIT_OK;
	err_wrap(&e, "%s", word);
	return cmd_fail(&e);
}

static int
kill_run(struct gomote *g, int argc, char **argv)
{
	struct kill		 k = { .grace_ms = GRACE_MS };
	const struct opt	 opts[] = {
		{ "signal", OPT_STRING, &k.signal, "SIGNAL",
		    "send only this: INT, SIGINT or 2" },
		{ "grace", OPT_DURATION, &k.grace_ms, "DURATION",
		    "between TERM and KILL" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	int			 i, status, worst = EXIT_OK;

	i = cmd_options_any(&cmd_kill, opts, argc, argv, 1, -1, &status);
	if (i == -1)
		return status;
	for (; i < argc; i++)
		if ((status = kill_word(&k, g, argv[i])) > worst)
			worst = status;
	return worst;
}

const struct cmd cmd_kill = { "kill",
	"[-signal SIGNAL | -grace DURATION] [INSTANCE/]ID...",
	"end commands that run there, or send them a signal",
	"Sends TERM to the commands, and when the grace time is over kills what is\n"
	"left of all processes that they started. With -signal it sends that to\n"
	"their process groups and no more.\n\n"
	"  gomote kill 3k7q\n"
	"  gomote kill 3k7q -signal HUP",
	kill_run };
