/*
 * api_instances.c - /api/v1/instances: those of whoever asks, also the ended
 * ones, and making one last longer. To look at one is no use of it.
 *
 *	GET  /api/v1/instances[?all=1]		{"Instances":[...]}; all: everybody's
 *	GET  /api/v1/instances/NAME		an object as present_live or present_ended
 *	POST /api/v1/instances/NAME/extend	form duration ("2h", or ms): that object
 */
#include <string.h>

#include "base/log.h"
#include "coordinator/face.h"
#include "coordinator/present.h"
#include "coordinator/routes.h"

#define PATH		"/api/v1/instances"
#define ENDED_MAX	1000	/* in a list */

struct listing {
	struct core	*core;
	struct json	*all;
	bool		 failed;
	struct err	 why;
};

static bool
add_live(const struct instance_row *row, void *arg)
{
	struct listing	*l = arg;
	struct json	*j;

	if (row->state == INSTANCE_PREPARING)	/* nobody's yet */
		return true;
	j = present_live(l->core, row, &l->why);
	l->failed = j == NULL;
	if (j != NULL)
		json_push(l->all, j);
	return !l->failed;
}

static bool
add_ended(const struct store_lease *lease, void *arg)
{
	struct listing	*l = arg;

	json_push(l->all, present_ended(lease));
	return true;
}

/* user NULL: everybody's. */
static void
list(struct http_req *r, struct core *core, const char *user)
{
	struct json	*j = json_object();
	struct listing	 l = { .core = core, .all = json_array() };
	int		 ret;

	json_set(j, "Instances", l.all);
	instance_rows(core, user, add_live, &l);
	ret = l.failed ? -1 : user == NULL ?
	    store_leases_ended(core->store, add_ended, &l, ENDED_MAX, &l.why) :
	    store_leases_ended_of(core->store, user, add_ended, &l, ENDED_MAX, &l.why);
	if (ret == 0) {
		face_reply_json(r, 200, j);
		return;
	}
	json_free(j);
	reply_error(r, 503, "coordinator: %s", l.why.msg);
}

static void
list_asked(struct http_req *r, struct core *core)
{
	const char		*all = req_param(r, "all");
	const struct user	*u = face_user(r);

	if (all == NULL || str_eq(all, "0"))
		list(r, core, u->name);
	else if (!str_eq(all, "1"))
		reply_error(r, 400, "all: neither 0 nor 1");
	else if (!u->is_operator)
		reply_error(r, 403, "coordinator: everybody's instances are for operators, "
		    "and %s is none (there, \"coordinator user operator %s yes\" makes one)",
		    u->key, u->name);
	else
		list(r, core, NULL);
}

struct looking {
	struct http_req	*r;
	bool		 found;
};

static bool
on_ended(const struct store_lease *l, void *arg)
{
	struct looking	*x = arg;

	if (l->ended == 0 || !str_eq(l->user, face_user(x->r)->name))
		return false;
	x->found = true;
	face_reply_json(x->r, 200, present_ended(l));
	return false;
}

static void
not_there(struct http_req *r, const struct err *e)
{
	reply_error(r, e->code == INSTANCE_FOREIGN ? 403 : 404, "coordinator: %s", e->msg);
}

static void
show(struct http_req *r, struct core *core, const char *name)
{
	struct looking		 x = { r, false };
	struct instance_row	 row;
	struct instance		*i;
	struct json		*j;
	struct err		 e = ERR_INIT, failed = ERR_INIT;

	i = instance_look(core, face_user(r), name, &e);
	if (i != NULL) {
		instance_row_of(i, &row);
		j = present_live(core, &row, &failed);
		if (j != NULL)
			face_reply_json(r, 200, j);
		else
			reply_error(r, 503, "coordinator: %s", failed.msg);
		return;
	}
	if (e.code == INSTANCE_UNKNOWN &&
	    store_lease_find(core->store, name, on_ended, &x, &failed) == -1)
		log_error("instance %s: %s", name, failed.msg);
	if (!x.found)
		not_there(r, &e);
}

/* A bare number is milliseconds, as everywhere in requests. */
static int
take_duration(const char *text, int64_t *ms)
{
	if (text == NULL)
		return -1;
	if (strspn(text, "0123456789") == strlen(text))
		return str_int64(text, 0, INT64_MAX, ms);
	return clock_parse_duration(text, ms);
}

static void
extend(struct http_req *r, struct core *core, const char *name)
{
	struct instance	*i;
	int64_t		 ms;
	char		 text[CLOCK_TEXT_MAX];
	struct err	 e = ERR_INIT;

	if (take_duration(req_param(r, "duration"), &ms) == -1) {
		reply_error(r, 400, "duration: missing, or no time such as 2h or 45m");
		return;
	}
	i = instance_find(core, face_user(r), name, &e);
	if (i == NULL) {
		not_there(r, &e);
	} else if (instance_extend(i, ms, &e) == -1) {
		reply_error(r, 503, "coordinator: %s", e.msg);
	} else {
		core_event(core, face_user(r)->key, "instance.extend", name,
		    clock_duration(ms, text), req_peer(r));
		show(r, core, name);
	}
}

void
api_instances(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	const char	*rest = req_path(r) + strlen(PATH);
	char		*name = req_strdup(r, rest[0] == '/' ? rest + 1 : rest);
	char		*verb = strchr(name, '/');

	if (verb != NULL)
		*verb++ = '\0';
	if (name[0] == '\0')
		list_asked(r, f->core);
	else if (verb == NULL)
		show(r, f->core, name);
	else
		reply_error(r, 404, "there is no %s", req_path(r));
}

void
api_instances_post(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	const char	*rest = req_path(r) + strlen(PATH);
	char		*name = req_strdup(r, rest[0] == '/' ? rest + 1 : rest);
	char		*verb = strchr(name, '/');

	if (verb != NULL)
		*verb++ = '\0';
	if (str_eq(verb, "extend"))
		extend(r, f->core, name);
	else
		reply_error(r, 404, "there is no %s", req_path(r));
}
