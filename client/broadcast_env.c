/* broadcast_env.c - how a gomote of a broadcast is started (broadcast_env.h). */
#include "client/broadcast_env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "client/child.h"
#include "client/copy.h"
#include "client/say.h"
#include "client/share.h"
#include "client/target.h"

static void
add_flag(struct strs *argv, const char *name, const char *value)
{
	if (value == NULL)
		return;
	strs_add(argv, name);
	strs_add(argv, value);
}

static void
make_argv(struct strs *argv, const struct gomote *g, const struct broadcast_how *how,
    const char *name)
{
	const struct cred_flags	*f = &g->flags;
	int			 i;

	strs_add(argv, "gomote");
	add_flag(argv, "-server", f->server);
	add_flag(argv, "-ca", f->ca);
	add_flag(argv, "-user", f->user);
	add_flag(argv, "-token-file", f->token_file);
	add_flag(argv, "-config", f->config);
	add_flag(argv, "-password-file", f->password_file);
	add_flag(argv, "-agent", f->agent);
	add_flag(argv, "-instance", name);
	for (i = 0; i < how->argc; i++)
		strs_add(argv, how->argv[i]);
}

/* Which instance is meant has been said. */
static bool
passes(const char *var)
{
	return !str_starts(var, "GOMOTE_GROUP=") &&
	    !str_starts(var, "GOMOTE_INSTANCE=") && !str_starts(var, COPY_ENV "=") &&
	    !share_is_mark(var);
}

static void
make_env(struct strs *env, const char *share, const char *copy)
{
	extern char	**environ;
	char		**var;

	for (var = environ; *var != NULL; var++)
		if (passes(*var))
			strs_add(env, *var);
	strs_adopt(env, child_mark());
	if (copy != NULL)
		strs_addf(env, COPY_ENV "=%s", copy);
	if (share != NULL)
		strs_adopt(env, share_mark(share));
}

void
broadcast_env_init(struct broadcast_env *x, const struct gomote *g,
    const struct broadcast_how *how, const char *name, const char *copy)
{
	memset(x, 0, sizeof *x);
	make_argv(&x->argv, g, how, name);
	make_env(&x->env, how->share, copy);
}

void
broadcast_env_release(struct broadcast_env *x)
{
	strs_release(&x->argv);
	strs_release(&x->env);
}

char *
broadcast_copies_dir(void)
{
	const char	*tmp = getenv("TMPDIR");
	char		*dir;

	dir = xasprintf("%s/gomote.XXXXXX", tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if (mkdtemp(dir) != NULL)
		return dir;
	say_note("no copies of the output: %s: %s", dir, strerror(errno));
	free(dir);
	return NULL;
}

char *
broadcast_copy(const char *dir, const char *name)
{
	char	*file = target_file_name(name), *path;

	path = xasprintf("%s/%s.stdout", dir, file);
	free(file);
	return path;
}
