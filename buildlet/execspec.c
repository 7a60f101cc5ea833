/* execspec.c - reads the /exec form by the rules of PROTOCOL 1. */
#include "buildlet/execspec.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/xmalloc.h"

#define BAD_REQUEST	400
#define UNPROCESSABLE	422

/* ---- the command ---- */

static bool
is_executable(const char *path)
{
	struct stat	st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    access(path, X_OK) == 0;
}

static const char *
env_get(const struct strs *env, const char *name)
{
	size_t	len = strlen(name), i;

	for (i = env->n; i-- > 0;)
		if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
			return env->v[i] + len + 1;
	return NULL;
}

/* The first executable of that name in $PATH; relative elements are passed
 * over. malloc'ed, or NULL. */
static char *
path_search(const char *path, const char *name)
{
	struct strs	 dirs = STRS_INIT;
	char		*found = NULL;
	size_t		 i;

	strs_split(&dirs, path != NULL ? path : "", ':', true);
	for (i = 0; i < dirs.n && found == NULL; i++) {
		if (dirs.v[i][0] != '/')
			continue;
		found = path_join(dirs.v[i], name);
		if (!is_executable(found)) {
			free(found);
			found = NULL;
		}
	}
	strs_release(&dirs);
	return found;
}

static char *
cmd_bare(const char *cmd, bool sys, const char *workdir, const struct strs *own,
    struct err *e)
{
	char	*full = NULL, *quoted;

	if (!sys) {
		full = path_join(workdir, cmd);
		if (!is_executable(full)) {
			free(full);
			full = NULL;
		}
	}
	if (full == NULL)
		full = path_search(env_get(own, "PATH"), cmd);
	if (full == NULL) {
		quoted = str_quote(cmd);
		err_code(e, UNPROCESSABLE, "command %s not found", quoted);
		free(quoted);
	}
	return full;
}

static char *
cmd_find(const char *cmd, bool sys, const char *workdir, const struct strs *own,
    struct err *e)
{
	char	*clean, *full;

	if (cmd == NULL || cmd[0] == '\0') {
		err_code(e, BAD_REQUEST, "requires 'cmd' parameter");
		return NULL;
	}
	if (cmd[0] == '/')
		return xstrdup(cmd);
	if (path_check(cmd, e) == -1) {
		err_wrap(e, "invalid 'cmd' parameter");
		e->code = BAD_REQUEST;
		return NULL;
	}
	clean = path_clean(cmd);
	if (strchr(clean, '/') == NULL && strchr(cmd, '/') == NULL) {
		full = cmd_bare(clean, sys, workdir, own, e);
	} else if (sys) {
		err_code(e, BAD_REQUEST,
		    "'sys' mode requires absolute or system 'cmd' path");
		full = NULL;
	} else {
		full = path_join(workdir, clean);
	}
	free(clean);
	return full;
}

/* ---- the directory ---- */

static char *
dir_find(const char *dir, bool sys, const char *cmd, const char *workdir,
    struct err *e)
{
	if (dir == NULL || dir[0] == '\0')
		return sys ? xstrdup(workdir) : path_dir(cmd);
	if (dir[0] == '/')
		return path_clean(dir);
	if (path_check(dir, e) == -1) {
		e->code = BAD_REQUEST;
		return NULL;
	}
	return path_join(workdir, dir);
}

/* ---- the environment ---- */

struct named {		/* K=V */
	const char	*at;
	size_t		 len;	/* of K */
	size_t		 i;	/* its place */
};

static int
by_name(const void *a, const void *b)
{
	const struct named	*x = a, *y = b;
	int			 d = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);

	if (d == 0)
		d = (x->len > y->len) - (x->len < y->len);
	return d != 0 ? d : (x->i > y->i) - (x->i < y->i);
}

/* Sorted, not hashed: there are few, and each exec does this. */
void
execspec_dedup(struct strs *env)
{
	struct named	*v = xcalloc(env->n + 1, sizeof *v);
	size_t		 i, len, n = 0, left = 0;

	for (i = 0; i < env->n; i++) {
		len = strcspn(env->v[i], "=");
		if (env->v[i][len] == '=')
			v[n++] = (struct named){ env->v[i], len, i };
	}
	qsort(v, n, sizeof *v, by_name);
	for (i = 0; i + 1 < n; i++)
		if (v[i].len == v[i + 1].len &&
		    memcmp(v[i].at, v[i + 1].at, v[i].len) == 0) {
			free(env->v[v[i].i]);
			env->v[v[i].i] = NULL;
		}
	for (i = 0; i < env->n; i++)
		if (env->v[i] != NULL)
			env->v[left++] = env->v[i];
	env->n = left;
	if (env->v != NULL)
		env->v[left] = NULL;
	free(v);
}

/* One element of `path`, with $PATH, $WORKDIR and $EMPTY put in. */
static void
path_expand(struct str *out, const char *s, const char *old, const char *workdir)
{
	while (*s != '\0') {
		if (str_starts(s, "$PATH")) {
			str_add(out, old != NULL ? old : "");
			s += strlen("$PATH");
		} else if (str_starts(s, "$WORKDIR")) {
			str_add(out, workdir);
			s += strlen("$WORKDIR");
		} else if (str_starts(s, "$EMPTY")) {
			s += strlen("$EMPTY");
		} else {
			str_addc(out, *s++);
		}
	}
}

static void
env_add_path(struct strs *env, const struct form *f, const char *workdir)
{
	struct str	 path = STR_INIT;
	const char	*old = env_get(env, "PATH"), *one;
	size_t		 it = 0;
	bool		 first = true;

	while ((one = form_each(f, "path", &it)) != NULL) {
		if (!first)
			str_addc(&path, ':');
		first = false;
		path_expand(&path, one, old, workdir);
	}
	if (!first)
		strs_addf(env, "PATH=%s", str_text(&path));
	str_release(&path);
}

static void
env_add_bootstrap(struct strs *env, const char *workdir)
{
	char		*dir = path_join(workdir, "go1.4");
	struct stat	 st;

	if (env_get(env, "GOROOT_BOOTSTRAP") == NULL || stat(dir, &st) == 0)
		strs_addf(env, "GOROOT_BOOTSTRAP=%s", dir);
	free(dir);
}

static void
env_make(struct strs *env, const struct form *f, const char *workdir,
    const struct strs *own, const char *dir)
{
	const char	*one;
	size_t		 i, it = 0;

	for (i = 0; i < own->n; i++)
		strs_add(env, own->v[i]);
	env_add_bootstrap(env, workdir);
	while ((one = form_each(f, "env", &it)) != NULL)
		strs_add(env, one);
	strs_addf(env, "TMPDIR=%s/tmp", workdir);
	strs_addf(env, "GOCACHE=%s/gocache", workdir);
	strs_addf(env, "GOPLSCACHE=%s/goplscache", workdir);
	strs_addf(env, "WORKDIR=%s", workdir);
	env_add_path(env, f, workdir);
	strs_addf(env, "PWD=%s", dir);
	execspec_dedup(env);
}

/* ---- all of it ---- */

bool
execspec_true(const char *s)
{
	static const char *const	yes[] =
	    { "1", "t", "T", "true", "TRUE", "True" };
	size_t				i;

	for (i = 0; i < nitems(yes); i++)
		if (str_eq(s, yes[i]))
			return true;
	return false;
}

int
execspec_make(struct execspec *x, const struct form *f, const char *workdir,
    const struct strs *own, struct err *e)
{
	bool		 sys = str_eq(form_get(f, "mode"), "sys");
	const char	*one;
	size_t		 it = 0;

	x->cmd = cmd_find(form_get(f, "cmd"), sys, workdir, own, e);
	if (x->cmd == NULL)
		return err_wrap(e, "invalid 'cmd' parameter");
	x->dir = dir_find(form_get(f, "dir"), sys, x->cmd, workdir, e);
	if (x->dir == NULL)
		return err_wrap(e, "invalid 'dir' parameter");
	strs_add(&x->argv, x->cmd);
	while ((one = form_each(f, "cmdArg", &it)) != NULL)
		strs_add(&x->argv, one);
	env_make(&x->env, f, workdir, own, x->dir);
	x->debug = execspec_true(form_get(f, "debug"));
	return 0;
}

void
execspec_release(struct execspec *x)
{
	free(x->cmd);
	free(x->dir);
	strs_release(&x->argv);
	strs_release(&x->env);
	x->cmd = x->dir = NULL;
}

static void
quoted_add(struct str *out, const struct strs *list)
{
	char	*quoted;
	size_t	 i;

	str_addc(out, '[');
	for (i = 0; i < list->n; i++) {
		quoted = str_quote(list->v[i]);
		str_addf(out, "%s%s", i > 0 ? " " : "", quoted);
		free(quoted);
	}
	str_addc(out, ']');
}

char *
execspec_debug(const struct execspec *x)
{
	struct str	out = STR_INIT;

	str_addf(&out, ":: Running %s with args ", x->cmd);
	quoted_add(&out, &x->argv);
	str_add(&out, " and env ");
	quoted_add(&out, &x->env);
	str_addf(&out, " in dir %s\n\n", x->dir);
	return str_take(&out);
}
