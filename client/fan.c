/* fan.c - commands on one or several instances (fan.h). */
#include "client/fan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"

/* The command's own options, and ours. malloc'ed. */
static struct opt *
with_prefix(const struct fan *f, bool *prefix)
{
	const struct opt	*opts = f->opts;
	const struct opt	 ours = { "prefix", OPT_BOOL, prefix, NULL,
		"of several instances: begin each line with the name of its own" };
	struct opt		*all;
	size_t			 n = 0;

	while (opts[n].name != NULL)
		n++;
	all = xcalloc(n + 2, sizeof *all);
	memcpy(all, opts, n * sizeof *all);
	if (!f->alone)
		all[n++] = ours;
	all[n].name = NULL;
	return all;
}

static int
not_found(const struct cmd *cmd, const struct err *e)
{
	return e->code == WHO_USAGE ? cmd_usage(cmd, "%s", e->msg) : cmd_fail(e);
}

int
fan_find(struct gomote *g, const struct fan *f, int argc, char **argv,
    struct who *w, bool *prefix, int *at, int *status)
{
	struct opt	*opts = with_prefix(f, prefix);
	struct who_ask	 ask = { NULL, 0, f->min, f->max, true };
	struct err	 e = ERR_INIT;

	memset(w, 0, sizeof *w);
	*prefix = true;
	*at = cmd_options(f->cmd, opts, argc, argv, 0, -1, status);
	free(opts);
	if (*at == -1)
		return -1;
	ask.operands = argv + *at;
	ask.n = argc - *at;
	if (who_find(w, g, &ask, &e) == 0)
		return 0;
	*status = not_found(f->cmd, &e);
	who_release(w);
	return -1;
}

/* The command's line without an instance; options and operands stay apart. */
static void
own_line(struct strs *line, const struct who *w, int argc, char **argv, int at)
{
	int	i;

	for (i = 0; i < at; i++)
		strs_add(line, argv[i]);
	if (!str_eq(argv[at - 1], "--"))
		strs_add(line, "--");
	for (i = at + w->used; i < argc; i++)
		strs_add(line, argv[i]);
}

int
fan_out(struct gomote *g, const struct fan *f, const struct who *w, bool prefix,
    int argc, char **argv, int at)
{
	struct broadcast_how	 how = { .names = &w->names, .prefix = prefix,
		.json = f->json != NULL && *f->json };
	struct strs		 line = STRS_INIT;
	struct err		 e = ERR_INIT;
	int			 status = EXIT_OK, first = at + w->used;

	if (f->alone)
		return cmd_usage(f->cmd, "group %s has %zu instances; name one",
		    w->group, w->names.n);
	if (f->several != NULL)
		status = f->several(&how, argv + first, argc - first, f->arg);
	if (status != EXIT_OK)
		return status;
	own_line(&line, w, argc, argv, at);
	how.argv = line.v;
	how.argc = (int)line.n;
	status = broadcast_run(g, &how, &e);
	strs_release(&line);
	return status == -1 ? cmd_fail(&e) : status;
}

int
fan_in(struct gomote *g, const struct fan *f, int argc, char **argv,
    const char **instance, int *status)
{
	struct who	w;
	bool		prefix;
	int		at;

	*instance = NULL;
	if (fan_find(g, f, argc, argv, &w, &prefix, &at, status) == -1)
		return -1;
	if (w.names.n == 1 && (w.group == NULL || f->json == NULL || !*f->json)) {
		strs_add(&g->found, w.names.v[0]);
		*instance = g->found.v[g->found.n - 1];
		at += w.used;
	} else {
		*status = fan_out(g, f, &w, prefix, argc, argv, at);
		at = -1;
	}
	who_release(&w);
	return at;
}
