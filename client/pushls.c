/*
 * pushls.c - the steps of a push to where no record is kept: stock buildlets and
 * older ones of ours. What is there is listed with digests; what pushes have
 * put there is remembered here (manifest.h).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/path.h"
#include "base/xmalloc.h"
#include "client/bootstrap.h"
#include "client/bundle.h"
#include "client/local.h"
#include "client/manifest.h"
#include "client/plan.h"
#include "client/push_int.h"
#include "client/pushput.h"
#include "client/say.h"
#include "client/upload.h"
#include "io/buf.h"

#define LINE_MAX_LEN	(64 * 1024)
#define LS_STALL_MS	(10 * 60 * 1000)
/* Of one POST /removeall; servers take forms of 1 MiB and 10,000 fields. */
#define REMOVE_BYTES	(512 * 1024)
#define REMOVE_PATHS	5000

struct listing {
	struct push		*p;
	struct local		 local;		/* inv is the push's */
	struct manifest		*manifest;
	struct plan		*plan;
	char			*version;	/* a VERSION to make there; NULL: none */
};

/* --- what is there --------------------------------------------------------- */

static int
step_here(struct listing *l, struct err *e)
{
	if (push_here(l->p, e) == -1)
		return -1;
	l->local.inv = l->p->here;
	l->local.root = open(l->p->spec->source,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return l->local.root != -1 ? 0 :
	    err_errno(e, "open %s", l->p->spec->source);
}

static int
step_manifest(struct listing *l, struct err *e)
{
	struct plan_rules	rules = {
		.links = push_has(l->p, API_F_LSLINK),
		.exact = l->p->status.features.n > 0,	/* a stock buildlet has none */
		.keep = l->p->rules,
	};

	l->manifest = manifest_open(push_is_direct(l->p) ? NULL : l->p->g->cred.server,
	    l->p->spec->instance, l->p->spec->dir, e);
	if (l->manifest == NULL)
		return -1;
	l->plan = plan_new(&l->local, l->manifest, &rules);
	return 0;
}

static int
ls_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct listing	*l = arg;
	char		*line;
	int		 too_long = 0, ret = 0;

	while (ret == 0 &&
	    (line = buf_line(b, LINE_MAX_LEN, &too_long)) != NULL) {
		ret = plan_line(l->plan, line, e);
		free(line);
	}
	return too_long ? err_set(e, "a line of the listing is too long") : ret;
}

static struct form *
ls_query(const struct listing *l)
{
	struct form	*f = form_new();

	form_add(f, "dir", l->p->spec->dir);
	form_add(f, "recursive", "true");
	form_add(f, "digest", "true");
	if (push_has(l->p, API_F_LSLINK))
		form_add(f, "links", "true");
	if (l->p->go && l->p->spec->goroot) {
		form_add(f, "skip", "pkg");
		form_add(f, "skip", "bin");
	}
	return f;
}

/* Stock buildlets say it with 500. */
static bool
is_missing(const struct listing *l, const struct err *e)
{
	return call_status(l->p->c) == 404 || (call_status(l->p->c) >= 400 &&
	    strstr(e->msg, "o such file or directory") != NULL);
}

static int
step_compare(struct listing *l, struct err *e)
{
	struct form		*query = ls_query(l);
	struct call_request	 q = { .method = "GET", .path = "/ls",
	    .query = query, .doing = "push: list", .head_ms = LS_STALL_MS,
	    .stall_ms = LS_STALL_MS };
	int			 ret;

	ret = call_send(l->p->c, &q, e);
	if (ret == 0)
		ret = call_read(l->p->c, ls_sink, l, e);
	else if (is_missing(l, e))
		ret = 0;
	form_free(query);
	/* A new instance of an old name has nothing of ours. */
	if (ret == 0 && plan_remote_empty(l->plan))
		manifest_clear(l->manifest);
	return ret == 0 ? plan_end(l->plan, e) : -1;
}

static int
step_bootstrap(struct listing *l, struct err *e)
{
	struct form		*query;
	struct call_request	 q = { .method = "GET", .path = "/ls",
	    .doing = "push: list" };
	struct str		 text = STR_INIT;
	int			 ret;

	if (!l->p->go || l->p->spec->dry_run ||
	    push_is_direct(l->p))
		return 0;
	q.query = query = form_new();
	form_add(query, "dir", ".");
	ret = call_text(l->p->c, &q, 4 * 1024 * 1024, &text, e);
	if (ret == 0 && strstr(str_text(&text), "\tgo1.4/\n") == NULL)
		ret = bootstrap_put(l->p->g, l->p->c, l->p->spec->instance, false, e);
	str_release(&text);
	form_free(query);
	return ret;
}

static int
step_version(struct listing *l, struct err *e)
{
	int64_t	when;

	(void)e;
	if (l->p->go && inv_find(&l->local.inv, "VERSION") == NULL &&
	    !plan_remote_has(l->plan, "VERSION"))
		l->version = push_version(l->p, &when);
	return 0;
}

/* --- telling --------------------------------------------------------------- */

static int
step_tell(struct listing *l, struct err *e)
{
	const struct strs	*first = plan_first(l->plan);
	const struct strs	*gone = plan_removals(l->plan);
	size_t			 i, left_out = plan_left_out(l->plan);

	for (i = 0; i < first->n; i++)
		push_tell(l->p, "remove", first->v[i]);
	for (i = 0; i < l->local.inv.n; i++)
		if (plan_sends(&l->local.inv.v[i]))
			push_tell(l->p, "send", l->local.inv.v[i].path);
	if (l->version != NULL)
		push_tell(l->p, "send", "VERSION");
	for (i = 0; i < gone->n; i++)
		push_tell(l->p, "remove", gone->v[i]);
	if (left_out > 0)
		say_note("%zu symbolic link%s left out: the buildlet there does not "
		    "take %s", left_out, left_out == 1 ? " is" : "s are",
		    left_out == 1 ? "it" : "them");
	if (push_tell_sum(l->p, plan_send_count(l->plan) + (l->version != NULL),
	    plan_send_bytes(l->plan), first->n + gone->n, e) == -1)
		return -1;
	return push_may_remove(l->p, plan_going(l->plan), plan_ours(l->plan), e);
}

/* --- doing ----------------------------------------------------------------- */

/* As many paths, from *at on, as one form holds. */
static struct form *
remove_form(const struct listing *l, const struct strs *paths, size_t *at)
{
	struct form	*f = form_new();
	size_t		 bytes = 0, n = 0;
	char		*full;

	for (; *at < paths->n && n < REMOVE_PATHS && bytes < REMOVE_BYTES; n++) {
		full = path_join(l->p->spec->dir, paths->v[(*at)++]);
		bytes += 3 * strlen(full) + strlen("&path=");
		form_add(f, "path", full);
		free(full);
	}
	return f;
}

static int
remove_all(struct listing *l, const struct strs *paths, struct err *e)
{
	struct call_request	 q = { .method = "POST", .path = "/removeall",
	    .doing = "push: remove", .head_ms = UPLOAD_ANSWER_MS };
	struct form		*form;
	size_t			 at = 0;
	int			 ret = 0;

	while (ret == 0 && at < paths->n) {
		q.form = form = remove_form(l, paths, &at);
		ret = call_text(l->p->c, &q, 4096, NULL, e);
		form_free(form);
	}
	return ret;
}

static int
step_remove_first(struct listing *l, struct err *e)
{
	return remove_all(l, plan_first(l->plan), e);
}

static int
step_remove(struct listing *l, struct err *e)
{
	return remove_all(l, plan_removals(l->plan), e);
}

static void
names_to_send(const struct listing *l, struct str *names)
{
	const struct inv_entry	*x;
	size_t			 i;

	for (i = 0; i < l->local.inv.n; i++) {
		x = &l->local.inv.v[i];
		if (plan_sends(x))
			str_addn(names, x->path, strlen(x->path) + 1);
	}
}

struct packing {
	const struct listing	*l;
	const struct str	*names;
};

static struct made *
pack(void *arg, struct body **body, struct err *e)
{
	const struct packing	*k = arg;
	struct push		*p = k->l->p;
	struct bundle_spec	 spec = { .dir = p->spec->source,
	    .zstd = push_has(p, API_F_ZSTD), .version = k->l->version };
	struct made		*made;

	spec.names = buf_new();
	buf_add(spec.names, k->names->s, k->names->len);
	made = bundle_start(p->g->loop, &spec, body, e);
	buf_free(spec.names);
	return made;
}

/* What is packed depends on nothing else. */
static void
add_plan(const struct listing *l, struct str *plan)
{
	str_addf(plan, "%d %s\n", push_has(l->p, API_F_ZSTD),
	    l->version != NULL ? l->version : "");
}

static int
step_upload(struct listing *l, struct err *e)
{
	struct str	 names = STR_INIT, plan = STR_INIT;
	struct form	*query;
	struct packing	 k = { l, &names };
	struct pushput	 u = { .path = "/writetgz", .most = plan_send_bytes(l->plan),
	    .pack = pack, .arg = &k };
	int		 ret;

	if (plan_send_count(l->plan) == 0 && l->version == NULL)
		return 0;
	names_to_send(l, &names);
	add_plan(l, &plan);
	str_addn(&plan, names.s, names.len);
	u.plan = plan.s;
	u.len = plan.len;
	u.query = query = form_new();
	form_add(query, "dir", l->p->spec->dir);
	ret = pushput(l->p, &u, e);
	form_free(query);
	str_release(&plan);
	str_release(&names);
	return ret;
}

/* Written before anything travels: if the push breaks off, the next one still
 * knows what may be ours. */
static int
step_remember(struct listing *l, struct err *e)
{
	size_t	i;

	for (i = 0; i < l->local.inv.n; i++)
		if (!plan_leaves_out(l->plan, &l->local.inv.v[i]))
			manifest_add(l->manifest, l->local.inv.v[i].path);
	return manifest_save(l->manifest, e);
}

static bool
stays(const char *path, void *plan)
{
	return plan_stays(plan, path);
}

static int
step_forget(struct listing *l, struct err *e)
{
	manifest_prune(l->manifest, stays, l->plan);
	return manifest_save(l->manifest, e);
}

/* --- all of it ------------------------------------------------------------- */

typedef int (*push_step)(struct listing *, struct err *);

static int
push_steps(struct listing *l, const push_step *steps, size_t n, struct err *e)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (steps[i](l, e) == -1)
			return -1;
	return 0;
}

int
pushls(struct push *p, struct err *e)
{
	static const push_step	look[] = { step_here, step_bootstrap,
		step_manifest, step_compare, step_version, step_tell };
	static const push_step	act[] = { step_remember, step_remove_first,
		step_upload, step_remove, step_forget };
	struct listing		l = { .p = p };
	char			*name = xstrdup(p->spec->source);
	int			 ret;

	l.local.root = -1;
	l.local.name = name;
	ret = push_steps(&l, look, nitems(look), e);
	if (ret == 0 && !p->spec->dry_run)
		ret = push_steps(&l, act, nitems(act), e);
	plan_free(l.plan);
	manifest_close(l.manifest);
	free(l.version);
	if (l.local.root != -1)
		close(l.local.root);
	free(name);
	return ret;
}
