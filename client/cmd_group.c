/* cmd_group.c - gomote group */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/group.h"
#include "client/out.h"
#include "client/who.h"
#include "data/json.h"

struct request {
	struct gomote	*g;
	struct call	*c;
	char		**words;	/* NAME and INSTANCE... */
	int		 n;
	bool		 json;		/* of list: print no lines, but JSON */
	struct asjson	 out;
	const char	*only;		/* of list; NULL: all */
	bool		 found;
};

/* --- list ------------------------------------------------------------------- */

static void
print_json(const struct group *gr, struct asjson *out)
{
	struct json	*j = json_object(), *names = json_array();
	size_t		 i;

	for (i = 0; i < gr->instances.n; i++)
		json_push_str(names, gr->instances.v[i]);
	json_set_str(j, "Name", gr->name);
	json_set(j, "Instances", names);
	asjson_item(out, j);
	json_free(j);
}

static void
on_group(const struct group *gr, void *arg)
{
	struct request	*r = arg;
	size_t		 i;

	if (r->only != NULL && !str_eq(gr->name, r->only))
		return;
	r->found = true;
	if (r->json) {
		print_json(gr, &r->out);
		return;
	}
	printf("%s\t", gr->name);
	for (i = 0; i < gr->instances.n; i++)
		printf("%s%s", i > 0 ? " " : "", gr->instances.v[i]);
	printf("\n");
}

static int
group_list(struct request *r, bool json, struct err *e)
{
	r->only = r->n > 0 ? r->words[0] : NULL;
	r->json = json;
	if (group_each(r->c, on_group, r, e) == -1)
		return -1;
	if (r->only != NULL && !r->found)
		return err_set(e, "there is no group \"%s\" (see gomote group "
		    "list)", r->only);
	return json ? asjson_end(&r->out, e) : out_flush(e);
}

/* --- changing --------------------------------------------------------------- */

/* Each of the instances; of several the first error counts, the others are done. */
static int
each_instance(struct request *r,
    int (*fn)(struct call *, const char *, const char *, struct err *),
    struct err *e)
{
	struct strs	names = STRS_INIT;
	struct err	one;
	size_t		i;
	int		ret = who_names(&names, r->g, r->words + 1, r->n - 1, false, e);

	for (i = 0; i < names.n; i++) {
		one = (struct err)ERR_INIT;
		if (fn(r->c, r->words[0], names.v[i], &one) == 0)
			continue;
		if (ret == 0)
			*e = one;
		ret = -1;
	}
	strs_release(&names);
	return ret;
}

static int
do_create(struct request *r, struct err *e)
{
	struct strs	names = STRS_INIT;
	int		ret;

	/* A wrong name shall not leave an empty group behind. */
	ret = who_names(&names, r->g, r->words + 1, r->n - 1, true, e);
	strs_release(&names);
	if (ret == -1 || group_make(r->c, r->words[0], true, e) == -1)
		return -1;
	return each_instance(r, group_add, e);
}

static int
do_destroy(struct request *r, struct err *e)
{
	return group_destroy(r->c, r->words[0], e);
}

static int
do_add(struct request *r, struct err *e)
{
	return each_instance(r, group_add, e);
}

static int
do_remove(struct request *r, struct err *e)
{
	return each_instance(r, group_remove, e);
}

static const struct {
	const char	*name;
	int		 min, max;	/* words behind it */
	int		 (*run)(struct request *, struct err *);
} verbs[] = {
	{ "create", 1, -1, do_create },
	{ "destroy", 1, 1, do_destroy },
	{ "add", 2, -1, do_add },
	{ "remove", 2, -1, do_remove },
	{ "list", 0, 1, NULL },
};

/* --- the command line ------------------------------------------------------- */

static int
group_do(struct request *r, size_t verb, bool json)
{
	struct err	e = ERR_INIT;
	int		ret = -1;

	if ((r->c = cmd_call(r->g, NULL, &e)) != NULL)
		ret = verbs[verb].run != NULL ? verbs[verb].run(r, &e) :
		    group_list(r, json, &e);
	call_free(r->c);
	return ret == -1 ? cmd_fail(&e) : EXIT_OK;
}

static int
group_run(struct gomote *g, int argc, char **argv)
{
	bool			json = false;
	const struct opt	opts[] = {
		{ "json", OPT_BOOL, &json, NULL, "of list: as JSON" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct request		r = { .g = g };
	size_t			v;
	int			i, status;

	i = cmd_options_any(&cmd_group, opts, argc, argv, 1, -1, &status);
	if (i == -1)
		return status;
	for (v = 0; v < nitems(verbs); v++)
		if (str_eq(verbs[v].name, argv[i]))
			break;
	if (v == nitems(verbs))
		return cmd_usage(&cmd_group, "there is no \"group %s\"", argv[i]);
	r.words = argv + i + 1;
	r.n = argc - i - 1;
	if (r.n < verbs[v].min)
		return cmd_usage(&cmd_group, "%s: too few arguments", argv[i]);
	if (verbs[v].max != -1 && r.n > verbs[v].max)
		return cmd_usage(&cmd_group, "%s: too many arguments", argv[i]);
	if (json && verbs[v].run != NULL)
		return cmd_usage(&cmd_group, "-json: only of list");
	return group_do(&r, v, json);
}

const struct cmd cmd_group = { "group",
	"create NAME [INSTANCE...]\n"
	"       gomote group destroy NAME\n"
	"       gomote group add NAME INSTANCE...\n"
	"       gomote group remove NAME INSTANCE...\n"
	"       gomote group list [-json] [NAME]",
	"put instances together in named groups",
	"A group is a named set of your instances, kept by the coordinator. With\n"
	"-group NAME, or GOMOTE_GROUP=NAME, commands mean all that are in it. An\n"
	"instance may be in several; when it ends it is in none. A group that is\n"
	"destroyed leaves its instances alone.\n\n"
	"  gomote group create debug user-alice-linux-amd64-0 user-alice-linux-amd64-1\n"
	"  gomote -group debug run go/src/make.bash",
	group_run };
