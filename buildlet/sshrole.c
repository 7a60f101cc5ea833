/* sshrole.c - sets up and runs one sshd in inetd mode, in a helper. */
#include "buildlet/sshrole.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "io/helper.h"

#define SESSION_PREFIX	"ssh-"
#define HOST_KEY	"ssh_host_key"
#define RUN_DIR		"/run/sshd"	/* Debian's sshd insists on it */

extern char **environ;

static const char *
program_find(const char *const *paths)
{
	for (; *paths != NULL; paths++)
		if (access(*paths, X_OK) == 0)
			return *paths;
	return NULL;
}

const char *
sshrole_sshd(void)
{
	static const char *const	paths[] = { "/usr/sbin/sshd",
		"/usr/local/sbin/sshd", "/usr/bin/sshd", NULL };

	return program_find(paths);
}

/* Runs a program to its end, in or out being -1 for /dev/null. Its exit
 * status, -1 if it could not be run or was killed. */
static int
program_run(const char *const *argv, bool joined)
{
	posix_spawn_file_actions_t	 files;
	pid_t				 pid;
	int				 status, error;

	if (posix_spawn_file_actions_init(&files) != 0)
		return -1;
	if (!joined) {
		posix_spawn_file_actions_addopen(&files, STDIN_FILENO,
		    "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&files, STDOUT_FILENO,
		    "/dev/null", O_WRONLY, 0);
	}
	error = posix_spawn(&pid, argv[0], &files, NULL, (char *const *)argv,
	    environ);
	posix_spawn_file_actions_destroy(&files);
	if (error != 0) {
		errno = error;
		return -1;
	}
	if (joined) {		/* or the client would never see its end */
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The host key, made beside its name so that two sessions cannot collide. */
static int
host_key_make(const char *session, const char *key, struct err *e)
{
	static const char *const	 paths[] = { "/usr/bin/ssh-keygen",
		"/usr/local/bin/ssh-keygen", NULL };
	const char			*keygen = program_find(paths);
	char				*temp;
	int				 ret = 0;

	if (access(key, R_OK) == 0)
		return 0;
	if (keygen == NULL)
		return err_set(e, "ssh-keygen is not installed");
	temp = xasprintf("%s/key", session);
	const char *const	argv[] = { keygen, "-q", "-t", "ed25519", "-N", "",
		"-C", "buildlet", "-f", temp, NULL };
	if (program_run(argv, false) != 0)
		ret = err_set(e, "ssh-keygen made no host key");
	else if (rename(temp, key) == -1)
		ret = err_errno(e, "rename %s", temp);
	free(temp);
	return ret;
}

/* Double quotes are all that sshd_config offers. */
static bool
is_quotable(const char *s)
{
	return strpbrk(s, "\"\\\n\r") == NULL;
}

static char *
config_make(const char *session, const char *key, const char *workdir,
    const char *user)
{
	struct str	s = STR_INIT;

	str_addf(&s, "HostKey \"%s\"\nAuthorizedKeysFile \"%s/keys\"\n", key, session);
	str_addf(&s, "AllowUsers %s\n", user);
	str_add(&s,
	    "StrictModes no\nUsePAM no\nUseDNS no\nPidFile none\n"
	    "AuthenticationMethods publickey\nPasswordAuthentication no\n"
	    "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
	    "LogLevel ERROR\nPrintMotd no\nPrintLastLog no\nX11Forwarding no\n"
	    "AcceptEnv LANG LC_*\nSubsystem sftp internal-sftp\n");
	str_addf(&s, "SetEnv \"WORKDIR=%s\" \"TMPDIR=%s/tmp\" \"GOCACHE=%s/gocache\"\n",
	    workdir, workdir, workdir);
	return str_take(&s);
}

static int
text_write(const char *dir, const char *name, const char *text, mode_t mode,
    struct err *e)
{
	char	*path = xasprintf("%s/%s", dir, name);
	int	 ret = file_write(path, text, strlen(text), mode, e);

	free(path);
	return ret;
}

static int
session_prepare(const char *session, const char *host_key, char **argv,
    struct err *e)
{
	char	*text;
	int	 ret;

	if (chmod(session, 0711) == -1)
		return err_errno(e, "open %s for sshd", session);
	if (host_key_make(session, host_key, e) == -1)
		return -1;
	text = xasprintf("%s\n", argv[4]);
	ret = text_write(session, "keys", text, 0644, e);
	free(text);
	if (ret == -1)
		return -1;
	text = config_make(session, host_key, argv[2], argv[3]);
	ret = text_write(session, "config", text, 0600, e);
	free(text);
	return ret;
}

static void
session_remove(const char *state, const char *name)
{
	struct err	e = ERR_INIT;
	int		fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return;
	if (tree_remove(fd, name, &e) == -1)
		fprintf(stderr, "remove an ssh session's files: %s\n", e.msg);
	close(fd);
}

static int
session_run(const char *session)
{
	char		*config = xasprintf("%s/config", session);
	const char	*argv[] = { sshrole_sshd(), "-i", "-e", "-f", config, NULL };
	int		 status = -1;

	if (argv[0] != NULL) {
		if (mkdir(RUN_DIR, 0755) == -1)
			errno = 0;	/* there already, or not ours to make */
		status = program_run(argv, true);
	}
	free(config);
	return status == -1 ? HELPER_FAILED : HELPER_OK;
}

int
sshrole_run(int argc, char **argv)
{
	struct err	 e = ERR_INIT;
	char		*session, *host_key;
	int		 ret = HELPER_FAILED;

	if (argc != 5 || !is_quotable(argv[1]) || !is_quotable(argv[2])) {
		fprintf(stderr, "ssh: wrong arguments\n");
		return HELPER_FAILED;
	}
	session = xasprintf("%s/%sXXXXXX", argv[1], SESSION_PREFIX);
	host_key = xasprintf("%s/%s", argv[1], HOST_KEY);
	if (mkdtemp(session) == NULL) {
		fprintf(stderr, "make %s: %s\n", session, strerror(errno));
	} else {
		if (session_prepare(session, host_key, argv, &e) == 0)
			ret = session_run(session);
		else
			fprintf(stderr, "%s\n", e.msg);
		session_remove(argv[1], strrchr(session, '/') + 1);
	}
	free(session);
	free(host_key);
	return ret;
}

void
sshrole_clean(const char *state)
{
	DIR		*d = opendir(state);
	struct dirent	*ent;

	if (d == NULL)
		return;
	while ((ent = readdir(d)) != NULL)
		if (str_starts(ent->d_name, SESSION_PREFIX))
			session_remove(state, ent->d_name);
	closedir(d);
}
