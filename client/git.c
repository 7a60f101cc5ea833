/* git.c - runs git ls-files and reads its list. */
#include "client/git.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/tool.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/proc.h"

#define LIMIT_MS	(120 * 1000)
#define PATH_MAX_LEN	(64 * 1024)	/* of one name that git tells */
#define SAYS_MAX	4096

struct git {
	struct loop	*loop;
	const char	*sub;
	struct ignore	*ignore;
	struct str	 path;		/* the one being read, after sub */
	struct str	 says;		/* stderr */
	bool		 out_over, err_over, ended;
	bool		 late;
	struct proc_end	 end;
};

char *
git_find(void)
{
	return tool_find("git");
}

/* --- what it says ---------------------------------------------------------- */

static void
git_try_end(struct git *g)
{
	if (g->out_over && g->err_over && g->ended)
		loop_stop(g->loop);
}

static void
git_start_path(struct git *g)
{
	str_clear(&g->path);
	if (*g->sub != '\0')
		str_addf(&g->path, "%s/", g->sub);
}

/* Names, each ended by a NUL, cut anywhere. */
static void
git_take(struct git *g, const char *p, size_t len)
{
	const char	*end;
	size_t		 n;

	while (len > 0) {
		end = memchr(p, '\0', len);
		n = end != NULL ? (size_t)(end - p) : len;
		if (g->path.len + n < PATH_MAX_LEN)
			str_addn(&g->path, p, n);
		if (end == NULL)
			return;
		ignore_add(g->ignore, str_text(&g->path), g->path.len);
		git_start_path(g);
		p = end + 1;
		len -= n + 1;
	}
}

static void
on_names(struct stream *s, void *arg)
{
	struct evbuffer	*in = stream_in(s);
	const char	*p;
	size_t		 len;

	while ((p = buf_peek(in, &len)) != NULL) {
		git_take(arg, p, len);
		buf_drain(in, len);
	}
	stream_consumed(s);
}

static void
on_says(struct stream *s, void *arg)
{
	struct git	*g = arg;
	char		 text[512];
	size_t		 n;

	while ((n = buf_take(stream_in(s), text, sizeof text)) > 0)
		if (g->says.len + n < SAYS_MAX)
			str_addn(&g->says, text, n);
	stream_consumed(s);
}

static void
on_names_end(struct stream *s, void *arg)
{
	struct git	*g = arg;

	(void)s;
	g->out_over = true;
	git_try_end(g);
}

static void
on_names_error(struct stream *s, const struct err *why, void *arg)
{
	(void)why;
	on_names_end(s, arg);
}

static void
on_says_end(struct stream *s, void *arg)
{
	struct git	*g = arg;

	(void)s;
	g->err_over = true;
	git_try_end(g);
}

static void
on_says_error(struct stream *s, const struct err *why, void *arg)
{
	(void)why;
	on_says_end(s, arg);
}

static const struct stream_cb names_cb = {
	.read = on_names, .eof = on_names_end, .error = on_names_error,
};

static const struct stream_cb says_cb = {
	.read = on_says, .eof = on_says_end, .error = on_says_error,
};

static void
on_end(struct proc *p, const struct proc_end *end, void *arg)
{
	struct git	*g = arg;

	(void)p;
	g->end = *end;
	g->ended = true;
	git_try_end(g);
}

static void
on_late(void *arg)
{
	struct git	*g = arg;

	g->late = true;
	loop_stop(g->loop);
}

/* --- running it ------------------------------------------------------------ */

/* Ours, without what would make git look at another work tree. */
static char **
git_env(void)
{
	static const char *const	  not[] = { "GIT_DIR=", "GIT_WORK_TREE=",
		"GIT_INDEX_FILE=", "GIT_PREFIX=" };
	extern char			**environ;
	char				**env;
	size_t				  n = 0, i, k, kept = 0;

	while (environ[n] != NULL)
		n++;
	env = xcalloc(n + 1, sizeof *env);
	for (i = 0; i < n; i++) {
		for (k = 0; k < nitems(not) && !str_starts(environ[i], not[k]); k++)
			;
		if (k == nitems(not))
			env[kept++] = environ[i];
	}
	return env;
}

static int
git_result(const struct git *g, struct err *e)
{
	char	why[ERR_MAX];

	if (g->late)
		return err_set(e, "git did not end within two minutes");
	if (g->end.phase == PROC_EXITED && g->end.status == 0)
		return 0;
	if (g->says.len > 0)
		return err_set(e, "git: %.*s",
		    (int)strcspn(str_text(&g->says), "\n"), str_text(&g->says));
	return err_set(e, "git: %s", proc_end_text(&g->end, why));
}

static int
git_run(struct git *g, const struct proc_spec *spec, struct err *e)
{
	struct proc	*p = proc_spawn(g->loop, spec, on_end, g, e);
	struct timer	*limit;
	int		 ret;

	if (p == NULL)
		return -1;
	git_start_path(g);
	stream_set_cb(proc_out(p), &names_cb, g);
	stream_set_cb(proc_err(p), &says_cb, g);
	limit = timer_new(g->loop, on_late, g);
	timer_set(limit, LIMIT_MS);
	loop_run(g->loop);
	ret = git_result(g, e);
	timer_free(limit);
	proc_free(p);
	return ret;
}

int
git_ignored(struct loop *loop, const char *git, const char *dir,
    const char *sub, struct ignore *ig, struct err *e)
{
	struct git		  g = { .loop = loop, .sub = sub, .ignore = ig };
	char			 *at = xasprintf("%s/%s", dir, sub);
	char			**env = git_env();
	const char		 *argv[] = { "git", "-C", at, "ls-files",
	    "--others", "--ignored", "--exclude-standard", "--directory", "-z",
	    NULL };
	const struct proc_spec	  spec = { .path = git,
	    .argv = (char *const *)argv, .env = env, .split = true };
	int			  ret = git_run(&g, &spec, e);

	str_release(&g.path);
	str_release(&g.says);
	free(env);
	free(at);
	return ret;
}
