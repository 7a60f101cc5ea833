/*
 * cmd_list.c - gomote list
 *
 * Three faces of one list: a table on a terminal; lines with tabs, which scripts
 * have read for years, where stdout is none; JSON. Coordinators that know no
 * /api/v1/instances give what they have, of which less can be told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/types.h"
#include "base/clock.h"
#include "base/xmalloc.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/execid.h"
#include "client/group.h"
#include "client/out.h"
#include "client/table.h"
#include "client/when.h"

#define PLAIN	"/buildlet/list"
#define FULL	"/api/v1/instances"
#define SOON_MS	(5 * 60 * 1000)		/* of the end of an instance: coloured */

struct list {
	bool		 json, all, ended;
	bool		 grouped;	/* a group is set: only its instances */
	struct group	 group;
};

static const char *const titles[] = { "NAME", "GROUPS", "TYPE", "HOST",
	"EXPIRES", "HEARD", "RUNNING" };

/* --- asking ----------------------------------------------------------------- */

/* The list that is in the answer, borrowed; NULL and e. */
static const struct json *
list_of(const struct json *j, struct err *e)
{
	const struct json	*list = json_is(j) == JSON_ARRAY ? j :
	    json_get(j, "Instances");

	if (json_is(list) == JSON_ARRAY)
		return list;
	err_set(e, "coordinator: list: the answer: not a list");
	return NULL;
}

static struct json *
list_get(struct gomote *g, const struct list *l, bool plain, struct err *e)
{
	struct form	*query;
	struct json	*j;

	if (plain)
		return execid_get(g, NULL, PLAIN, NULL, "list", e);
	query = form_new();
	if (l->all)
		form_add(query, "all", "1");
	j = execid_get(g, NULL, FULL, query, "list", e);
	form_free(query);
	if (j == NULL && e->code == EXECID_NONE && !l->all && !l->ended)
		j = execid_get(g, NULL, PLAIN, NULL, "list", e);
	return j;
}

/* The group that is set, if one is. */
static int
list_group(struct gomote *g, struct list *l, struct err *e)
{
	struct call	*c;
	bool		 named;
	int		 set;

	if (group_active(g, &named) == NULL)
		return 0;
	if ((c = cmd_call(g, NULL, e)) == NULL)
		return -1;
	set = group_get_active(&l->group, g, c, e);
	call_free(c);
	l->grouped = set == 1;
	return set == -1 ? -1 : 0;
}

static bool
list_shows(const struct list *l, const struct json *i)
{
	if (l->grouped && !strs_has(&l->group.instances, json_str(i, "Name", "")))
		return false;
	return l->ended || !str_eq(json_str(i, "State", ""), "ended");
}

/* --- lines ------------------------------------------------------------------ */

static int
list_line(const struct json *j, int64_t now, struct err *e)
{
	struct api_instance	i;
	char			buf[CLOCK_TEXT_MAX];

	if (api_instance_parse(&i, j, e) == -1)
		return err_wrap(e, "coordinator: list: the answer");
	printf("%s\t%s\t%s\t", i.name, i.builder_type, i.host_type);
	if (str_eq(json_str(j, "State", ""), "ended"))
		printf("ended\n");
	else if (i.expires > now)
		printf("expires in %s\n", clock_duration(
		    (i.expires - now + 999) / 1000 * 1000, buf));
	else
		printf("expired\n");
	api_instance_release(&i);
	return 0;
}

static int
list_lines(const struct list *l, const struct json *all, struct err *e)
{
	struct clock	 clock = CLOCK_INIT;
	int64_t		 now = clock_wall(&clock);
	size_t		 n;

	for (n = 0; n < json_len(all); n++)
		if (list_shows(l, json_at(all, n)) &&
		    list_line(json_at(all, n), now, e) == -1)
			return -1;
	return out_flush(e);
}

/* --- the table -------------------------------------------------------------- */

/* "a,b"; "-" for none, or where it is no list of strings. */
static char *
joined(const struct json *list, const char *sep)
{
	struct str	 s = STR_INIT;
	const char	*one;
	size_t		 i;

	for (i = 0; i < json_len(list); i++) {
		if ((one = json_value_str(json_at(list, i))) == NULL)
			continue;
		str_add(&s, s.len > 0 ? sep : "");
		str_add(&s, one);
	}
	if (s.len == 0)
		str_add(&s, "-");
	return str_take(&s);
}

/* Names of what runs; older coordinators only count it. */
static char *
running(const struct json *i)
{
	int64_t	n = json_int(i, "Running", 0);

	if (n > 0)
		return xasprintf("%lld command%s", (long long)n, n == 1 ? "" : "s");
	return joined(json_get(i, "Running"), "; ");
}

static void
cell_end(struct table *t, const struct json *i)
{
	int64_t	 left;
	char	*text;

	if (str_eq(json_str(i, "State", ""), "ended")) {
		table_adopt(t, xasprintf("ended: %s", json_str(i, "Reason", "")),
		    PAINT_PLAIN);
		return;
	}
	text = when_in(i, "Expires", &left);
	table_adopt(t, text, left < SOON_MS && !str_eq(text, "-") ? PAINT_YELLOW :
	    PAINT_PLAIN);
}

/* When a machine that is there was last heard is of no interest but for its
 * being there; of one that is away it is. */
static void
cell_heard(struct table *t, const struct json *i)
{
	const char	*state = json_str(i, "State", "live");
	char		*heard = when_ago(i, "LastHeard");

	if (str_eq(state, "live") || str_eq(state, "ended")) {
		table_adopt(t, heard, PAINT_PLAIN);
		return;
	}
	table_adopt(t, xasprintf("%s, %s", state, heard),
	    str_eq(state, "lost") ? PAINT_RED : PAINT_YELLOW);
	free(heard);
}

static int
list_table(const struct list *l, const struct json *all, struct err *e)
{
	struct table		*t = table_new(titles, nitems(titles));
	const struct json	*i;
	size_t			 n;

	for (n = 0; n < json_len(all); n++) {
		i = json_at(all, n);
		if (!list_shows(l, i))
			continue;
		table_add(t, json_str(i, "Name", "-"));
		table_adopt(t, joined(json_get(i, "Groups"), ","), PAINT_PLAIN);
		table_add(t, json_str(i, "BuilderType", "-"));
		table_add(t, json_str(i, "HostType", "-"));
		cell_end(t, i);
		cell_heard(t, i);
		table_adopt(t, running(i), PAINT_PLAIN);
	}
	table_print(t);
	table_free(t);
	return out_flush(e);
}

/* --- JSON ------------------------------------------------------------------- */

/* Lists are lists, whatever the coordinator's age. */
static int
list_json(const struct list *l, const struct json *all, struct err *e)
{
	static const char *const lists[] = { "Groups", "Running" };
	struct asjson	 out = ASJSON_INIT;
	struct json	*i;
	size_t		 n, k;

	for (n = 0; n < json_len(all); n++) {
		i = json_at(all, n);
		if (!list_shows(l, i))
			continue;
		for (k = 0; k < nitems(lists); k++)
			if (json_is(json_get(i, lists[k])) != JSON_ARRAY)
				json_set(i, lists[k], json_array());
		asjson_item(&out, i);
	}
	return asjson_end(&out, e);
}

static int
list_show(struct gomote *g, struct list *l, struct err *e)
{
	bool			 tty = isatty(STDOUT_FILENO);
	struct json		*j;
	const struct json	*all;
	int			 ret = -1;

	if (list_group(g, l, e) == -1)
		return -1;
	j = list_get(g, l, !tty && !l->json && !l->all && !l->ended, e);
	if (j == NULL)
		return -1;
	if ((all = list_of(j, e)) != NULL)
		ret = l->json ? list_json(l, all, e) :
		    tty ? list_table(l, all, e) : list_lines(l, all, e);
	json_free(j);
	return ret;
}

static int
list_run(struct gomote *g, int argc, char **argv)
{
	struct list		 l = { .json = false };
	const struct opt	 opts[] = {
		{ "json", OPT_BOOL, &l.json, NULL,
		    "all that is known of each, as JSON" },
		{ "all", OPT_BOOL, &l.all, NULL,
		    "those of all users, for operators" },
		{ "ended", OPT_BOOL, &l.ended, NULL,
		    "also those that have ended, and why" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	int			 status;

	if (cmd_options(&cmd_list, opts, argc, argv, 0, 0, &status) == -1)
		return status;
	status = list_show(g, &l, &e) == -1 ? cmd_fail(&e) : EXIT_OK;
	group_release(&l.group);
	return status;
}

const struct cmd cmd_list = { "list", "[-json] [-all] [-ended]",
	"list your instances",
	"Prints a table of your instances, or of those of the group that is set:\n"
	"name, groups, builder type, host type, when it ends unless it is used\n"
	"before, when its machine was last heard of, and what runs there. Where\n"
	"stdout is no terminal it prints a line for each, name, builder type, host\n"
	"type and \"expires in 10m27s\", with tabs between them.\n\n"
	"  gomote list\n"
	"  gomote list -json | jq -r '.[].Name'",
	list_run };
