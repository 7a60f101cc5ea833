/* scanrole.c - the helper's side of scan.h: walk, compare, read, remember. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/content.h"
#include "api/finetime.h"
#include "base/dirs.h"
#include "base/file.h"
#include "base/xmalloc.h"
#include "client/git.h"
#include "client/ignore.h"
#include "client/invdiff.h"
#include "client/local.h"
#include "client/scan.h"
#include "client/treecache.h"
#include "io/digest.h"
#include "io/helper.h"
#include "io/loop.h"
#include "io/secret.h"

#define RULES_FILE	".gomotepush"
#define RULES_MAX	(1024 * 1024)
#define SETTLE_MS	1000
#define VANISHED	'x'		/* a mark: it went while we looked */
/* By what an inventory was judged: these many bytes stand for the rules, so many for
 * what git told of the top, and the rest for all that it told. */
#define JUDGED_RULES	12
#define JUDGED_TOP	10
#define JUDGED_TOLD	(JUDGED_RULES + JUDGED_TOP)

struct taking {
	const char		*cache, *source;
	bool			 no_ignore, goroot, all;
	struct loop		*loop;		/* NULL until git is asked */
	char			*git;
	bool			 in_git;
	struct ignore		*ignore;
	struct strs		 noted;
	unsigned char		 judged[INV_DIGEST];	/* see JUDGED_RULES */
	struct local		 local;
	struct inventory	 before;
	char			*before_name;
	bool			 fine;		/* of the tree's file system (finetime.h) */
	int64_t			 looked;	/* when a file was */
	bool			 changed;	/* it is not as before */
	bool			 added;		/* there are new files, not yet read */
	struct dirs		*dirs;
	struct content		*content;
	bool			 keyed;		/* content is */
};

/* --- times ------------------------------------------------------------------------------ */

/* Nothing is written to the tree: the cache will do if it is on the same disk. */
static bool
try_beside(const char *cache, int root, bool (*try)(int dir))
{
	int		fd = open(cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat	a, b;
	bool		is;

	is = fd != -1 && fstat(fd, &a) == 0 && fstat(root, &b) == 0 &&
	    a.st_dev == b.st_dev && try(fd);
	if (fd != -1)
		close(fd);
	return is;
}

bool
scan_is_fine(const char *cache, int root)
{
	return try_beside(cache, root, finetime);
}

static bool
tells_names(const struct taking *t)
{
	int	root = open(t->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool	tells = root != -1 && try_beside(t->cache, root, finetime_names);

	if (root != -1)
		close(root);
	return tells;
}

/* --- rules ---------------------------------------------------------------------------- */

static bool
has_file(const char *dir, const char *name)
{
	char	*path = xasprintf("%s/%s", dir, name);
	bool	 has = access(path, F_OK) == 0;

	free(path);
	return has;
}

bool
scan_is_go(const char *source)
{
	return has_file(source, "src/make.bash") ||
	    has_file(source, "src/make.bat");
}

static int
rules_of_tree(struct rules *r, const char *source, struct err *e)
{
	char	*path = xasprintf("%s/" RULES_FILE, source), *text = NULL;
	int	 ret = 0;

	if (access(path, F_OK) == 0) {
		text = file_read(path, RULES_MAX, NULL, e);
		ret = text == NULL ? -1 : rules_add(r, text, path, e);
	}
	free(text);
	free(path);
	return ret;
}

struct rules *
scan_rules(const char *source, bool go, bool goroot, struct err *e)
{
	struct rules	*r = rules_new();

	if (rules_add(r, rules_always, "rules", e) == 0 &&
	    (!go || rules_add(r, rules_go, "rules", e) == 0) &&
	    (!goroot || rules_add(r, rules_goroot, "rules", e) == 0) &&
	    rules_of_tree(r, source, e) == 0)
		return r;
	rules_free(r);
	return NULL;
}

/* All that says which rules hold, and whether git is asked. */
static void
judge_rules(struct taking *t, bool go)
{
	char		*path = xasprintf("%s/" RULES_FILE, t->source);
	char		*own = file_read(path, RULES_MAX, NULL, NULL);
	struct str	 text = STR_INIT;
	struct digest	*d = digest_new(DIGEST_SHA256);

	str_addf(&text, "%s%s%s%d\n%s", rules_always, go ? rules_go : "",
	    go && t->goroot ? rules_goroot : "", t->no_ignore,
	    own != NULL ? own : "");
	digest_add(d, text.s, text.len);
	digest_sha256(d, t->judged);
	digest_free(d);
	str_release(&text);
	free(own);
	free(path);
}

/* --- git -------------------------------------------------------------------------------- */

static void
note(struct taking *t, const char *fmt, const char *a, const char *b, const char *c)
{
	char	*text = xasprintf(fmt, a, b, c), *p;

	for (p = text; *p != '\0'; p++)
		if (*p == '\n')
			*p = '?';
	if (!strs_has(&t->noted, text)) {
		printf("note %s\n", text);
		strs_add(&t->noted, text);
	}
	free(text);
}

/* Notes what git told of the top; is it what it was? */
static bool
judged_top(struct taking *t)
{
	unsigned char	told[IGNORE_SUM];

	ignore_told(t->ignore, told);
	memcpy(t->judged + JUDGED_RULES, told, JUDGED_TOP);
	return memcmp(t->before.judged + JUDGED_RULES, told, JUDGED_TOP) == 0;
}

/* git tells what it ignores in each work tree of it that the tree holds. */
static int
on_git(void *arg, const char *path, struct err *e)
{
	struct taking	*t = arg;
	struct err	 why = ERR_INIT;

	if (*path == '\0')
		t->in_git = true;
	if (!t->in_git || t->no_ignore)
		return 0;
	if (t->loop == NULL) {
		if ((t->loop = loop_new(e)) == NULL)
			return -1;
		t->git = git_find();
		if (t->git == NULL)
			printf("note git is not installed: pushing all but .git\n");
	}
	if (t->git != NULL && git_ignored(t->loop, t->git, t->source, path,
	    t->ignore, &why) == -1)
		note(t, "what git ignores in %s/%s is pushed too: %s", t->source,
		    path, why.msg);
	return *path == '\0' && !judged_top(t);
}

/* --- what is in the files ----------------------------------------------------------------- */

/* Reads the file into x (old: as it was; NULL), which is settled only if it did not
 * change meanwhile and is old enough. */
static int
read_file(struct taking *t, struct inv_entry *x, const struct inv_entry *old,
    struct err *e)
{
	struct inv_entry	 after;
	struct stat		 st;
	const char		*base;
	int			 dir = dirs_of(t->dirs, x->path, &base), fd, ret;

	fd = dir == -1 ? -1 : content_open(dir, base, &st);
	if (fd == -1 && errno == ENOENT) {
		x->mark = VANISHED;
		return 0;
	}
	if (fd == -1)
		return err_errno(e, "open %s/%s", t->source, x->path);
	if (t->content == NULL)
		t->content = content_new();
	if (st.st_size > INV_CHUNKED && !t->keyed) {
		content_set_key(t->content, t->local.inv.key);
		t->keyed = true;
	}
	inv_stat(x, &st);
	t->looked = inv_now();
	ret = content_read(t->content, fd, st.st_size, old, NULL, NULL, e);
	if (ret == -1)
		err_wrap(e, "%s/%s", t->source, x->path);
	else {
		content_tell(t->content, &t->local.inv, x);
		x->settled = fstat(fd, &st) == 0 && inv_stat(&after, &st) &&
		    invdiff_same_times(x, &after) && inv_settles(x, t->looked, t->fine);
	}
	close(fd);
	return ret;
}

/* old: what is remembered of the same path; NULL: nothing. */
static int
take_file(struct taking *t, struct inv_entry *x, const struct inv_entry *old,
    struct err *e)
{
	if (old == NULL || old->kind != INV_FILE) {
		t->changed = true;
		t->added |= !t->all;
		return t->all ? read_file(t, x, NULL, e) : 0;
	}
	if (old->settled && old->hashed && invdiff_same_times(x, old)) {
		memcpy(x->digest, old->digest, INV_DIGEST);
		x->hashed = x->settled = true;
		x->nchunks = old->nchunks;
		x->chunks = old->chunks;
		x->sums = old->sums;
		t->changed |= x->mode != old->mode;
		return 0;
	}
	t->changed = true;
	/* Of a large one the push itself finds out what has changed. */
	if (!t->all && old->nchunks > 0 && x->size > INV_CHUNKED)
		return 0;
	return read_file(t, x, old, e);
}

static int
take_one(struct taking *t, struct inv_entry *x, const struct inv_entry *old,
    struct err *e)
{
	if (x->kind == INV_FILE)
		return take_file(t, x, old, e);
	/* What was learned of a directory's names spares the next one reading them. */
	t->changed |= x->settled && (old == NULL || !old->settled ||
	    !invdiff_same_times(x, old));
	t->changed |= old == NULL || old->kind != x->kind ||
	    (x->kind == INV_DIR && old->mode != x->mode) ||
	    !str_eq(old->target, x->target);
	return 0;
}

static void
drop_vanished(struct inventory *inv)
{
	size_t	i, n = 0;

	for (i = 0; i < inv->n; i++)
		if (inv->v[i].mark != VANISHED)
			inv->v[n++] = inv->v[i];
		else
			inv_gone(inv, inv->v[i].path);
	inv->n = n;
}

static void
take_gone(struct taking *t, const struct inv_entry *old)
{
	t->changed = true;
	inv_gone(&t->local.inv, old->path);
}

/* Both stand in the same order. */
static int
take_contents(struct taking *t, struct err *e)
{
	struct inventory	*now = &t->local.inv, *old = &t->before;
	struct inv_entry	*x, *was;
	size_t			 i, k = 0;
	int			 r = 1, ret = 0;

	invdiff_take_base(now, old);
	t->dirs = dirs_new(t->local.root, 0);
	for (i = 0; ret == 0 && i < now->n; i++) {
		x = &now->v[i];
		for (; k < old->n && (r = inv_order(&old->v[k], x)) < 0; k++)
			take_gone(t, &old->v[k]);
		was = k < old->n && r == 0 ? &old->v[k++] : NULL;
		ret = take_one(t, x, was, e);
		x->fresh = was == NULL || was->fresh || !invdiff_as_before(x, was);
	}
	for (; k < old->n; k++)
		take_gone(t, &old->v[k]);
	dirs_free(t->dirs);
	return ret;
}

/* --- files that moved ---------------------------------------------------------------------- */

static int
by_inode(const void *a, const void *b)
{
	const struct inv_entry	*const *x = a, *const *y = b;

	return ((*x)->ino > (*y)->ino) - ((*x)->ino < (*y)->ino);
}

/* A new file is read where its inode, size and time are those of one that was
 * there: it can be found by its digest on the other side. */
static int
take_moved(struct taking *t, struct err *e)
{
	const struct inv_entry	**v = xcalloc(t->before.n + 1, sizeof *v),
				 *want, *const *found;
	struct inv_entry	 *x;
	size_t			  i, n = 0;
	int			  ret = 0;

	for (i = 0; i < t->before.n; i++)
		if (t->before.v[i].kind == INV_FILE && t->before.v[i].size > 0)
			v[n++] = &t->before.v[i];
	qsort(v, n, sizeof *v, by_inode);
	t->dirs = dirs_new(t->local.root, 0);
	for (i = 0; ret == 0 && n > 0 && i < t->local.inv.n; i++) {
		x = &t->local.inv.v[i];
		if (x->kind != INV_FILE || x->hashed)
			continue;
		want = x;
		found = bsearch(&want, v, n, sizeof *v, by_inode);
		if (found != NULL && (*found)->size == x->size &&
		    (*found)->mtime == x->mtime)
			ret = read_file(t, x, NULL, e);
	}
	dirs_free(t->dirs);
	free(v);
	return ret;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int
save(struct taking *t, const char *word, const char *source,
    const struct inventory *inv, struct err *e)
{
	char	*name = treecache_save(t->cache, source, inv, e);

	if (name == NULL)
		return -1;
	printf("%s %s\n", word, name);
	free(name);
	return 0;
}

/* What the push has to look at, if the instance is as this tree was before. */
static int
tell_changes(struct taking *t, struct err *e)
{
	struct inventory	changed, former;
	char			id[INV_ID_HEX];
	int			ret;

	inv_init(&changed);
	inv_init(&former);
	invdiff_changes(&t->local.inv, &t->before, &changed, &former);
	memcpy(former.key, t->before.key, INV_KEY);
	former.keyed = true;
	ret = save(t, "changed", "", &changed, e);
	if (ret == 0)
		ret = save(t, "former", "", &former, e);
	str_hex(t->before.id, INV_DIGEST, id);
	printf("since %s\ncount %zu\n", id, t->before.n);
	inv_release(&changed);
	inv_release(&former);
	return ret;
}

static int
tell(struct taking *t, struct err *e)
{
	if (t->local.skipped > 0)
		printf("note %zu sockets, pipes or devices are left out\n",
		    t->local.skipped);
	if (inv_find(&t->local.inv, "VERSION") != NULL)
		printf("version\n");
	if (!t->changed && t->before_name != NULL) {
		treecache_touch(t->cache, t->before_name);
		printf("tree %s\n", t->before_name);
		return 0;
	}
	inv_identify(&t->local.inv);
	if (save(t, "tree", t->source, &t->local.inv, e) == -1)
		return -1;
	return t->before_name != NULL ? tell_changes(t, e) : 0;
}

/* Sums that are remembered are of the key of before. */
static void
take_key(struct taking *t)
{
	char	*random;

	if (t->before.keyed) {
		memcpy(t->local.inv.key, t->before.key, INV_KEY);
		t->local.inv.keyed = true;
		return;
	}
	random = secret_hex(INV_KEY);
	t->local.inv.keyed = str_unhex(random, t->local.inv.key, INV_KEY) == 0;
	free(random);
}

/* One walk. */
static int
look(struct taking *t, const struct rules *rules, bool knows, struct err *e)
{
	unsigned char	told[IGNORE_SUM];
	int		ret;

	t->ignore = ignore_new(rules);
	t->in_git = false;
	memset(t->judged + JUDGED_RULES, 0, sizeof t->judged - JUDGED_RULES);
	ret = local_scan_again(&t->local, t->source, knows ? &t->before : NULL,
	    t->ignore, on_git, t, e);
	ignore_told(t->ignore, told);
	memcpy(t->judged + JUDGED_TOLD, told, sizeof t->judged - JUDGED_TOLD);
	ignore_free(t->ignore);
	return ret;
}

/* What git tells of trees within the tree is only known at the end. */
static int
look_all(struct taking *t, const struct rules *rules, struct err *e)
{
	bool	knows = t->before_name != NULL && !rules_include(rules) &&
		    memcmp(t->judged, t->before.judged, JUDGED_RULES) == 0 &&
		    tells_names(t);
	int	ret = look(t, rules, knows, e);

	if (ret == 0 && knows && memcmp(t->judged + JUDGED_TOLD,
	    t->before.judged + JUDGED_TOLD, sizeof t->judged - JUDGED_TOLD) != 0) {
		local_release(&t->local);
		ret = look(t, rules, false, e);
	}
	memcpy(t->local.inv.judged, t->judged, sizeof t->judged);
	t->changed = memcmp(t->judged, t->before.judged, sizeof t->judged) != 0;
	return ret;
}

static int
take(struct taking *t, struct err *e)
{
	bool		 go = scan_is_go(t->source);
	struct rules	*rules = scan_rules(t->source, go, go && t->goroot, e);
	int		 ret = -1;

	if (rules == NULL)
		return -1;
	judge_rules(t, go);
	treecache_newest(t->cache, t->source, &t->before, &t->before_name);
	if (look_all(t, rules, e) == 0) {
		t->fine = scan_is_fine(t->cache, t->local.root);
		take_key(t);
		ret = take_contents(t, e);
		drop_vanished(&t->local.inv);
		if (ret == 0 && t->added && t->before.n > 0)
			ret = take_moved(t, e);
		if (ret == 0)
			ret = tell(t, e);
		local_release(&t->local);
	}
	rules_free(rules);
	return ret;
}

int
scan_role(int argc, char **argv)
{
	struct err	e = ERR_INIT;
	struct taking	t = { .before_name = NULL };
	int		ret;

	if (argc != 4) {
		fprintf(stderr, "scan: wrong arguments\n");
		return HELPER_FAILED;
	}
	t.cache = argv[1];
	t.source = argv[2];
	t.no_ignore = strchr(argv[3], 'n') != NULL;
	t.goroot = strchr(argv[3], 'g') != NULL;
	t.all = strchr(argv[3], 'a') != NULL;
	ret = take(&t, &e);
	if (ret == -1)
		fprintf(stderr, "%s\n", e.msg);
	inv_release(&t.before);
	strs_release(&t.noted);
	content_free(t.content);
	free(t.before_name);
	free(t.git);
	if (t.loop != NULL) {
		loop_settle(t.loop, SETTLE_MS);
		loop_free(t.loop);
	}
	return ret == -1 ? HELPER_FAILED : HELPER_OK;
}
