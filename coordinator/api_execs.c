/*
 * api_execs.c - /api/v1/execs: what runs and has run on the instances of
 * whoever asks, and what is kept of its output.
 *
 *	GET /api/v1/execs[?instance=NAME]	{"Execs":[...]}, the newest first
 *	GET /api/v1/execs/ID			one; ID may be cut off where that is plain
 *	GET /api/v1/execs/ID/output		the end of its output (record.h)
 *
 * The latter two take ?instance=NAME too.
 */
#include <stdio.h>
#include <string.h>

#include "api/record.h"
#include "api/types.h"
#include "coordinator/face.h"
#include "coordinator/present.h"
#include "coordinator/routes.h"

#define PATH		"/api/v1/execs"
#define ENDED_MAX	1000	/* in a list */
#define LOOK_MS		5
#define LOOKS_MAX	200	/* a machine that takes longer is not waited for */

static bool
add_exec(const struct store_exec *x, void *arg)
{
	json_push(arg, present_exec(x));
	return true;
}

static void
list(struct http_req *r, struct core *core)
{
	struct json	*j = json_object(), *all = json_array();
	struct err	 e = ERR_INIT;

	json_set(j, "Execs", all);
	if (execs_of(core, face_user(r)->name, req_param(r, "instance"), ENDED_MAX, add_exec,
	    all, &e) == -1) {
		json_free(j);
		reply_error(r, 503, "coordinator: %s", e.msg);
		return;
	}
	face_reply_json(r, 200, j);
}

struct one {
	size_t		 n;		/* how many there are */
	char		 id[API_EXEC_ID_MAX + 1], instance[STORE_LEASE_MAX];
	struct json	*json;
};

static bool
on_one(const struct store_exec *x, void *arg)
{
	struct one	*o = arg;

	if (o->n++ > 0)
		return false;
	snprintf(o->id, sizeof o->id, "%s", x->id);
	snprintf(o->instance, sizeof o->instance, "%s", x->instance);
	o->json = present_exec(x);
	json_set_int(o->json, "Kept", x->kept);
	return true;
}

/* The one that is meant; false: it has been answered. */
static bool
find(struct http_req *r, struct core *core, const char *id, struct one *o)
{
	struct err	e = ERR_INIT;
	int		ret = 0;

	memset(o, 0, sizeof *o);
	if (id[0] != '\0' && strlen(id) <= API_EXEC_ID_MAX &&
	    strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") == strlen(id))
		ret = execs_find(core, face_user(r)->name, id, req_param(r, "instance"),
		    ENDED_MAX, on_one, o, &e);
	if (ret == 0 && o->n == 1)
		return true;
	if (ret == -1)
		reply_error(r, 503, "coordinator: %s", e.msg);
	else if (o->n == 0)
		reply_error(r, 404, "coordinator: there is no exec \"%.40s\"", id);
	else
		reply_error(r, 409, "coordinator: there is more than one exec whose id "
		    "begins with %s", id);
	json_free(o->json);
	return false;
}

static void
on_tail(const void *data, size_t len, void *arg)
{
	reply_data(arg, 200, RECORD_TYPE, data, len);
}

static void
output(struct http_req *r, struct core *core, const char *id)
{
	struct one	o;
	struct err	e = ERR_INIT;

	if (!find(r, core, id, &o))
		return;
	json_free(o.json);
	switch (store_tail_get(core->store, o.instance, o.id, on_tail, r, &e)) {
	case -1:
		reply_error(r, 503, "coordinator: %s", e.msg);
		break;
	case 0:
		reply_error(r, 404, "coordinator: no output of exec %s is kept here", o.id);
		break;
	default:
		break;
	}
}

static void
answer(struct http_req *r, struct core *core)
{
	const char	*rest = req_path(r) + strlen(PATH);
	char		*id = req_strdup(r, rest[0] == '/' ? rest + 1 : rest);
	char		*verb = strchr(id, '/');
	struct one	 o;

	if (verb != NULL)
		*verb++ = '\0';
	if (verb != NULL && str_eq(verb, "output"))
		output(r, core, id);
	else if (verb != NULL)
		reply_error(r, 404, "there is no %s", req_path(r));
	else if (id[0] == '\0')
		list(r, core);
	else if (find(r, core, id, &o))
		face_reply_json(r, 200, o.json);
}

/* --- what was begun just now --------------------------------------------------------- */

/* Who has begun a command, and then asks for it, finds it. */
struct waiting {
	struct core	*core;
	struct http_req	*r;
	struct timer	*timer;
	unsigned	 looks;
};

static void
on_done(void *arg)
{
	struct waiting	*w = arg;

	timer_free(w->timer);
}

static void
on_look(void *arg)
{
	struct waiting	*w = arg;

	if (!execs_settled(w->core, face_user(w->r)->name) && ++w->looks < LOOKS_MAX) {
		timer_set(w->timer, LOOK_MS);
		return;
	}
	answer(w->r, w->core);
}

void
api_execs(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct waiting	*w;

	if (execs_settled(f->core, face_user(r)->name)) {
		answer(r, f->core);
		return;
	}
	w = req_alloc(r, sizeof *w);
	w->core = f->core;
	w->r = r;
	w->timer = timer_new(req_loop(r), on_look, w);
	req_on_done(r, on_done, w);
	timer_set(w->timer, LOOK_MS);
}
