/*
 * api_groups.c - /api/v1/groups: the groups of whoever asks (groups.h).
 *
 *	GET    /api/v1/groups				{"Groups":[GROUP...]}
 *	GET    /api/v1/groups/NAME			GROUP: {"Name":..., "Instances":[...]}
 *	POST   /api/v1/groups/NAME			201 and GROUP: it is made
 *	DELETE /api/v1/groups/NAME			204: its instances live on
 *	PUT    /api/v1/groups/NAME/instances/INSTANCE	204: it is in it
 *	DELETE /api/v1/groups/NAME/instances/INSTANCE	204: it is not any more
 */
#include <string.h>

#include "coordinator/face.h"
#include "coordinator/present.h"
#include "coordinator/routes.h"

#define PATH		"/api/v1/groups"

struct target {			/* what the path names */
	struct http_req		*r;
	struct core		*core;
	const struct user	*user;
	const char		*group, *instance;
};
typedef void (*group_handler)(const struct target *);

static void
refuse(const struct target *t, const struct err *e)
{
	int	status = 503;

	if (e->code == STORE_BAD_NAME)
		status = 400;
	else if (e->code == STORE_MISSING)
		status = 404;
	else if (e->code == STORE_EXISTS)
		status = 409;
	else if (e->code == STORE_FULL)
		status = 429;
	reply_error(t->r, status, "coordinator: %s", e->msg);
}

/* ret and e: of what was tried. */
static void
done(const struct target *t, int ret, const struct err *e)
{
	if (ret == -1)
		refuse(t, e);
	else
		reply_text(t->r, 204, "");
}

static void
push_group(const struct group_row *row, void *arg)
{
	json_push(arg, present_group(row));
}

static void
list(const struct target *t)
{
	struct json	*j = json_object(), *all = json_array();
	struct err	 e = ERR_INIT;

	json_set(j, "Groups", all);
	if (groups_rows(t->core, t->user, push_group, all, &e) == 0) {
		face_reply_json(t->r, 200, j);
		return;
	}
	json_free(j);
	refuse(t, &e);
}

static void
take_group(const struct group_row *row, void *arg)
{
	*(struct json **)arg = present_group(row);
}

static void
reply_group(const struct target *t, int status)
{
	struct json	*j = NULL;
	struct err	 e = ERR_INIT;

	if (groups_row(t->core, t->user, t->group, take_group, &j, &e) == -1)
		refuse(t, &e);
	else
		face_reply_json(t->r, status, j);
}

static void
show(const struct target *t)
{
	reply_group(t, 200);
}

static void
create(const struct target *t)
{
	struct err	e = ERR_INIT;

	if (groups_create(t->core, t->user, t->group, req_peer(t->r), &e) == -1)
		refuse(t, &e);
	else
		reply_group(t, 201);
}

static void
destroy(const struct target *t)
{
	struct err	e = ERR_INIT;

	done(t, groups_destroy(t->core, t->user, t->group, req_peer(t->r), &e), &e);
}

static void
add(const struct target *t)
{
	struct err	e = ERR_INIT;

	done(t, groups_add(t->core, t->user, t->group, t->instance, req_peer(t->r), &e), &e);
}

static void
take_out(const struct target *t)
{
	struct err	e = ERR_INIT;

	done(t, groups_remove(t->core, t->user, t->group, t->instance, req_peer(t->r), &e),
	    &e);
}

static const struct {
	const char	*method;
	bool		 group, instance;	/* the path has one */
	group_handler	 run;
} table[] = {
	{ "GET", false, false, list },
	{ "GET", true, false, show },
	{ "POST", true, false, create },
	{ "DELETE", true, false, destroy },
	{ "PUT", true, true, add },
	{ "DELETE", true, true, take_out },
};

/* Takes the path apart; false: it is none of ours. */
static bool
find_target(struct target *t)
{
	static const char	 between[] = "/instances/";
	const char		*rest = req_path(t->r) + strlen(PATH);
	char			*name, *slash;

	t->group = t->instance = NULL;
	if (rest[0] == '\0' || str_eq(rest, "/"))
		return true;
	name = req_strdup(t->r, rest + 1);
	t->group = name;
	slash = strchr(name, '/');
	if (slash == NULL)
		return true;
	if (!str_starts(slash, between) || slash[strlen(between)] == '\0')
		return false;
	t->instance = slash + strlen(between);
	*slash = '\0';
	return name[0] != '\0' && strchr(t->instance, '/') == NULL;
}

void
api_groups(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct target	 t = { .r = r, .core = f->core, .user = face_user(r) };
	const char	*method = str_eq(req_method(r), "HEAD") ? "GET" : req_method(r);
	size_t		 i;

	if (find_target(&t)) {
		for (i = 0; i < nitems(table); i++) {
			if (str_eq(table[i].method, method) &&
			    table[i].group == (t.group != NULL) &&
			    table[i].instance == (t.instance != NULL)) {
				table[i].run(&t);
				return;
			}
		}
	}
	reply_error(r, 404, "coordinator: there is no %s %s", req_method(r), req_path(r));
}
