/* pushrec.c - the steps of a push to where a record of pushes is kept. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/pushwire.h"
#include "base/path.h"
#include "base/xmalloc.h"
#include "client/bootstrap.h"
#include "client/delta.h"
#include "client/outline.h"
#include "client/push_int.h"
#include "client/pushpack.h"
#include "client/pushput.h"
#include "client/remote.h"
#include "client/say.h"
#include "client/treecache.h"
#include "io/buf.h"
#include "io/digest.h"

#define TRIES		10
#define IDS_MAX		16
#define ANSWER_MAX	(1024UL * 1024 * 1024)
#define BRIEF_WAIT_MS	"1000"
#define LONG_WAIT_MS	"60000"
#define CHECK_MS	(15 * 60 * 1000)
#define GUESTS_MAX	5000		/* paths of one question */
#define GUESTS_BYTES	(512 * 1024)
#define BOOTSTRAP	"go1.4"
/* Contents of so many bytes in all are worth a seal; of more, one could have more
 * chunks than an item may. */
#define SEAL_MIN	(64 * 1024)
#define SEAL_MAX	(32ULL * 1024 * 1024 * 1024)

/* One try. */
struct attempt {
	struct push	*p;
	struct remote	 there;
	bool		 have_there;
	unsigned char	 answer[INV_DIGEST];	/* SHA-256 of what it told; of a broadcast */
	struct share_task *outline;	/* others wait for it; NULL */
	bool		 asked;		/* more was asked of this instance, for the plan */
	bool		 said;		/* what there is to do */
	size_t		 ours;		/* things that pushes put there */
	char		*base;		/* name of the record in the cache; NULL: none */
	struct delta	 delta;
	char		*version;	/* a VERSION to make there; NULL: none */
	bool		 forgot;	/* what the instance has is not known here */
	struct inv_entry version_entry;
};

/* --- what is there --------------------------------------------------------------- */

static struct form *
check_query(struct push *p, bool wait)
{
	struct form	*f = form_new();
	struct strs	 ids = STRS_INIT;
	char		*path;
	size_t		 i;

	form_add(f, "dir", p->spec->dir);
	form_add(f, "wait", wait ? LONG_WAIT_MS : BRIEF_WAIT_MS);
	treecache_ids(p->cache, &ids, IDS_MAX);
	for (i = 0; i < ids.n; i++)
		form_add(f, "id", ids.v[i]);
	strs_release(&ids);
	if (p->go) {
		path = path_join(p->spec->dir, "VERSION");
		form_add(f, "look", path);
		form_add(f, "look", BOOTSTRAP);
		free(path);
	}
	return f;
}

static void
note_answer(struct attempt *a, const struct str *answer)
{
	struct digest	*d;

	if (a->p->share == NULL)
		return;
	d = digest_new(DIGEST_SHA256);
	digest_add(d, str_text(answer), answer->len);
	digest_sha256(d, a->answer);
	digest_free(d);
}

static int
check_once(struct attempt *a, bool wait, struct err *e)
{
	struct form		*query = check_query(a->p, wait);
	struct call_request	 q = { .method = "GET", .path = "/push",
	    .query = query, .doing = "push: compare", .head_ms = CHECK_MS,
	    .stall_ms = CHECK_MS };
	struct str		 answer = STR_INIT;
	int			 ret = call_text(a->p->c, &q, ANSWER_MAX, &answer, e);

	if (ret == 0) {
		note_answer(a, &answer);
		ret = remote_parse(&a->there, str_text(&answer), answer.len, e);
		if (ret == -1)
			err_wrap(e, "%s: push: compare", call_hop(a->p->c));
		a->have_there = ret == 0;
	}
	str_release(&answer);
	form_free(query);
	return ret;
}

static int
step_check(struct attempt *a, struct err *e)
{
	bool	wait = false;

	while (check_once(a, wait, e) == 0) {
		if (!a->there.busy || a->p->spec->dry_run)
			return 0;
		if (!a->p->noted)
			say_note("another push to %s is under way: waiting for it",
			    a->p->spec->dir);
		a->p->noted = wait = true;
		remote_release(&a->there);
		a->have_there = false;
	}
	return -1;
}

static int
step_bootstrap(struct attempt *a, struct err *e)
{
	const struct push	*p = a->p;

	if (!p->go || p->spec->dry_run || push_is_direct(p) ||
	    strs_has(&a->there.here, BOOTSTRAP))
		return 0;
	return bootstrap_put(p->g, p->c, p->spec->instance, false, e);
}

/* --- what there is to do ------------------------------------------------------------ */

static bool
version_is_there(const struct attempt *a)
{
	char	*path = path_join(a->p->spec->dir, "VERSION");
	bool	 there = strs_has(&a->there.here, path);

	free(path);
	return there;
}

/* Nothing: then not even the inventory need be looked into. */
static bool
is_equal(const struct attempt *a)
{
	unsigned char	id[INV_DIGEST];

	return a->there.recorded && !a->there.told && a->there.differs.n == 0 &&
	    treecache_id(a->p->found->name, id) &&
	    memcmp(id, a->there.id, INV_DIGEST) == 0 &&
	    (!a->p->go || version_is_there(a));
}

/* The record that was told is kept as if it were of a tree here: the next push
 * knows it then. */
static int
keep_record(struct attempt *a, struct err *e)
{
	struct inventory	*record = &a->there.record;
	char			*name;

	if (!inv_identify(record) ||
	    memcmp(record->id, a->there.id, INV_DIGEST) != 0)
		return err_set(e, "%s: push: compare: the record is not what its "
		    "id says", call_hop(a->p->c));
	if ((name = treecache_save(a->p->cache, "", record, e)) == NULL)
		return -1;
	free(name);
	return 0;
}

/* What the cache has of that id is of no use: nobody is told of it any more. */
static int
forget(struct attempt *a, struct err *e)
{
	char	*name = treecache_named(a->p->cache, a->there.id);

	err_set(e, "push: what was pushed is forgotten here; push again");
	if (name != NULL)
		treecache_drop(a->p->cache, name);
	free(name);
	return 1;
}

/* Of ids that are ours the server tells no more than what differs. 1: that one is not
 * known any more, so it must be asked again. */
static int
load_record(struct attempt *a, struct err *e)
{
	struct remote	*r = &a->there;

	if (r->told && keep_record(a, e) == -1)
		return -1;
	if (!r->recorded)
		return 0;
	if (!r->told && !treecache_find(a->p->cache, r->id, &r->record))
		return forget(a, e);
	a->base = treecache_named(a->p->cache, r->id);
	a->ours = r->record.n;
	return 0;
}

/* Both trees whole. Where digests are missing that the comparison needs, they
 * are taken. */
static int
load_all(struct attempt *a, struct err *e)
{
	struct push	*p = a->p;
	int		 r = load_record(a, e);

	if (r != 0)
		return r;
	if (push_here(p, e) == -1)
		return -1;
	return delta_is_blind(&p->here, &a->there) && (push_scan(p, true, e) == -1 ||
	    push_here(p, e) == -1) ? -1 : 0;
}

/* Mostly the instance is as the tree was before: then what has changed since is
 * all there is to look at. */
static int
load_changes(struct attempt *a)
{
	const struct scan_result	*s = a->p->found;
	struct remote			*r = &a->there;

	if (!s->compared || !r->recorded || r->told || r->differs.n > 0 ||
	    r->nkept > 0 || memcmp(s->since, r->id, INV_DIGEST) != 0 ||
	    !treecache_load(a->p->cache, s->former, &r->record))
		return -1;
	a->ours = s->count;
	a->base = xstrdup(s->former);
	inv_release(&a->p->here);
	if (treecache_load(a->p->cache, s->changed, &a->p->here))
		return 0;
	inv_release(&r->record);
	return -1;
}

/* A VERSION where there is neither one here nor there. */
static void
plan_version(struct attempt *a)
{
	struct push	*p = a->p;
	int64_t		 when;

	if (!p->go || p->found->has_version || version_is_there(a))
		return;
	a->version = push_version(p, &when);
	a->version_entry = (struct inv_entry){ .path = "VERSION", .target = "",
	    .kind = INV_FILE, .mode = 0644, .size = strlen(a->version),
	    .mtime = when };
	delta_add_once(&a->delta, &a->version_entry, a->version);
}

static struct form *
guests_form(const struct strs *dirs, size_t *at)
{
	struct form	*f = form_new();
	size_t		 n = 0, bytes = 0;

	for (; *at < dirs->n && n < GUESTS_MAX && bytes < GUESTS_BYTES; n++) {
		bytes += 3 * strlen(dirs->v[*at]) + strlen("&path=");
		form_add(f, "path", dirs->v[(*at)++]);
	}
	return f;
}

/* Which of the directories that would go hold what no push put there? */
static int
ask_guests(struct attempt *a, const struct strs *dirs, struct strs *full,
    struct err *e)
{
	struct form		*query = form_new(), *form;
	struct call_request	 q = { .method = "POST", .path = "/push",
	    .query = query, .doing = "push: compare", .head_ms = CHECK_MS };
	struct str		 text = STR_INIT;
	size_t			 at = 0, i;
	int			 ret = 0;

	form_add(query, "dir", a->p->spec->dir);
	while (ret == 0 && at < dirs->n) {
		q.form = form = guests_form(dirs, &at);
		ret = call_text(a->p->c, &q, ANSWER_MAX, &text, e);
		form_free(form);
	}
	for (i = 0; i < text.len; i += strlen(text.s + i) + 1)
		strs_add(full, text.s + i);
	str_release(&text);
	form_free(query);
	return ret;
}

static int
plan_guests(struct attempt *a, struct err *e)
{
	struct strs	 dirs = STRS_INIT, full = STRS_INIT;
	const char	*stuck = NULL;
	int		 ret = 0;

	delta_dirs(&a->delta, &dirs);
	a->asked = dirs.n > 0;
	if (a->asked) {
		ret = ask_guests(a, &dirs, &full, e);
		if (ret == 0 && (stuck = delta_guests(&a->delta, &full)) != NULL)
			ret = err_set(e, "%s: on the instance this is a directory "
			    "with files that no push put there; remove it first "
			    "(gomote rm)", stuck);
	}
	strs_release(&dirs);
	strs_release(&full);
	return ret;
}

/* changes: load_changes has loaded them. */
static int
step_plan(struct attempt *a, bool changes, struct err *e)
{
	struct push	*p = a->p;
	int		 r = changes ? 0 : load_all(a, e);

	if (r != 0)
		return r;
	delta_init(&a->delta, &p->here, &a->there, p->rules);
	plan_version(a);
	if (plan_guests(a, e) == -1)
		return -1;
	delta_count(&a->delta);
	return 0;
}

/* --- telling --------------------------------------------------------------------------- */

static int
tell_sum(struct attempt *a, const struct outline *o, struct err *e)
{
	if (!a->said && push_tell_sum(a->p, o->sends, o->bytes, o->removals, e) == -1)
		return -1;
	a->said = true;
	return push_may_remove(a->p, o->gone, o->ours, e);
}

static struct outline
outline_of(const struct attempt *a)
{
	const struct delta	*d = &a->delta;

	return (struct outline){ d->sends, d->removals, d->gone, a->ours, d->bytes, NULL };
}

static int
step_tell(struct attempt *a, struct err *e)
{
	const struct outline	 o = outline_of(a);
	const struct delta	*d = &a->delta;
	const struct delta_one	*x;
	size_t			 i;

	for (i = 0; i < d->n; i++)
		if (d->v[i].replaces)
			push_tell(a->p, "remove", d->v[i].here->path);
	for (i = 0; i < d->n; i++)
		if (d->v[i].here != NULL && !d->v[i].quiet)
			push_tell(a->p, "send", d->v[i].here->path);
	for (i = 0; i < d->n; i++) {
		x = &d->v[i];
		if (x->letter == PUSH_GONE && !x->stays && !x->implied)
			push_tell(a->p, "remove", x->there->path);
	}
	return tell_sum(a, &o, e);
}

/* --- doing ------------------------------------------------------------------------------ */

static struct form *
put_query(const struct attempt *a)
{
	struct form	*f = form_new();

	form_add(f, "dir", a->p->spec->dir);
	form_add(f, "wait", LONG_WAIT_MS);
	return f;
}

struct packing {
	struct attempt		*a;
	const struct str	*items;
};

static struct made *
pack(void *arg, struct body **body, struct err *e)
{
	const struct packing	*k = arg;
	struct push		*p = k->a->p;
	struct pushpack_spec	 spec = { .cache = p->cache,
	    .source = p->spec->source, .tree = p->found->name,
	    .base = k->a->base != NULL ? k->a->base : "-" };
	struct made		*made;

	spec.items = buf_new();
	buf_add(spec.items, k->items->s, k->items->len);
	made = pushpack_start(p->g->loop, &spec, body, e);
	buf_free(spec.items);
	return made;
}

static void
on_named(const char *upload, void *arg)
{
	const struct packing	*k = arg;
	struct attempt		*a = k->a;
	struct outline		 o = outline_of(a);

	if (a->outline == NULL)
		return;
	o.upload = upload != NULL && !a->asked ? xstrdup(upload) : NULL;
	outline_tell(a->outline, o.upload != NULL ? &o : NULL);
	outline_release(&o);
}

/* 1: it must be tried again. */
static int
step_put(struct attempt *a, struct err *e)
{
	struct push_item	 end = { .letter = PUSH_END };
	struct str		 items = STR_INIT;
	struct form		*query = put_query(a);
	struct packing		 k = { a, &items };
	struct pushput		 u = { .path = "/push", .query = query,
	    .most = a->delta.bytes, .pack = pack, .named = on_named, .arg = &k };
	uint64_t		 bytes = a->delta.bytes;
	int			 ret;

	delta_items(&a->delta, &a->there, push_has(a->p, API_F_SEAL) &&
	    bytes >= SEAL_MIN && bytes <= SEAL_MAX, &items);
	push_write(&items, &end);
	u.plan = items.s;
	u.len = items.len;
	ret = pushput(a->p, &u, e);
	form_free(query);
	str_release(&items);
	return ret == -1 && call_status(a->p->c) == 412 ? 1 : ret;
}

/* --- what another push of the broadcast has found out -------------------------------- */

/* Loading and comparing whole trees is worth it, unless the paths are to be told. */
static bool
step_outline(struct attempt *a, struct outline *o)
{
	const struct push	*p = a->p;
	struct str		 state = STR_INIT;
	bool			 told;

	if (p->share == NULL || p->again || p->spec->verbose || p->spec->dry_run ||
	    push_is_direct(p))
		return false;
	str_addn(&state, a->answer, sizeof a->answer);
	str_addf(&state, "%d %s %s", push_has(p, API_F_SEAL), p->found->name, p->spec->dir);
	told = outline_join(a->p, &state, o, &a->outline);
	str_release(&state);
	return told;
}

/* As step_tell and step_put. 2: the upload is gone, so it must be planned after all. */
static int
follow(struct attempt *a, const struct outline *o, struct err *e)
{
	struct form		*query = put_query(a);
	const struct pushput	 u = { .path = "/push", .query = query };
	int			 ret = tell_sum(a, o, e);

	if (ret == 0 && (ret = pushput_named(a->p, &u, o->upload, e)) == 1)
		ret = 2;
	form_free(query);
	return ret == -1 && call_status(a->p->c) == 412 ? 1 : ret;
}

static int
plan_or_follow(struct attempt *a, bool *done, struct err *e)
{
	const bool	changes = load_changes(a) == 0;
	struct outline	o = { .upload = NULL };
	int		r = 2;

	if (!changes && step_outline(a, &o))
		r = follow(a, &o, e);
	outline_release(&o);
	*done = r != 2;
	return *done ? r : step_plan(a, changes, e);
}

/* 1: it must be tried again. */
static int
attempt(struct attempt *a, struct err *e)
{
	bool	done = false;
	int	r;

	if (step_check(a, e) == -1 || step_bootstrap(a, e) == -1 ||
	    push_scanned(a->p, e) == -1)
		return -1;
	if (!is_equal(a)) {
		r = plan_or_follow(a, &done, e);
		a->forgot = !done && r == 1;
		if (done || r != 0)
			return r;
	}
	if (step_tell(a, e) == -1)
		return -1;
	if (a->delta.n == 0 || a->p->spec->dry_run)
		return 0;
	return step_put(a, e);
}

int
pushrec(struct push *p, struct err *e)
{
	struct attempt	a;
	int		tries, ret = 1;

	memset(&a, 0, sizeof a);
	for (tries = 0; ret == 1 && tries < TRIES; tries++) {
		if (tries > 0 && !a.forgot) {
			say_note("%s has changed meanwhile: comparing again",
			    p->spec->dir);
			p->again = true;
			if (push_scan(p, p->spec->verbose, e) == -1)
				return -1;
		}
		memset(&a, 0, sizeof a);
		a.p = p;
		ret = attempt(&a, e);
		if (a.outline != NULL)	/* they find out for themselves */
			outline_tell(a.outline, NULL);
		share_task_free(a.outline);
		delta_release(&a.delta);
		if (a.have_there)
			remote_release(&a.there);
		free(a.version);
		free(a.base);
	}
	return ret == 0 ? 0 : -1;
}
