/* upgrade.c - executes the program anew, in place. */
#include "buildlet/upgrade.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/secret.h"

#define KEY_FD		"GOMOTE_BUILDLET_KEY_FD"
#define KEY_LEN_MAX	4096		/* less than a pipe holds */
#define PATH_LEN_MAX	4096

struct upgrade {
	char		*program;	/* NULL: not known */
	char		**argv;
	struct strs	 env;
};

extern char **environ;

/* Where this program lies: another may be put there while we run. */
static char *
program_find(const char *argv0)
{
	char	path[PATH_LEN_MAX];
	ssize_t	n = readlink("/proc/self/exe", path, sizeof path);

	if (n > 0 && n < (ssize_t)sizeof path)
		return xstrndup(path, (size_t)n);
	return strchr(argv0, '/') != NULL ? realpath(argv0, NULL) : NULL;
}

struct upgrade *
upgrade_new(char **argv)
{
	struct upgrade	*u = xcalloc(1, sizeof *u);
	size_t		 i;

	u->program = program_find(argv[0]);
	u->argv = argv;
	for (i = 0; environ != NULL && environ[i] != NULL; i++)
		if (!str_starts(environ[i], KEY_FD "="))
			strs_add(&u->env, environ[i]);
	return u;
}

void
upgrade_free(struct upgrade *u)
{
	if (u == NULL)
		return;
	free(u->program);
	strs_release(&u->env);
	free(u);
}

int
upgrade_check(const struct upgrade *u, struct err *e)
{
	if (u->program == NULL)
		return err_set(e, "upgrade: it is not known where this program lies");
	if (access(u->program, X_OK) == -1)
		return err_errno(e, "upgrade: %s", u->program);
	return 0;
}

/* A pipe from which the key can be read; -1: there is none. */
static int
key_give(const char *key)
{
	int	fd[2];

	if (key == NULL || strlen(key) > KEY_LEN_MAX || pipe(fd) == -1)
		return -1;
	if (file_write_all(fd[1], key, strlen(key)) == -1) {
		close(fd[0]);
		fd[0] = -1;
	}
	close(fd[1]);
	return fd[0];
}

int
upgrade_run(const struct upgrade *u, const char *key, struct err *e)
{
	struct strs	env = STRS_INIT;
	int		fd = key_give(key);
	size_t		i;

	for (i = 0; i < u->env.n; i++)
		strs_add(&env, u->env.v[i]);
	if (fd != -1)
		strs_addf(&env, KEY_FD "=%d", fd);
	execve(u->program, u->argv, env.n > 0 ? env.v : (char *[]){ NULL });
	err_errno(e, "upgrade: %s", u->program);
	if (fd != -1)
		close(fd);
	strs_release(&env);
	return -1;
}

char *
upgrade_key(void)
{
	const char	*text = getenv(KEY_FD);
	char		 key[KEY_LEN_MAX + 1];
	char		*copy;
	int64_t		 fd;
	ssize_t		 n;

	if (text == NULL || str_int64(text, 3, 65535, &fd) == -1)
		return NULL;
	unsetenv(KEY_FD);
	n = file_read_full((int)fd, key, KEY_LEN_MAX);
	close((int)fd);
	if (n <= 0)
		return NULL;
	copy = xstrndup(key, (size_t)n);
	secret_wipe(key, sizeof key);
	return copy;
}
