/* cmd_destroy.c - gomote destroy */
#include <stdlib.h>
#include <string.h>

#include "client/broadcast.h"
#include "client/cmd.h"
#include "client/group.h"
#include "client/manifest.h"
#include "client/say.h"
#include "client/who.h"

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

/* One after another; the worst status. */
static int
destroy_names(struct gomote *g, const struct strs *names)
{
	struct err	e = ERR_INIT;
	int		status, worst = EXIT_OK;
	size_t		i;

	for (i = 0; i < names->n; i++) {
		if (destroy_one(g, names->v[i], &e) == 0)
			continue;
		if (!str_starts(e.msg, names->v[i]))
			err_wrap(&e, "%s", names->v[i]);
		status = cmd_fail(&e);
		worst = status > worst ? status : worst;
	}
	return worst;
}

/* All at once. */
static int
destroy_all(struct gomote *g, const struct strs *names)
{
	char			 word[] = "destroy", *argv[] = { word, NULL };
	struct broadcast_how	 how = { .names = names, .argv = argv, .argc = 1,
		.prefix = true };
	struct err		 e = ERR_INIT;
	int			 status;

	if (names->n < 2)
		return destroy_names(g, names);
	status = broadcast_run(g, &how, &e);
	return status == -1 ? cmd_fail(&e) : status;
}

/* --- with the group itself -------------------------------------------------- */

/* What could not be destroyed may be so later, by the group's name. */
static int
destroy_emptied(struct call *c, const char *name, struct err *e)
{
	struct group	gr;
	size_t		left;

	if (group_get(&gr, c, name, e) == -1)
		return e->code == GROUP_NONE ? 0 : -1;
	left = gr.instances.n;
	group_release(&gr);
	if (left > 0)
		return err_set(e, "group %s stays, with %zu instance%s in it", name,
		    left, left == 1 ? "" : "s");
	return group_destroy(c, name, e);
}

static int
destroy_group(struct gomote *g)
{
	struct group	 gr = { NULL, STRS_INIT };
	struct err	 e = ERR_INIT;
	struct call	*c = cmd_call(g, NULL, &e);
	int		 status = EXIT_OK, ret;

	if (c == NULL)
		return cmd_fail(&e);
	ret = group_get_active(&gr, g, c, &e);
	if (ret == 0)
		ret = err_set(&e, "there is no group \"%s\" (see gomote group list)",
		    getenv("GOMOTE_GROUP"));
	if (ret != -1) {
		status = destroy_all(g, &gr.instances);
		ret = destroy_emptied(c, gr.name, &e);
	}
	if (ret == -1)
		status = cmd_fail(&e) > status ? EXIT_FAILED : status;
	group_release(&gr);
	call_free(c);
	return status;
}

/* --- the command line ------------------------------------------------------- */

/* No operand: of the group, or GOMOTE_INSTANCE. It never guesses. */
static int
destroy_meant(struct gomote *g)
{
	struct who_ask	ask = { NULL, 0, 0, 0, false };
	struct who	w;
	struct err	e = ERR_INIT;
	int		status;

	if (who_find(&w, g, &ask, &e) == -1)
		status = e.code == WHO_USAGE ? cmd_usage(&cmd_destroy, "%s", e.msg) :
		    cmd_fail(&e);
	else
		status = destroy_all(g, &w.names);
	who_release(&w);
	return status;
}

static int
destroy_named(struct gomote *g, char **words, int n)
{
	struct strs	names = STRS_INIT;
	struct err	e = ERR_INIT;
	int		i, status, worst = EXIT_OK;

	if (g->instance != NULL)
		return cmd_usage(&cmd_destroy, "\"%s\": -instance says it already",
		    words[0]);
	for (i = 0; i < n; i++)		/* one that is wrong does not keep the others */
		if (who_names(&names, g, words + i, 1, false, &e) == -1)
			worst = cmd_fail(&e);
	status = destroy_names(g, &names);
	strs_release(&names);
	return status > worst ? status : worst;
}

static int
destroy_run(struct gomote *g, int argc, char **argv)
{
	bool			whole = false, named;
	const struct opt	opts[] = {
		{ "destroy-group", OPT_BOOL, &whole, NULL,
		    "destroy the group as well, with all its instances" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	int			i, status;

	i = cmd_options(&cmd_destroy, opts, argc, argv, 0, -1, &status);
	if (i == -1)
		return status;
	if (whole && (i < argc || g->instance != NULL))
		return cmd_usage(&cmd_destroy, "-destroy-group: that is for a group, "
		    "not for instances");
	if (whole && group_active(g, &named) == NULL)
		return cmd_usage(&cmd_destroy, "-destroy-group: which? "
		    "Use -group or GOMOTE_GROUP");
	if (whole)
		return destroy_group(g);
	return i < argc ? destroy_named(g, argv + i, argc - i) : destroy_meant(g);
}

const struct cmd cmd_destroy = { "destroy", "[-destroy-group] [INSTANCE...]",
	"give instances back",
	"Ends each INSTANCE, or all instances of the group that is set: what runs\n"
	"there is killed, its files are removed, and its machine is free for the\n"
	"next. An instance that was not used for half an hour (or what its builder\n"
	"type says) ends by itself.\n\n"
	"  gomote destroy user-alice-linux-amd64-0 user-alice-linux-amd64-1\n"
	"  gomote -group debug destroy -destroy-group",
	destroy_run };
