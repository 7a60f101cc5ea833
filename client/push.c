/* push.c - what is here, who is there, and what is said about it. */
#include "client/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/file.h"
#include "base/xmalloc.h"
#include "client/out.h"
#include "client/push_int.h"
#include "client/say.h"
#include "client/treecache.h"
#include "io/secret.h"

#define RULES_FILE	".gomotepush"
#define RULES_MAX	(1024 * 1024)

/* --- what is here ---------------------------------------------------------- */

/* Inventories without an id were only for this push. */
static void
push_drop_found(struct push *p)
{
	unsigned char	id[INV_DIGEST];

	if (p->found == NULL || p->found->shared) {	/* else: push_share_end */
		p->found = NULL;
		return;
	}
	if (!treecache_id(p->found->name, id))
		treecache_drop(p->cache, p->found->name);
	if (p->found->changed != NULL)
		treecache_drop(p->cache, p->found->changed);
	if (p->found->former != NULL)
		treecache_drop(p->cache, p->found->former);
	p->found = NULL;
}

int
push_scan(struct push *p, bool all, struct err *e)
{
	const struct scan_spec	spec = { .cache = p->cache,
	    .source = p->spec->source, .no_ignore = p->spec->no_ignore,
	    .goroot = p->spec->goroot, .all = all,
	    .share = p->again ? NULL : p->share };

	push_drop_found(p);
	scan_free(p->scan);
	inv_release(&p->here);
	p->scan = scan_start(p->g->loop, &spec, e);
	return p->scan != NULL ? 0 : -1;
}

int
push_scanned(struct push *p, struct err *e)
{
	if (p->found == NULL)
		p->found = scan_wait(p->scan, e);
	return p->found != NULL ? 0 : -1;
}

int
push_here(struct push *p, struct err *e)
{
	if (push_scanned(p, e) == -1)
		return -1;
	inv_release(&p->here);
	return treecache_load(p->cache, p->found->name, &p->here) ? 0 :
	    err_set(e, "the inventory of %s cannot be read", p->spec->source);
}

/* --- what is there --------------------------------------------------------- */

static int
push_status(struct push *p, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = "/status",
	    .doing = "push" };
	struct str		 text = STR_INIT;
	int			 ret = call_text(p->c, &q, 64 * 1024, &text, e);

	if (ret == 0 && (ret = api_status_parse(&p->status, str_text(&text), text.len,
	    e)) == -1)
		err_wrap(e, "%s: push", call_hop(p->c));
	str_release(&text);
	return ret;
}

bool
push_has(const struct push *p, const char *feature)
{
	return strs_has(&p->status.features, feature);
}

bool
push_is_direct(const struct push *p)
{
	return strchr(p->spec->instance, '@') != NULL;
}

static char *
new_version(int64_t *when)
{
	char	*random = secret_hex(5);
	char	*text = xasprintf("devel gomote.%s", random);

	*when = inv_now();
	free(random);
	return text;
}

/* What another one told: "WHEN TEXT"; NULL: it is of no use. */
static char *
told_version(const char *told, int64_t *when)
{
	const char	*text = strchr(told, ' ');
	char		*ns;
	int		 ret;

	if (text == NULL)
		return NULL;
	ns = xstrndup(told, (size_t)(text - told));
	ret = str_int64(ns, 0, INT64_MAX, when);
	free(ns);
	return ret == 0 ? xstrdup(text + 1) : NULL;
}

char *
push_version(struct push *p, int64_t *when)
{
	struct share_task	*t;
	struct str		 told = STR_INIT;
	enum share_turn		 turn;
	char			*text = NULL, *line;

	if (p->share == NULL)
		return new_version(when);
	t = share_task_new(p->share, p->g->loop, "version");
	turn = share_wait(t, &told);
	if (turn == SHARE_TOLD)
		text = told_version(str_text(&told), when);
	if (text == NULL)
		text = new_version(when);
	if (turn == SHARE_OURS) {
		line = xasprintf("%lld %s", (long long)*when, text);
		share_tell(t, line);
		free(line);
	}
	share_task_free(t);
	str_release(&told);
	return text;
}

/* --- telling --------------------------------------------------------------- */

void
push_tell(const struct push *p, const char *what, const char *path)
{
	if (p->spec->dry_run)
		printf("%s %s\n", what, path);
	else if (p->spec->verbose)
		say_note("%s %s", what, path);
}

int
push_tell_sum(const struct push *p, size_t sends, uint64_t bytes,
    size_t removals, struct err *e)
{
	char	size[32];

	if (sends == 0 && removals == 0)
		say_note("nothing to push");
	else
		say_note("%zu file%s (%s) to send, %zu to remove", sends,
		    sends == 1 ? "" : "s", str_human_size(bytes, size),
		    removals);
	return p->spec->dry_run ? out_flush(e) : 0;
}

static uint64_t
upload_bytes(void *made)
{
	return made_bytes(made);
}

struct progress *
push_progress(const struct push *p, struct made *made, uint64_t most)
{
	const struct progress_of	of = { "push", (int64_t)most, true,
	    upload_bytes, made };

	return progress_new(p->g->loop, &of, p->spec->quiet);
}

int
push_may_remove(const struct push *p, size_t gone, size_t ours, struct err *e)
{
	char	answer[16];

#include "client/progress.h"
	if (p->spec->yes || p->spec->dry_run || gone <= ours / 2)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return err_set(e, "push: %zu of the %zu files that were pushed to "
		    "%s would be removed there (if that is right, push with -yes)",
		    gone, ours, p->spec->dir);
	fprintf(stderr, "%zu of the %zu files that were pushed to %s on %s will be "
	    "removed there. Go on? [y/N] ", gone, ours, p->spec->dir,
	    p->spec->instance);
	fflush(stderr);
	if (fgets(answer, sizeof answer, stdin) != NULL &&
	    (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	return err_set(e, "push: nothing was done");
}

/* --- all of it ------------------------------------------------------------- */

static int
push_run(struct push *p, struct err *e)
{
	if (cmd_prepare(p->g, e) == -1 ||
	    (p->cache = treecache_dir(e)) == NULL)
		return -1;
	/* Inventories have names in the cache, which therefore must be the same. */
	if (treecache_stays(p->cache))
		p->share = share_join();
	if (push_scan(p, p->spec->verbose || p->spec->dry_run, e) == -1 ||
	    (p->c = cmd_call(p->g, p->spec->instance, e)) == NULL ||
	    push_status(p, e) == -1)
		return -1;
	p->rules = scan_rules(p->spec->source, p->go,
	    p->go && p->spec->goroot, e);
	if (p->rules == NULL)
		return -1;
	return push_has(p, API_F_PUSH) ? pushrec(p, e) : pushls(p, e);
}

int
push_tree(struct gomote *g, const struct push_spec *spec, struct err *e)
{
	struct push	p = { .g = g, .spec = spec };
	int		ret;

	p.go = scan_is_go(spec->source);
	ret = push_run(&p, e);
	push_drop_found(&p);
	scan_free(p.scan);
	share_leave(p.share);
	treecache_leave(p.cache);
	inv_release(&p.here);
	rules_free(p.rules);
	api_status_release(&p.status);
	call_free(p.c);
	return ret;
}

void
push_share_end(char *dir)
{
	static const char *const	 tasks[] = { SCAN_TASK, SCAN_TASK_ALL };
	char				*cache, *told;
	size_t				 i;

	if (dir == NULL)
		return;
	cache = treecache_dir(NULL);
	for (i = 0; cache != NULL && i < nitems(tasks); i++) {
		if ((told = share_told(dir, tasks[i])) != NULL)
			scan_drop_told(cache, told);
		free(told);
	}
	treecache_leave(cache);
	share_remove(dir);
}

int
push_print_rules(const struct push_spec *spec, struct err *e)
{
	bool	 go = scan_is_go(spec->source);
	char	*path = xasprintf("%s/" RULES_FILE, spec->source), *own = NULL;

	printf("%s%s%s", rules_always, go ? rules_go : "",
	    go && spec->goroot ? rules_goroot : "");
	if (access(path, F_OK) == 0 &&
	    (own = file_read(path, RULES_MAX, NULL, e)) == NULL) {
		free(path);
		return -1;
	}
	if (own != NULL)
		printf("# %s\n%s", path, own);
	free(own);
	free(path);
	return out_flush(e);
}
