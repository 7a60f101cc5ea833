/* cmd_rm.c - gomote rm */
#include "client/cmd.h"
#include "client/fan.h"

static int
rm_paths(struct gomote *g, const char *instance, char **paths, int n,
    struct err *e)
{
	struct form		*form;
	struct call		*c;
	struct call_request	 q = { .method = "POST", .path = "/removeall",
	    .doing = "remove", .head_ms = 10 * 60 * 1000 };
	int			 i, ret;

	if ((c = cmd_call(g, instance, e)) == NULL)
		return -1;
	form = form_new();
	for (i = 0; i < n; i++)
		form_add(form, "path", paths[i]);
	q.form = form;
	ret = call_text(c, &q, 4096, NULL, e);
	form_free(form);
	call_free(c);
	return ret;
}

static int
rm_run(struct gomote *g, int argc, char **argv)
{
	const struct opt	none[] = { { NULL, OPT_BOOL, NULL, NULL, NULL } };
	const struct fan	fan = { .cmd = &cmd_rm, .opts = none, .min = 1,
		.max = -1 };
	const char		*instance;
	struct err		e = ERR_INIT;
	int			i, status;

	i = fan_in(g, &fan, argc, argv, &instance, &status);
	if (i == -1)
		return status;
	if (rm_paths(g, instance, argv + i, argc - i, &e) == -1)
		return cmd_fail(&e);
	return EXIT_OK;
}

const struct cmd cmd_rm = { "rm", "[INSTANCE] PATH...",
	"remove files and directories on an instance",
	"Removes each PATH, and everything below it where it is a directory.\n"
	"Paths are relative to the work directory; \".\" empties it.\n\n"
	"  gomote rm user-alice-linux-amd64-0 go/pkg go/bin",
	rm_run };
