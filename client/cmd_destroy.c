/* cmd_destroy.c - gomote destroy */
#include "client/cmd.h"
#include "client/manifest.h"

static int
destroy_one(struct gomote *g, const char *instance, struct err *e)
{
	struct call		*c;
	struct call_request	 q = { .method = "POST", .path = "/halt",
	    .doing = "destroy" };
	int			 ret;

	if ((c = cmd_call(g, instance, e)) == NULL)
		return -1;
	ret = call_text(c, &q, 4096, NULL, e);
	if (ret == 0)
		manifest_forget(g->cred.server, instance);
	call_free(c);
	return ret;
}

static int
destroy_run(struct gomote *g, int argc, char **argv)
{
	const struct opt	none[] = { { NULL, OPT_BOOL, NULL, NULL, NULL } };
	struct err		e = ERR_INIT;
	int			i, status, worst = EXIT_OK;

	i = cmd_options(&cmd_destroy, none, argc, argv, 1, -1, &status);
	if (i == -1)
		return status;
	for (; i < argc; i++) {
		if (destroy_one(g, argv[i], &e) == 0)
			continue;
		err_wrap(&e, "%s", argv[i]);
		status = cmd_fail(&e);
		worst = status > worst ? status : worst;
	}
	return worst;
}

const struct cmd cmd_destroy = { "destroy", "INSTANCE...",
	"give instances back",
	"Ends each INSTANCE: what runs there is killed, its files are removed,\n"
	"and its machine is free for the next. An instance that was not used\n"
	"for half an hour (or what its builder type says) ends by itself.",
	destroy_run };
