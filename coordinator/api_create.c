/*
 * api_create.c - POST /buildlet/create (PROTOCOL 3): a place in the queue,
 * told every few seconds, until there is an instance or a reason why not.
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

#define STATUS_MS	5000	/* between two lines about the place in the queue */

struct create {			/* lives as long as its request */
	struct face	*face;
	struct http_req	*r;
	struct request	*request;	/* NULL: it has been decided */
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

/* The client has its answer, or has gone. */
static void
on_done(void *arg)
{
	struct create	*c = arg;

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
on_granted(struct instance *i, const struct err *why, void *arg)
{
	struct create	*c = arg;
	struct json	*j;

	c->request = NULL;
	if (i == NULL) {
		refuse(c, why);
		return;
	}
	if (c->out == NULL) {
		face_reply_json(c->r, 200, present_instance(i));
		return;
	}
	j = json_object();
	json_set(j, "buildlet", present_instance(i));
	say(c, j);
	finish(c);
}

/* Newer clients read lines from now on. */
static void
begin_stream(struct create *c)
{
	reply_header(c->r, "Content-Type", "application/json; charset=utf-8");
	c->out = reply_stream(c->r, 200, -1);
}

static void
start(struct create *c, const char *builder_type, bool lines)
{
	struct err	e = ERR_INIT;

	reply_header(c->r, API_H_SUPPORTED, API_CLIENT_VERSION);
	if (lines)
		begin_stream(c);
	req_on_done(c->r, on_done, c);
	c->request = sched_request(c->face->core, face_user(c->r), builder_type,
	    req_peer(c->r), on_granted, c, &e);
	if (c->request == NULL) {
		refuse(c, &e);
		return;
	}
	if (!lines)
		return;
	say_place(c);
	c->tick = loop_every(req_loop(c->r), STATUS_MS, on_tick, c);
}

void
api_create(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct create	*c;
	const char	*version = req_param(r, "version"), *type = req_param(r, "builderType");
	struct str	 near = STR_INIT;
	struct err	 e = ERR_INIT;

	if (version_check(version, &e) == -1) {
		reply_error(r, 400, "%s", e.msg);
		return;
	}
	if (type == NULL || type[0] == '\0') {
		reply_error(r, 400, "builderType is missing");
		return;
	}
	if (catalog_builder(f->core->catalog, type) == NULL) {
		near_builders(f->core->catalog, type, &near);
		reply_error(r, 400, "unknown builder type \"%.*s\"%s", CATALOG_NAME_MAX,
		    type, str_text(&near));
		str_release(&near);
		return;
	}
	c = req_alloc(r, sizeof *c);
	c->face = f;
	c->r = r;
	start(c, type, strcmp(version, API_CLIENT_VERSION) >= 0);
}
