/* early.c - a connection for the upload, while the call's is asked whether it is there. */
#include "client/early.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/xmalloc.h"
#include "client/side.h"
#include "client/upload.h"
#include "io/loop.h"
#include "io/secret.h"

#define UPLOADS		"/api/v1/uploads"
#define NAME_BYTES	16
#define LOOK_MS		10
#define TURN_MS		1000
#define ANSWER_MAX	(64 * 1024)

struct early {
	struct loop	*loop;
	char		*name;
	struct made	*made;
	struct progress	*progress;
	struct side	*up;
	bool		 over;
	char		*digest;	/* once it is over; NULL: it failed */
	struct err	 why;
};

/* --- the upload ---------------------------------------------------------------- */

static void
on_uploaded(const struct side_answer *a, void *arg)
{
	struct early	*y = arg;

	y->over = true;
	if (a->status == 201)
		y->digest = pushput_digest(a->text, a->len);
	if (y->digest == NULL)
		err_set(&y->why, "coordinator: upload for all: %s", a->why != NULL ?
		    a->why->msg : a->status != 201 && a->len > 0 ? a->text :
		    "no digest came");
}

static void
send_up(struct early *y, struct body *body)
{
	struct form		*query = form_new();
	struct side_request	 q = { .method = "POST", .path = UPLOADS,
	    .query = query, .body = body, .head_ms = UPLOAD_ANSWER_MS };

	form_add(query, "as", y->name);
	side_ask(y->up, &q, on_uploaded, y);
	form_free(query);
}

struct early *
early_start(struct push *p, const struct pushput *u, struct err *e)
{
	struct early	*y = xcalloc(1, sizeof *y);
	struct cred	 own = p->g->cred;
	struct body	*body;

	y->loop = p->g->loop;
	y->name = secret_hex(NAME_BYTES);
	/* Not by an agent: what it has may be stale, and the body goes only once. */
	own.agent_ms = 0;
	y->up = side_new(y->loop, &own, NULL, e);
	if (y->up == NULL || (y->made = u->pack(u->arg, &body, e)) == NULL) {
		early_free(y);
		return NULL;
	}
	y->progress = push_progress(p, y->made, u->most);
	send_up(y, body);
	return y;
}

/* --- waiting ------------------------------------------------------------------- */

/* Mostly it is not there the first time, but the second. */
static bool
is_there(const struct early *y, struct call *c)
{
	char			*path = xasprintf(UPLOADS "/%s", y->name);
	struct call_request	 q = { .method = "GET", .path = path, .doing = "push" };
	struct err		 e = ERR_INIT;
	int			 ret = call_text(c, &q, ANSWER_MAX, NULL, &e);

	free(path);
	return ret == 0;
}

const char *
early_name(struct early *y, struct call *c)
{
	int64_t	now, until;

	while (!y->over) {
		if (is_there(y, c))
			return y->name;
		until = loop_now(y->loop) + LOOK_MS;
		while (!y->over && (now = loop_now(y->loop)) < until)
			loop_turn(y->loop, until - now);
	}
	return NULL;
}

char *
early_digest(struct early *y, bool *broke, struct err *e)
{
	while (!y->over)
		loop_turn(y->loop, TURN_MS);
	*broke = y->digest == NULL && made_error(y->made) != NULL;
	if (y->digest == NULL)
		*e = *broke ? *made_error(y->made) : y->why;
	return y->digest != NULL ? xstrdup(y->digest) : NULL;
}

void
early_free(struct early *y)
{
	if (y == NULL)
		return;
	side_free(y->up);
	progress_free(y->progress);
	made_free(y->made);
	free(y->name);
	free(y->digest);
	free(y);
}
