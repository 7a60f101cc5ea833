/* sshkey.c - see sshkey.h. */
#include "client/sshkey.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "client/cred.h"
#include "client/say.h"
#include "client/tool.h"
#include "io/loop.h"
#include "io/proc.h"

#define PUBLIC_MAX	(16 * 1024)
#define MAKE_MS		30000

extern char **environ;

struct making {
	struct loop	*loop;
	struct proc_end	 end;
	bool		 ended;
};

static void
on_end(struct proc *p, const struct proc_end *end, void *arg)
{
	struct making	*m = arg;

	(void)p;
	m->end = *end;
	m->ended = true;
	loop_stop(m->loop);
}

static void
on_late(void *arg)
{
	struct making	*m = arg;

	loop_stop(m->loop);
}

static int
make_run(struct loop *loop, char *const *argv, const char *program, struct err *e)
{
	const struct proc_spec	 spec = { .path = program, .argv = argv, .env = environ };
	struct making		 m = { .loop = loop };
	struct timer		*late = timer_new(loop, on_late, &m);
	struct proc		*p = proc_spawn(loop, &spec, on_end, &m, e);
	char			 text[ERR_MAX];
	int			 ret = 0;

	if (p == NULL) {
		timer_free(late);
		return -1;
	}
	timer_set(late, MAKE_MS);
	loop_run(loop);
	if (!m.ended)
		ret = err_set(e, "it did not end in time");
	else if (m.end.phase != PROC_EXITED || m.end.status != 0)
		ret = err_set(e, "%s", proc_end_text(&m.end, text));
	timer_free(late);
	proc_free(p);
	return ret;
}

/* In a new directory beside it: what is there is whole, the private key last. */
static int
make_key(const struct sshkey *k, struct loop *loop, const char *program, struct err *e)
{
	char	*dir = xasprintf("%s.new", k->path), *new = xasprintf("%s/key", dir);
	char	*public = xasprintf("%s.pub", new), *place = xasprintf("%s.pub", k->path);
	char	*argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "gomote",
		    "-f", new, NULL };
	int	 ret;

	(void)unlink(new);
	(void)unlink(public);
	ret = mkdir(dir, 0700) == -1 && errno != EEXIST ? err_errno(e, "mkdir %s", dir) :
	    make_run(loop, argv, program, e);
	if (ret == 0 && (rename(public, place) == -1 || rename(new, k->path) == -1))
		ret = err_errno(e, "rename");
	(void)rmdir(dir);
	free(place);
	free(public);
	free(new);
	free(dir);
	return ret;
}

/* One of us at a time; the others find what it made. */
static int
make_once(const struct sshkey *k, struct loop *loop, struct err *e)
{
	char	*program = tool_find("ssh-keygen"), *path;
	int	 fd, ret = -1;

	if (program == NULL)
		return err_set(e, "ssh-keygen is not installed");
	path = xasprintf("%s.lock", k->path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1 || flock(fd, LOCK_EX) == -1) {
		err_errno(e, "%s", path);
	} else if (access(k->path, R_OK) == 0) {
		ret = 0;
	} else {
		say_note("making a key for gomote ssh: %s", k->path);
		ret = make_key(k, loop, program, e);
	}
	if (fd != -1)
		close(fd);
	free(path);
	free(program);
	return ret;
}

int
sshkey_find(struct sshkey *k, struct loop *loop, struct err *e)
{
	char	*dir = cred_path("ssh");

	memset(k, 0, sizeof *k);
	if (dir == NULL)
		return err_set(e, "ssh: there is no place for a key: HOME is not set");
	k->path = xasprintf("%s/id_ed25519", dir);
	k->known_hosts = xasprintf("%s/known_hosts", dir);
	if (access(k->path, R_OK) == 0 || (file_mkdirs(dir, 0700, e) == 0 &&
	    make_once(k, loop, e) == 0)) {
		free(dir);
		return 0;
	}
	free(dir);
	sshkey_release(k);
	return err_wrap(e, "ssh: make a key");
}

char *
sshkey_public(const struct sshkey *k, struct err *e)
{
	char	*path = xasprintf("%s.pub", k->path);
	char	*line = file_read_trimmed(path, PUBLIC_MAX, e);

	free(path);
	if (line == NULL)
		err_wrap(e, "ssh: public key");
	return line;
}

void
sshkey_release(struct sshkey *k)
{
	free(k->path);
	free(k->known_hosts);
	memset(k, 0, sizeof *k);
}
