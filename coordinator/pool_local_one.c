/* pool_local_one.c - one buildlet of the local pool: its directory and process. */
#include "coordinator/pool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/pool_local_int.h"
#include "io/loop.h"

#define RETRY_FIRST_MS	1000		/* a type of which one could not be started, */
#define RETRY_MAX_MS	60000
#define AGAIN_FIRST_MS	1000		/* one that has ended too early */
#define AGAIN_MAX_MS	15000
#define REMOVE_MS	(10 * 60 * 1000)

struct local_type *
local_type_get(struct pool *p, const char *name)
{
	struct local_type	*t = map_find(p->types, name);

	if (t != NULL)
		return t;
	t = xcalloc(1, sizeof *t);
	t->name = xstrdup(name);
	t->backoff = (struct backoff)BACKOFF_INIT(RETRY_FIRST_MS, RETRY_MAX_MS);
	map_set(p->types, name, t);
	return t;
}

static void
count(struct local *l, int by)
{
	l->type->n += by;
	if (l->state == LOCAL_STARTING)
		l->type->starting += by;
	if (l->state == LOCAL_STOPPING)
		l->type->stopping += by;
}

void
local_set_state(struct local *l, enum local_state next)
{
	count(l, -1);
	l->state = next;
	count(l, 1);
}

struct local *
local_new(struct pool *p, struct local_type *t, const char *name, enum local_state st,
    int64_t deadline)
{
	struct local	*l = xcalloc(1, sizeof *l);

	l->name = xstrdup(name);
	l->dir = path_join(p->root, name);
	l->type = t;
	l->state = st;
	l->deadline = deadline;
	l->backoff = (struct backoff)BACKOFF_INIT(AGAIN_FIRST_MS, AGAIN_MAX_MS);
	TAILQ_INSERT_TAIL(&p->list, l, entry);
	count(l, 1);
	return l;
}

void
local_free(struct pool *p, struct local *l)
{
	count(l, -1);
	TAILQ_REMOVE(&p->list, l, entry);
	free(l->name);
	free(l->dir);
	free(l);
}

struct local *
local_find(struct pool *p, const char *name)
{
	struct local	*l;

	TAILQ_FOREACH(l, &p->list, entry) {
		if (strcmp(l->name, name) == 0)
			return l;
	}
	return NULL;
}

void
local_remove_dir(struct pool *p, const char *dir)
{
	struct removal	*r;
	pid_t		 pid = detached_remove(dir);

	if (pid == -1) {
		log_warn("local pool: cannot fork to remove %s", dir);
		return;
	}
	r = xcalloc(1, sizeof *r);
	r->pid = pid;
	r->until = loop_now(p->host.loop) + REMOVE_MS;
	TAILQ_INSERT_TAIL(&p->removals, r, entry);
}

void
local_reap_removals(struct pool *p, int64_t now)
{
	struct removal	*r, *next;
	int		 status;

	TAILQ_FOREACH_SAFE(r, &p->removals, entry, next) {
		status = 0;
		if (waitpid(r->pid, &status, WNOHANG) == 0) {
			if (r->until <= now)
				(void)kill(r->pid, SIGKILL);
			continue;
		}
		if (status != 0)
			log_warn("local pool: a directory in %s could not be removed; the "
			    "next start tries again", p->root);
		TAILQ_REMOVE(&p->removals, r, entry);
		free(r);
	}
}

/* Not synced: after a crash of the whole machine nothing runs there. */
void
local_set_used(struct local *l, bool used)
{
	char	*path = path_join(l->dir, "used");
	int	 fd;

	if (used != l->used && used) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd != -1)
			close(fd);
	} else if (used != l->used) {
		(void)unlink(path);
	}
	l->used = used;
	free(path);
}

bool
local_was_used(const char *dir)
{
	char	*path = path_join(dir, "used");
	bool	 yes = access(path, F_OK) == 0;

	free(path);
	return yes;
}

/* --- its process ------------------------------------------------------------- */

static void
add_argv(struct pool *p, struct local *l, struct strs *a)
{
	strs_add(a, p->host.buildlet);
	strs_add(a, "-reverse-type");
	strs_add(a, l->type->name);
	strs_add(a, "-coordinator");
	strs_addf(a, "127.0.0.1:%d", p->host.port(p->host.arg));
	strs_add(a, "-ca");
	strs_addf(a, "%s/ca.pem", p->host.state_dir);
	strs_add(a, "-workdir");
	strs_addf(a, "%s/work", l->dir);
	strs_add(a, "-join-token-file");
	strs_addf(a, "%s/token", l->dir);
	strs_add(a, "-hostname");
	strs_add(a, l->name);
	strs_add(a, "-give-up");
	strs_add(a, LOCAL_GIVE_UP_TEXT);
}

static int
write_in(const char *dir, const char *name, const char *text, struct err *e)
{
	char	*path = path_join(dir, name);
	int	 ret = file_write(path, text, strlen(text), 0600, e);

	free(path);
	return ret;
}

static int
make_dir(struct pool *p, struct local *l, struct err *e)
{
	char	*work = path_join(l->dir, "work");
	char	*token = NULL;
	int	 ret = -1;

	if (file_mkdirs(work, 0700, e) == -1 ||
	    write_in(l->dir, "type", l->type->name, e) == -1)
		goto out;
	token = p->host.token(l->type->name, l->name, p->host.arg);
	ret = write_in(l->dir, "token", token, e);
out:
	free(token);
	free(work);
	return ret;
}

int
local_start(struct pool *p, struct local *l, struct err *e)
{
	struct strs	argv = STRS_INIT, env = STRS_INIT;
	int		ret;

	if (p->host.buildlet == NULL)
		return err_set(e, "no buildlet program is configured");
	if (make_dir(p, l, e) == -1)
		return -1;
	add_argv(p, l, &argv);
	detached_env(&env);
	ret = detached_start(&l->proc, l->dir, argv.v, env.v, e);
	strs_release(&argv);
	strs_release(&env);
	return ret;
}
