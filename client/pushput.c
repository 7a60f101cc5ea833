/* pushput.c - see pushput.h. */
#include "client/pushput.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/xmalloc.h"
#include "client/awake.h"
#include "client/early.h"
#include "client/progress.h"
#include "client/say.h"
#include "client/side.h"
#include "client/treecache.h"
#include "client/upload.h"
#include "data/json.h"
#include "io/digest.h"
#include "io/loop.h"

/* Less is sent as fast as it is asked for. */
#define SHARE_MIN	(32 * 1024)
/* So much goes the way that the questions before it went. */
#define SMALL_MAX	(4 * 1024 * 1024)
#define ANSWER_MAX	(64 * 1024)
#define NONE		"none"		/* told of a task: each for himself */

/* q with what is packed; the answer into text (NULL: dropped). *broke: it could not
 * be packed. */
static int
send_packed(struct push *p, const struct pushput *u, struct call *c,
    struct call_request *q, struct str *text, bool *broke, struct err *e)
{
	struct progress	*progress;
	struct made	*made = u->pack(u->arg, &q->body, e);
	int		 ret;

	*broke = made == NULL;
	if (made == NULL)
		return -1;
	q->head_ms = UPLOAD_ANSWER_MS;
	progress = push_progress(p, made, u->most);
	ret = call_text(c, q, ANSWER_MAX, text, e);
	progress_free(progress);
	*broke = ret == -1 && call_status(c) == 0 && made_error(made) != NULL;
	if (*broke)
		*e = *made_error(made);
	made_free(made);
	return ret;
}

static int
put_own(struct push *p, const struct pushput *u, struct err *e)
{
	struct call_request	q = { .method = "PUT", .path = u->path,
	    .query = u->query, .doing = "push", .small = u->most <= SMALL_MAX };
	bool			broke;

	return send_packed(p, u, p->c, &q, NULL, &broke, e);
}

/* --- at the coordinator --------------------------------------------------------- */

/* *early: and hands them out while they come in. */
static bool
keeps_uploads(struct call *c, bool *early)
{
	struct call_request	 q = { .method = "GET", .path = "/api/v1/version",
	    .doing = "push" };
	struct str		 text = STR_INIT;
	struct json		*j = NULL, *list;
	struct err		 e = ERR_INIT;
	const char		*feature;
	bool			 yes = false;
	size_t			 i;

	*early = false;
	if (call_text(c, &q, ANSWER_MAX, &text, &e) == 0)
		j = json_parse(str_text(&text), text.len, &e);
	list = json_get(j, "Features");
	for (i = 0; i < json_len(list); i++) {
		feature = json_value_str(json_at(list, i));
		yes |= str_eq(feature, API_F_UPLOADS);
		*early |= str_eq(feature, API_F_EARLY);
	}
	json_free(j);
	str_release(&text);
	return yes;
}

char *
pushput_digest(const char *answer, size_t len)
{
	unsigned char	 bytes[INV_DIGEST];
	struct err	 e = ERR_INIT;
	struct json	*j = json_parse(answer, len, &e);
	const char	*s = json_str(j, "Digest", "");
	char		*digest = NULL;

	if (str_unhex(s, bytes, sizeof bytes) == 0)
		digest = xstrdup(s);
	json_free(j);
	return digest;
}

/* What several pushes have in common. */
struct common {
	struct push		*p;
	const struct pushput	*u;
	struct share_task	*task;
	struct early		*early;	/* it is ours, and still on its way; NULL */
	char			*id;	/* digest or name; NULL: each for himself */
};

static void
each_for_himself(const struct err *why)
{
	/* What to do about it may stand in brackets at its end. */
	say_note("each instance gets an upload of its own: %s", why->msg);
}

/* The others hear of it while it is on its way. True: they have been told. */
static bool
upload_early(struct common *c, struct call *call, bool *broke, struct err *e)
{
	const char	*name;

	c->early = early_start(c->p, c->u, e);
	*broke = c->early == NULL;
	if (*broke)
		return false;
	if ((name = early_name(c->early, call)) != NULL) {
		c->id = xstrdup(name);
		share_tell(c->task, name);
		return true;
	}
	c->id = early_digest(c->early, broke, e);
	early_free(c->early);
	c->early = NULL;
	return false;
}

/* For a coordinator that does not know of names. */
static void
upload_first(struct common *c, struct call *call, bool *broke, struct err *e)
{
	struct call_request	 q = { .method = "POST", .path = "/api/v1/uploads",
	    .doing = "upload for all" };
	struct str		 text = STR_INIT;

	if (send_packed(c->p, c->u, call, &q, &text, broke, e) == 0)
		c->id = pushput_digest(str_text(&text), text.len);
	str_release(&text);
}

/* It is ours to do, unless it cannot be packed, which others may fare better with. */
static void
upload(struct common *c)
{
	struct err	 e = ERR_INIT;
	struct call	*call = cmd_call(c->p->g, NULL, &e);
	bool		 early, broke = false, told = false;

	if (call != NULL)
		call_pass(c->p->c, call);
	if (call != NULL && keeps_uploads(call, &early)) {
		if (early)
			told = upload_early(c, call, &broke, &e);
		else
			upload_first(c, call, &broke, &e);
		if (c->id == NULL && !broke)
			each_for_himself(&e);
	}
	if (!told && !broke)
		share_tell(c->task, c->id != NULL ? c->id : NONE);
	if (call != NULL)
		call_pass(call, c->p->c);
	call_free(call);
}

static char *
task_name(const struct push *p, const struct pushput *u)
{
	struct digest	*d = digest_new(DIGEST_SHA256);
	char		 hex[DIGEST_HEX_MAX];

	digest_add(d, u->path, strlen(u->path) + 1);
	digest_add(d, p->found->name, strlen(p->found->name) + 1);
	digest_add(d, u->plan, u->len);
	digest_hex(d, hex);
	digest_free(d);
	return xasprintf("pack-%s", hex);
}

static void
common_begin(struct common *c)
{
	char			*name = task_name(c->p, c->u);
	struct str		 told = STR_INIT;
	struct awake		*awake = awake_new(c->p);
	enum share_turn		 turn;

	c->task = share_task_new(c->p->share, c->p->g->loop, name);
	turn = share_wait(c->task, &told);
	if (turn == SHARE_TOLD && !str_eq(str_text(&told), NONE))
		c->id = xstrdup(str_text(&told));
	if (turn == SHARE_OURS)
		upload(c);
	awake_free(awake);
	str_release(&told);
	free(name);
}

/* Others need the rest of what is ours, whatever our own instance said. */
static void
common_end(struct common *c)
{
	struct err	e = ERR_INIT;
	bool		broke;
	char		*digest;

	if (c->early != NULL) {
		digest = early_digest(c->early, &broke, &e);
		if (digest == NULL && !broke)
			each_for_himself(&e);
		free(digest);
	}
	early_free(c->early);
	share_task_free(c->task);
	free(c->id);
}

int
pushput_named(struct push *p, const struct pushput *u, const char *id, struct err *e)
{
	struct headers		*more = headers_new();
	struct call_request	 q = { .method = "PUT", .path = u->path,
	    .query = u->query, .more = more, .doing = "push",
	    .head_ms = UPLOAD_ANSWER_MS };
	int			 ret;

	headers_add(more, API_H_UPLOAD, id);
	ret = call_text(p->c, &q, ANSWER_MAX, NULL, e);
	headers_free(more);
	return ret == -1 && call_status(p->c) == 410 ? 1 : ret;
}

/* Can others want the same, and is it worth their while? */
static bool
is_common(const struct push *p, const struct pushput *u)
{
	unsigned char	id[INV_DIGEST];

	return p->share != NULL && !push_is_direct(p) &&
	    (p->found->shared || treecache_id(p->found->name, id)) &&
	    u->len + u->most >= SHARE_MIN;
}

int
pushput(struct push *p, const struct pushput *u, struct err *e)
{
	struct common	c = { .p = p, .u = u };
	int		ret = 1;

	if (is_common(p, u))
		common_begin(&c);
	if (u->named != NULL)
		u->named(c.id, u->arg);
	if (c.id != NULL)
		ret = pushput_named(p, u, c.id, e);
	common_end(&c);
	return ret == 1 ? put_own(p, u, e) : ret;
}
