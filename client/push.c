/* push.c - the steps of a push. */
#include "client/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "api/types.h"
#include "base/path.h"
#include "base/xmalloc.h"
#include "client/bootstrap.h"
#include "client/git.h"
#include "client/local.h"
#include "client/out.h"
#include "client/bundle.h"
#include "client/plan.h"
#include "client/progress.h"
#include "client/say.h"
#include "client/upload.h"
#include "io/buf.h"
#include "io/secret.h"

#define LINE_MAX_LEN	(64 * 1024)
#define LS_STALL_MS	(10 * 60 * 1000)
/* Of one POST /removeall; servers take forms of 1 MiB and 10,000 fields. */
#define REMOVE_BYTES	(512 * 1024)
#define REMOVE_PATHS	5000

struct push {
	struct gomote		*g;
	const struct push_spec	*spec;
	struct call		*c;
	bool			 goroot;
	char			*git;		/* NULL: not installed */
	bool			 in_git;
	struct ignore		*ignore;
	bool			 scanned;
	struct local		 local;
	struct api_status	 status;
	struct manifest		*manifest;
	struct plan		*plan;
	char			*version;	/* a VERSION to make there; NULL: none */
};

/* --- what is here ---------------------------------------------------------- */

/* git tells what it ignores in each work tree of it that the tree holds. */
static int
on_git(void *arg, const char *path, struct err *e)
{
	struct push	*p = arg;
	struct err	 why = ERR_INIT;

	(void)e;
	if (*path == '\0')
		p->in_git = true;
	if (!p->in_git)
		return 0;
	if (p->git == NULL) {
		if (*path == '\0')
			say_note("git is not installed: pushing all but .git");
		return 0;
	}
	if (git_ignored(p->g->loop, p->git, p->spec->source, path, p->ignore,
	    &why) == -1)
		say_note("what git ignores in %s/%s is pushed too: %s",
		    p->spec->source, path, why.msg);
	return 0;
}

static bool
has_file(const char *dir, const char *name)
{
	char	*path = xasprintf("%s/%s", dir, name);
	bool	 has = access(path, F_OK) == 0;

	free(path);
	return has;
}

static int
step_scan(struct push *p, struct err *e)
{
	p->goroot = has_file(p->spec->source, "src/make.bash") ||
	    has_file(p->spec->source, "src/make.bat");
	p->git = git_find();
	p->ignore = ignore_new(p->goroot && p->spec->goroot);
	if (local_scan(&p->local, p->spec->source, p->ignore, on_git, p, e) == -1)
		return -1;
	p->scanned = true;
	if (p->local.skipped > 0)
		say_note("%zu sockets, pipes or devices are left out",
		    p->local.skipped);
	return 0;
}

/* --- what is there --------------------------------------------------------- */

static int
step_status(struct push *p, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = "/status",
	    .doing = "push" };
	struct str		 text = STR_INIT;
	int			 ret = call_text(p->c, &q, 64 * 1024, &text, e);

	if (ret == 0)
		ret = api_status_parse(&p->status, str_text(&text), text.len, e);
	str_release(&text);
	return ret;
}

static bool
has_feature(const struct push *p, const char *name)
{
	return strs_has(&p->status.features, name);
}

static int
step_manifest(struct push *p, struct err *e)
{
	struct plan_rules	rules = {
		.links = has_feature(p, API_F_LSLINK),
		.exact = p->status.features.n > 0,	/* a stock buildlet has none */
		.goroot = p->goroot,
	};
	bool			direct = strchr(p->spec->instance, '@') != NULL;

	p->manifest = manifest_open(direct ? NULL : p->g->cred.server,
	    p->spec->instance, p->spec->dir, e);
	if (p->manifest == NULL)
		return -1;
	p->plan = plan_new(&p->local, p->manifest, &rules);
	return 0;
}

static int
ls_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct push	*p = arg;
	char		*line;
	int		 too_long = 0, ret = 0;

	while (ret == 0 &&
	    (line = buf_line(b, LINE_MAX_LEN, &too_long)) != NULL) {
		ret = plan_line(p->plan, line, e);
		free(line);
	}
	return too_long ? err_set(e, "a line of the listing is too long") : ret;
}

static struct form *
ls_query(const struct push *p)
{
	struct form	*f = form_new();

	form_add(f, "dir", p->spec->dir);
	form_add(f, "recursive", "true");
	form_add(f, "digest", "true");
	if (has_feature(p, API_F_LSLINK))
		form_add(f, "links", "true");
	if (p->goroot && p->spec->goroot) {
		form_add(f, "skip", "pkg");
		form_add(f, "skip", "bin");
	}
	return f;
}

/* Stock buildlets say it with 500. */
static bool
is_missing(const struct push *p, const struct err *e)
{
	return call_status(p->c) == 404 || (call_status(p->c) >= 400 &&
	    strstr(e->msg, "o such file or directory") != NULL);
}

static int
step_compare(struct push *p, struct err *e)
{
	struct form		*query = ls_query(p);
	struct call_request	 q = { .method = "GET", .path = "/ls",
	    .query = query, .doing = "push: list", .head_ms = LS_STALL_MS,
	    .stall_ms = LS_STALL_MS };
	int			 ret;

	ret = call_send(p->c, &q, e);
	if (ret == 0)
		ret = call_read(p->c, ls_sink, p, e);
	else if (is_missing(p, e))
		ret = 0;
	form_free(query);
	/* A new instance of an old name has nothing of ours. */
	if (ret == 0 && plan_remote_empty(p->plan))
		manifest_clear(p->manifest);
	return ret == 0 ? plan_end(p->plan, e) : -1;
}

static int
step_bootstrap(struct push *p, struct err *e)
{
	struct form		*query;
	struct call_request	 q = { .method = "GET", .path = "/ls",
	    .doing = "push: list" };
	struct str		 text = STR_INIT;
	int			 ret;

	if (!p->goroot || p->spec->dry_run ||
	    strchr(p->spec->instance, '@') != NULL)
		return 0;
	q.query = query = form_new();
	form_add(query, "dir", ".");
	ret = call_text(p->c, &q, 4 * 1024 * 1024, &text, e);
	if (ret == 0 && strstr(str_text(&text), "\tgo1.4/\n") == NULL)
		ret = bootstrap_put(p->g, p->c, p->spec->instance, false, e);
	str_release(&text);
	form_free(query);
	return ret;
}

/* A Go tree from a repository has no VERSION, which its make.bash asks git for. */
static int
step_version(struct push *p, struct err *e)
{
	char	*random;

	(void)e;
	if (!p->goroot || local_find(&p->local, "VERSION") != NULL ||
	    plan_remote_has(p->plan, "VERSION"))
		return 0;
	random = secret_hex(5);
	p->version = xasprintf("devel gomote.%s", random);
	free(random);
	return 0;
}

/* --- telling --------------------------------------------------------------- */

static void
tell_one(const struct push *p, const char *what, const char *path)
{
	if (p->spec->dry_run)
		printf("%s %s\n", what, path);
	else if (p->spec->verbose)
		say_note("%s %s", what, path);
}

static bool
nothing_to_do(const struct push *p)
{
	return plan_send_count(p->plan) == 0 && p->version == NULL &&
	    plan_first(p->plan)->n == 0 && plan_removals(p->plan)->n == 0;
}

static int
step_tell(struct push *p, struct err *e)
{
	const struct strs	*first = plan_first(p->plan);
	const struct strs	*gone = plan_removals(p->plan);
	size_t			 sends = plan_send_count(p->plan) +
	    (p->version != NULL), i;
	char			 size[32];

	for (i = 0; i < first->n; i++)
		tell_one(p, "remove", first->v[i]);
	for (i = 0; i < p->local.n; i++)
		if (plan_sends(&p->local.v[i]))
			tell_one(p, "send", p->local.v[i].path);
	if (p->version != NULL)
		tell_one(p, "send", "VERSION");
	for (i = 0; i < gone->n; i++)
		tell_one(p, "remove", gone->v[i]);
	if (plan_left_out(p->plan) > 0)
		say_note("%zu symbolic links are left out: the buildlet there "
		    "does not take them", plan_left_out(p->plan));
	if (nothing_to_do(p))
		say_note("nothing to push");
	else
		say_note("%zu file%s (%s) to send, %zu to remove", sends,
		    sends == 1 ? "" : "s",
		    str_human_size(plan_send_bytes(p->plan), size),
		    first->n + gone->n);
	return p->spec->dry_run ? out_flush(e) : 0;
}

/* --- doing ----------------------------------------------------------------- */

/* As many paths, from *at on, as one form holds. */
static struct form *
remove_form(const struct push *p, const struct strs *paths, size_t *at)
{
	struct form	*f = form_new();
	size_t		 bytes = 0, n = 0;
	char		*full;

	for (; *at < paths->n && n < REMOVE_PATHS && bytes < REMOVE_BYTES; n++) {
		full = path_join(p->spec->dir, paths->v[(*at)++]);
		bytes += 3 * strlen(full) + strlen("&path=");
		form_add(f, "path", full);
		free(full);
	}
	return f;
}

static int
remove_all(struct push *p, const struct strs *paths, struct err *e)
{
	struct call_request	 q = { .method = "POST", .path = "/removeall",
	    .doing = "push: remove", .head_ms = UPLOAD_ANSWER_MS };
	struct form		*form;
	size_t			 at = 0;
	int			 ret = 0;

	while (ret == 0 && at < paths->n) {
		q.form = form = remove_form(p, paths, &at);
		ret = call_text(p->c, &q, 4096, NULL, e);
		form_free(form);
	}
	return ret;
}

static int
step_remove_first(struct push *p, struct err *e)
{
	return remove_all(p, plan_first(p->plan), e);
}

static int
step_remove(struct push *p, struct err *e)
{
	return remove_all(p, plan_removals(p->plan), e);
}

static struct evbuffer *
names_to_send(const struct push *p)
{
	struct evbuffer	*b = buf_new();
	size_t		 i;

	for (i = 0; i < p->local.n; i++)
		if (plan_sends(&p->local.v[i]))
			buf_add(b, p->local.v[i].path,
			    strlen(p->local.v[i].path) + 1);
	return b;
}

static int
upload_body(struct push *p, struct body *body, struct err *e)
{
	struct form		*query = form_new();
	struct call_request	 q = { .method = "PUT", .path = "/writetgz",
	    .query = query, .body = body, .doing = "push",
	    .head_ms = UPLOAD_ANSWER_MS };
	int			 ret;

	form_add(query, "dir", p->spec->dir);
	ret = call_text(p->c, &q, 4096, NULL, e);
	form_free(query);
	return ret;
}

static uint64_t
upload_bytes(void *arg)
{
	return bundle_bytes(arg);
}

static int
step_upload(struct push *p, struct err *e)
{
	struct bundle_spec	 spec = { .dir = p->spec->source,
	    .zstd = has_feature(p, API_F_ZSTD), .version = p->version };
	struct progress_of	 of = { "push", (int64_t)plan_send_bytes(p->plan),
	    true, upload_bytes, NULL };
	struct progress		*progress;
	struct bundle		*pack;
	struct body		*body;
	int			 ret = -1;

	if (plan_send_count(p->plan) == 0 && p->version == NULL)
		return 0;
	spec.names = names_to_send(p);
	pack = bundle_start(p->g->loop, &spec, &body, e);
	buf_free(spec.names);
	if (pack == NULL)
		return -1;
	of.arg = pack;
	progress = progress_new(p->g->loop, &of, p->spec->quiet);
	ret = upload_body(p, body, e);
	progress_free(progress);
	if (ret == -1 && call_status(p->c) == 0 && bundle_error(pack) != NULL)
		*e = *bundle_error(pack);
	bundle_free(pack);
	return ret;
}

/* Written before anything travels: if the push breaks off, the next one still
 * knows what may be ours. */
static int
step_remember(struct push *p, struct err *e)
{
	size_t	i;

	for (i = 0; i < p->local.n; i++)
		manifest_add(p->manifest, p->local.v[i].path);
	return manifest_save(p->manifest, e);
}

static bool
stays(const char *path, void *plan)
{
	return plan_stays(plan, path);
}

static int
step_forget(struct push *p, struct err *e)
{
	manifest_prune(p->manifest, stays, p->plan);
	return manifest_save(p->manifest, e);
}

/* --- all of it ------------------------------------------------------------- */

typedef int (*push_step)(struct push *, struct err *);

static int
push_steps(struct push *p, const push_step *steps, size_t n, struct err *e)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (steps[i](p, e) == -1)
			return -1;
	return 0;
}

static void
push_release(struct push *p)
{
	plan_free(p->plan);
	manifest_close(p->manifest);
	api_status_release(&p->status);
	if (p->scanned)
		local_release(&p->local);
	ignore_free(p->ignore);
	free(p->git);
	free(p->version);
	call_free(p->c);
}

int
push_tree(struct gomote *g, const struct push_spec *spec, struct err *e)
{
	static const push_step	look[] = { step_scan, step_status,
		step_bootstrap, step_manifest, step_compare, step_version,
		step_tell };
	static const push_step	act[] = { step_remember, step_remove_first,
		step_upload, step_remove, step_forget };
	struct push		p;
	int			ret = -1;

	memset(&p, 0, sizeof p);
	p.g = g;
	p.spec = spec;
	if ((p.c = cmd_call(g, spec->instance, e)) != NULL)
		ret = push_steps(&p, look, nitems(look), e);
	if (ret == 0 && !spec->dry_run)
		ret = push_steps(&p, act, nitems(act), e);
	push_release(&p);
	return ret;
}
