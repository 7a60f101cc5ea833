/*
 * api_create.c - POST /buildlet/create (PROTOCOL 3): a place in the queue,
 * told every few seconds, until there is an instance or a reason why not.
 *
 * A client that gives its request a name (field `request`, feature
 * "create-again") may ask again after its connection was lost, and gets that
 * instance, or its place in the queue. The instance is in the groups that its
 * fields `group` name from the start. An instance whose client was not there
 * any more to hear of it is ended at once.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/types.h"
#include "base/log.h"
#include "coordinator/face.h"
#include "coordinator/near.h"
#include "coordinator/present.h"
#include "coordinator/routes.h"
#include "io/buf.h"

#define STATUS_MS	5000	/* between two lines about the place in the queue, */
#define BACK_MS		500	/* two looks whether a machine is back */

struct asked {			/* the form; borrowed from the request */
	const char	*version, *type, *key;
	struct strs	 groups;
};

struct create {			/* lives as long as its request */
	struct face	*face;
	struct http_req	*r;
	struct request	*request;	/* NULL: it has been decided */
	char		*name;		/* of the instance that it was told, or will be; NULL */
	bool		 told;
	struct body	*out;		/* NULL: old client, or it is over */
	struct timer	*tick;
};

static int
version_check(const char *v, struct err *e)
{
	if (v == NULL || strlen(v) != 8 || strspn(v, "0123456789") != 8)
		return err_set(e, "version: missing, or not a date such as %s",
		    API_CLIENT_VERSION);
	if (strcmp(v, API_CLIENT_VERSION_MIN) < 0)
		return err_set(e, "client version %s is too old: the oldest that works is %s",
		    v, API_CLIENT_VERSION_MIN);
	return 0;
}

/* Did the client hear of its instance? */
static void
see_told(struct create *c)
{
	struct instance	*i = c->told ? instance_peek(c->face->core, c->name) : NULL;

	if (i != NULL && req_sent(c->r))
		instance_claim(i);
	else if (i != NULL && !instance_claimed(i))
		instance_end(i, "coordinator", "its user had gone when it was ready");
}

/* The client has its answer, or has gone. */
static void
on_done(void *arg)
{
	struct create	*c = arg;

	see_told(c);
	if (c->request != NULL)
		sched_withdraw(c->request);
	c->request = NULL;
	timer_free(c->tick);
	c->tick = NULL;
	if (c->out != NULL)
		body_end(c->out, NULL);
	c->out = NULL;
}

/* A line of the answer. Takes j. */
static void
say(struct create *c, struct json *j)
{
	char	*text = json_text(j, false);

	buf_adds(body_buf(c->out), text);
	buf_adds(body_buf(c->out), "\n");
	body_wrote(c->out);
	free(text);
	json_free(j);
}

static void
say_place(struct create *c)
{
	struct json	*status = json_object(), *j = json_object();
	struct str	 why = STR_INIT;
	size_t		 ahead = sched_place(c->request, &why);

	json_set_str(status, "message", str_text(&why));
	json_set_int(status, "ahead", (int64_t)ahead);
	json_set(j, "status", status);
	say(c, j);
	str_release(&why);
}

static void
on_tick(void *arg)
{
	struct create	*c = arg;

	if (!body_full(c->out) && !body_closed(c->out))
		say_place(c);
}

static int
status_of(const struct err *e)
{
	switch (e->code) {
	case SCHED_UNKNOWN:
		return 400;
	case SCHED_LIMIT:
		return 403;
	case SCHED_AGAIN:
		return 409;
	default:
		return 503;
	}
}

static void
finish(struct create *c)
{
	timer_free(c->tick);
	c->tick = NULL;
	body_end(c->out, NULL);
	c->out = NULL;
}

static void
refuse(struct create *c, const struct err *why)
{
	struct json	*j;

	if (c->out == NULL) {
		reply_error(c->r, status_of(why), "%s", why->msg);
		return;
	}
	j = json_object();
	json_set_str(j, "error", why->msg);
	say(c, j);
	finish(c);
}

static void
tell(struct create *c, struct instance *i)
{
	struct json	*j;

	c->name = req_strdup(c->r, instance_name(i));
	c->told = true;
	if (c->out == NULL) {
		face_reply_json(c->r, 200, present_instance(i));
		return;
	}
	j = json_object();
	json_set(j, "buildlet", present_instance(i));
	say(c, j);
	finish(c);
}

static void
on_granted(struct instance *i, const struct err *why, void *arg)
{
	struct create	*c = arg;

	c->request = NULL;
	if (i == NULL)
		refuse(c, why);
	else
		tell(c, i);
}

/* --- asked for again ------------------------------------------------------------ */

static bool
is_back(struct instance *i)
{
	struct instance_row	row;

	instance_row_of(i, &row);
	return row.state == INSTANCE_LIVE;
}

static void
say_away(struct create *c)
{
	struct json	*status = json_object(), *j = json_object();

	json_set_str(status, "message", "waiting for the machine of this instance to come back");
	json_set_int(status, "ahead", 0);
	json_set(j, "status", status);
	say(c, j);
}

static void
on_look(void *arg)
{
	struct create	*c = arg;
	struct instance	*i;
	struct err	 e = ERR_INIT;

	i = instance_look(c->face->core, face_user(c->r), c->name, &e);
	if (i == NULL)
		refuse(c, &e);
	else if (is_back(i))
		tell(c, i);
}

/* It was granted, and its client did not hear of it. */
static void
tell_again(struct create *c, struct instance *i)
{
	log_info("instance %s: asked for again", instance_name(i));
	instance_claim(i);
	instance_touch(i);
	if (c->out == NULL || is_back(i)) {
		tell(c, i);
		return;
	}
	c->name = req_strdup(c->r, instance_name(i));
	say_away(c);
	c->tick = loop_every(req_loop(c->r), BACK_MS, on_look, c);
}

/* --- the request ------------------------------------------------------------------ */

/* Newer clients read lines from now on. */
static void
begin_stream(struct create *c)
{
	reply_header(c->r, "Content-Type", "application/json; charset=utf-8");
	c->out = reply_stream(c->r, 200, -1);
}

static void
start(struct create *c, const struct asked *a)
{
	const struct sched_order	 o = { .builder_type = a->type,
	    .peer = req_peer(c->r), .key = a->key, .groups = &a->groups };
	struct core			*core = c->face->core;
	struct instance			*i;
	bool				 lines;
	struct err			 e = ERR_INIT;

	lines = strcmp(a->version, API_CLIENT_VERSION) >= 0;

	reply_header(c->r, API_H_SUPPORTED, API_CLIENT_VERSION);
	if (lines)
		begin_stream(c);
	req_on_done(c->r, on_done, c);
	i = a->key == NULL ? NULL : instance_of_request(core, face_user(c->r)->name, a->key);
	if (i != NULL) {
		tell_again(c, i);
		return;
	}
	c->request = sched_request(core, face_user(c->r), &o, on_granted, c, &e);
	if (c->request == NULL) {
		refuse(c, &e);
		return;
	}
	if (!lines)
		return;
	say_place(c);
	c->tick = loop_every(req_loop(c->r), STATUS_MS, on_tick, c);
}

/* Fills a; 0, or the status of a refusal and e. */
static int
take_form(struct http_req *r, const struct catalog *catalog, struct asked *a, struct err *e)
{
	const struct form	*form = req_form(r);
	const char		*group;
	struct str		 near = STR_INIT;
	size_t			 it = 0;

	a->version = req_param(r, "version");
	a->type = req_param(r, "builderType");
	a->key = req_param(r, "request");
	while (form != NULL && (group = form_each(form, "group", &it)) != NULL) {
		if (!strs_has(&a->groups, group) && a->groups.n <= GROUPS_MAX)
			strs_add(&a->groups, group);
	}
	if (version_check(a->version, e) == -1)
		return 400;
	if (a->type == NULL || a->type[0] == '\0')
		(void)err_set(e, "builderType is missing");
	else if (a->key != NULL && !api_exec_id_ok(a->key))
		(void)err_set(e, "request: not %d to %d of 0-9 a-z", API_EXEC_ID_MIN,
		    API_EXEC_ID_MAX);
	else if (a->groups.n > GROUPS_MAX)
		(void)err_set(e, "group: more than %d", GROUPS_MAX);
	else if (catalog_builder(catalog, a->type) == NULL) {
		near_builders(catalog, a->type, &near);
		(void)err_set(e, "unknown builder type \"%.*s\"%s", CATALOG_NAME_MAX,
		    a->type, str_text(&near));
		str_release(&near);
	} else
		return 0;
	return 400;
}

/* Who asks again has its place or its instance, whatever has become of the groups. */
static int
check_groups(struct http_req *r, struct core *core, const struct asked *a, struct err *e)
{
	const struct user	*u = face_user(r);

	if (a->key != NULL && (sched_has(core, u->name, a->key) ||
	    instance_of_request(core, u->name, a->key) != NULL))
		return 0;
	if (groups_check(core, u, &a->groups, e) == 0)
		return 0;
	(void)err_wrap(e, "coordinator");
	return e->code == STORE_MISSING ? 404 : 503;
}

void
api_create(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct create	*c;
	struct asked	 a = { .groups = STRS_INIT };
	struct err	 e = ERR_INIT;
	int		 status;

	status = take_form(r, f->core->catalog, &a, &e);
	if (status == 0)
		status = check_groups(r, f->core, &a, &e);
	if (status == 0) {
		c = req_alloc(r, sizeof *c);
		c->face = f;
		c->r = r;
		start(c, &a);
	} else {
		reply_error(r, status, "%s", e.msg);
	}
	strs_release(&a.groups);
}
