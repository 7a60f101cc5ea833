/* cmd_ps.c - gomote ps */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/execid.h"
#include "client/out.h"
#include "client/table.h"
#include "client/target.h"
#include "client/when.h"
#include "data/json.h"
#include "http/url.h"

struct ps {
	const char	*instance;	/* NULL: all */
	bool		 json, running;
	bool		 reversed;	/* the list came with the oldest first */
};

static const char *const titles[] = { "ID", "INSTANCE", "STATE", "STARTED",
	"STATUS", "COMMAND" };

/* --- asking ----------------------------------------------------------------- */

static struct json *
ps_coordinator(const struct ps *p, struct gomote *g, struct err *e)
{
	struct form	*query = form_new();
	struct json	*j;

	if (p->instance != NULL)
		form_add(query, "instance", p->instance);
	j = execid_get(g, NULL, "/api/v1/execs", query, "ps", e);
	form_free(query);
	return j;
}

/* The machine's own list where one is named, for it knows best; the coordinator's
 * of all, or where the machine cannot be asked (it is away, or given back). */
static struct json *
ps_get(struct ps *p, struct gomote *g, struct err *e)
{
	struct json	*j;
	struct err	 why = ERR_INIT;

	if (p->instance == NULL)
		return ps_coordinator(p, g, e);
	p->reversed = true;
	j = execid_get(g, p->instance, "/execs", NULL, "ps", e);
	if (j != NULL || target_is_direct(p->instance))
		return j;
	p->reversed = false;
	j = ps_coordinator(p, g, &why);
	if (j != NULL && json_len(json_get(j, "Execs")) > 0)
		return j;
	json_free(j);
	return NULL;
}

/* --- printing --------------------------------------------------------------- */

static char *
status_of(const struct json *x)
{
	const char	*status = json_str(x, "Status", ""), *why = json_str(x, "Why", "");

	if (*status == '\0')
		return xstrdup("-");
	return *why == '\0' ? xstrdup(status) : xasprintf("%s (%s)", status, why);
}

/* A command as one would write it, as far as it fits. */
static char *
command_of(const struct json *x)
{
	const struct json	*args = json_get(x, "Args");
	struct str		 s = STR_INIT;
	const char		*word;
	char			*quoted;
	size_t			 i;

	str_add(&s, json_str(x, "Cmd", ""));
	for (i = 0; i < json_len(args) && s.len < 60; i++) {
		word = json_value_str(json_at(args, i));
		if (word != NULL && *word != '\0' && word[strcspn(word, " \t\n\"'\\$")] == '\0') {
			str_addf(&s, " %s", word);
			continue;
		}
		quoted = str_quote(word == NULL ? "" : word);
		str_addf(&s, " %s", quoted);
		free(quoted);
	}
	return str_take(&s);
}

static void
row_add(struct table *t, const struct ps *p, const struct json *x)
{
	table_add(t, json_str(x, "ID", "-"));
	table_add(t, json_str(x, "Instance", p->instance == NULL ? "-" : p->instance));
	table_add(t, json_str(x, "State", "-"));
	table_adopt(t, when_ago(x, "Created"), PAINT_PLAIN);
	table_adopt(t, status_of(x), PAINT_PLAIN);
	table_adopt(t, command_of(x), PAINT_PLAIN);
}

static void
ps_table(const struct ps *p, const struct json *list)
{
	struct table		*t = table_new(titles, nitems(titles));
	const struct json	*x;
	size_t			 i, n = json_len(list);

	for (i = 0; i < n; i++) {
		x = json_at(list, p->reversed ? n - 1 - i : i);
		if (!p->running || str_eq(json_str(x, "State", ""), "running"))
			row_add(t, p, x);
	}
	table_print(t);
	table_free(t);
}

/* As in the table, the newest first and under the name of its instance. */
static int
ps_json(const struct ps *p, const struct json *list, struct err *e)
{
	struct asjson	 out = ASJSON_INIT;
	struct json	*x;
	size_t		 i, n = json_len(list);

	for (i = 0; i < n; i++) {
		x = json_at(list, p->reversed ? n - 1 - i : i);
		if (p->running && !str_eq(json_str(x, "State", ""), "running"))
			continue;
		if (json_get(x, "Instance") == NULL && p->instance != NULL)
			json_set_str(x, "Instance", p->instance);
		asjson_item(&out, x);
	}
	return asjson_end(&out, e);
}

static int
ps_show(struct ps *p, struct gomote *g, struct err *e)
{
	struct json	*j = ps_get(p, g, e);
	int		 ret = 0;

	if (j == NULL)
		return -1;
	if (p->json)
		ret = ps_json(p, json_get(j, "Execs"), e);
	else
		ps_table(p, json_get(j, "Execs"));
	json_free(j);
	return ret == 0 ? out_flush(e) : ret;
}

static int
ps_run(struct gomote *g, int argc, char **argv)
{
	struct ps		 p = { NULL, false, false, false };
	const struct opt	 opts[] = {
		{ "running", OPT_BOOL, &p.running, NULL, "only those that run" },
		{ "json", OPT_BOOL, &p.json, NULL,
		    "all that is known of each, as JSON" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	int			 i, status;

	i = cmd_options_any(&cmd_ps, opts, argc, argv, 0, 1, &status);
	if (i == -1)
		return status;
	p.instance = i < argc ? argv[i] : NULL;
	return ps_show(&p, g, &e) == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_ps = { "ps", "[-running] [-json] [INSTANCE]",
	"list commands that run on your instances, or ran",
	"Prints a table of execs, the newest first: of all your instances, or of\n"
	"INSTANCE. Each has the id by which attach, logs, wait and kill know it.\n\n"
	"  gomote ps -running\n"
	"  gomote ps user-alice-linux-amd64-0",
	ps_run };
