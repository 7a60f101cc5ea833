/* early.c - one connection for the upload, one to ask whether it is there. */
#include "client/early.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/xmalloc.h"
#include "client/side.h"
#include "client/upload.h"
#include "data/json.h"
#include "io/digest.h"
#include "io/loop.h"
#include "io/secret.h"

#define UPLOADS		"/api/v1/uploads"
#define NAME_BYTES	16
#define LOOK_MS		10
#define TURN_MS		1000

struct early {
	struct loop	*loop;
	char		*name, *path;	/* path: to ask for it */
	struct made	*made;
	struct progress	*progress;
	struct side	*up, *look;
	struct timer	*timer;		/* to look; NULL: no more */
	bool		 there, over;
	char		*digest;	/* once it is over; NULL: it failed */
	struct err	 why;
};

/* --- is it there? -------------------------------------------------------------- */

static void
look_no_more(struct early *y)
{
	timer_free(y->timer);
	y->timer = NULL;
}

static void
on_seen(const struct side_answer *a, void *arg)
{
	struct early	*y = arg;

	if (a->status != 200)
		return;
	y->there = true;
	look_no_more(y);
}

static void
on_look(void *arg)
{
	struct early			*y = arg;
	const struct side_request	 q = { .method = "GET", .path = y->path };

	if (!side_busy(y->look))
		side_ask(y->look, &q, on_seen, y);
}

/* --- the upload ---------------------------------------------------------------- */

static void
on_uploaded(const struct side_answer *a, void *arg)
{
	struct early	*y = arg;
	struct err	 e = ERR_INIT;
	struct json	*j;

	y->over = true;
	look_no_more(y);
	if (a->status == 201 && (j = json_parse(a->text, a->len, &e)) != NULL) {
		if (strlen(json_str(j, "Digest", "")) == DIGEST_HEX_MAX - 1)
			y->digest = xstrdup(json_str(j, "Digest", ""));
		json_free(j);
	}
	if (y->digest == NULL)
		err_set(&y->why, "coordinator: upload for all: %s", a->why != NULL ?
		    a->why->msg : a->len > 0 ? a->text : "no digest came");
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
	y->path = xasprintf(UPLOADS "/%s", y->name);
	/* Not by an agent: what it has may be stale, and the body goes only once. */
	own.agent_ms = 0;
	y->up = side_new(y->loop, &own, NULL, e);
	y->look = side_new(y->loop, &p->g->cred, NULL, e);
	if (y->up == NULL || y->look == NULL ||
	    (y->made = u->pack(u->arg, &body, e)) == NULL) {
		early_free(y);
		return NULL;
	}
	y->progress = push_progress(p, y->made, u->most);
	send_up(y, body);
	y->timer = loop_every(y->loop, LOOK_MS, on_look, y);
	return y;
}

/* --- waiting ------------------------------------------------------------------- */

const char *
early_name(struct early *y)
{
	while (!y->there && !y->over)
		loop_turn(y->loop, TURN_MS);
	return y->there ? y->name : NULL;
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
	look_no_more(y);
	side_free(y->up);
	side_free(y->look);
	progress_free(y->progress);
	made_free(y->made);
	free(y->name);
	free(y->path);
	free(y->digest);
	free(y);
}
