/* present.c - things of the core as the outside sees them. */
#include "coordinator/present.h"

#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/xmalloc.h"

#define RUNNING_MAX	8	/* commands of an instance that are shown, */
#define COMMAND_MAX	200	/* and bytes of each */

struct json *
present_instance_row(const struct instance_row *row)
{
	/* api_instance_json only reads. */
	const struct api_instance	a = {
		.user = (char *)row->user_key,
		.name = (char *)row->name,
		.host_type = (char *)row->host_type,
		.builder_type = (char *)row->builder_type,
		.created = row->created,
		.expires = row->expires,
	};

	return api_instance_json(&a);
}

struct json *
present_instance(struct instance *i)
{
	struct instance_row	row;

	instance_row_of(i, &row);
	return present_instance_row(&row);
}

/* --- /api/v1 --------------------------------------------------------------------- */

static void
set_time(struct json *j, const char *key, int64_t wall)
{
	char	text[CLOCK_TEXT_MAX];

	if (wall != 0)
		json_set_str(j, key, clock_rfc3339(wall, true, text));
}

static struct json *
strs_json(const struct strs *l)
{
	struct json	*list = json_array();
	size_t		 i;

	for (i = 0; i < l->n; i++)
		json_push_str(list, l->v[i]);
	return list;
}

static void
set_strs(struct json *j, const char *key, struct strs *l)
{
	json_set(j, key, strs_json(l));
	strs_release(l);
}

struct json *
present_live(struct core *core, const struct instance_row *row, struct err *e)
{
	struct strs	 groups = STRS_INIT, lines = STRS_INIT;
	struct json	*j;

	if (groups_of(core, row->name, &groups, e) == -1) {
		strs_release(&groups);
		return NULL;
	}
	j = json_object();
	json_set_str(j, "Name", row->name);
	json_set_str(j, "User", row->user_key);
	json_set_str(j, "BuilderType", row->builder_type);
	json_set_str(j, "HostType", row->host_type);
	json_set_str(j, "State", instance_state_name(row->state));
	set_time(j, "Created", row->created);
	set_time(j, "Expires", row->expires);
	set_time(j, "Limit", row->limit);
	set_time(j, "LastHeard", row->heard);
	set_strs(j, "Groups", &groups);
	execs_lines(core, row->name, RUNNING_MAX, COMMAND_MAX, &lines);
	set_strs(j, "Running", &lines);
	return j;
}

struct json *
present_ended(const struct store_lease *l)
{
	struct json	*j = json_object();
	char		*key = xasprintf("%s%s", AUTH_USER_PREFIX, l->user);

	json_set_str(j, "Name", l->name);
	json_set_str(j, "User", key);
	json_set_str(j, "BuilderType", l->builder_type);
	json_set_str(j, "HostType", l->host_type);
	json_set_str(j, "State", "ended");
	set_time(j, "Created", l->created);
	set_time(j, "Expires", l->expires);
	set_time(j, "Limit", l->limit_at);
	json_set(j, "Groups", json_array());
	json_set(j, "Running", json_array());
	set_time(j, "Ended", l->ended);
	json_set_str(j, "Reason", l->reason == NULL ? "" : l->reason);
	free(key);
	return j;
}

static struct json *
args_json(const struct store_exec *x)
{
	struct json	*list = json_array();
	const char	*p = x->args, *end = p + x->args_len;

	/* Each has its NUL, as execs_list.c writes them. */
	for (; p < end; p += strlen(p) + 1)
		json_push_str(list, p);
	return list;
}

struct json *
present_exec(const struct store_exec *x)
{
	struct json	*j = json_object();

	json_set_str(j, "Instance", x->instance);
	json_set_str(j, "ID", x->id);
	json_set_str(j, "Cmd", x->cmd);
	json_set(j, "Args", args_json(x));
	json_set_str(j, "State", api_exec_state_name(x->ended == 0 ? API_EXEC_RUNNING :
	    x->lost ? API_EXEC_LOST : API_EXEC_ENDED));
	set_time(j, "Created", x->created);
	set_time(j, "Ended", x->ended);
	json_set_str(j, "Status", x->status);
	json_set_str(j, "Why", x->why);
	json_set_str(j, "Who", x->who);
	return j;
}

struct json *
present_group(const struct group_row *row)
{
	struct json	*j = json_object();

	json_set_str(j, "Name", row->name);
	json_set(j, "Instances", strs_json(row->instances));
	return j;
}

const char *
present_reason(const char *reason)
{
	return reason == NULL ? "" :
	    str_starts(reason, "destroyed by ") ? "destroyed by its user" : reason;
}
