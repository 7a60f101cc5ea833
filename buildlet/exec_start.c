/* exec_start.c - a new exec: its directory, its spec, a supervisor, the job. */
#include "buildlet/exec_int.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "io/procs.h"
#include "io/secret.h"

#define ID_LETTERS	10
#define TRIES		4		/* waiting supervisors may have been killed */
#define ROWS		24
#define COLS		80
/* Of a transient one: all of it was read before it goes. */
#define TRANSIENT_LOG	(64 * 1024 * 1024)
#define LOG_PART	2		/* of what the budget leaves, half for one */
#define LOG_LEAST	(64 * 1024)

/* ---- the job ---- */

static uint32_t
add_all(struct str *out, const struct strs *list)
{
	size_t	i;

	for (i = 0; i < list->n; i++)
		str_addn(out, list->v[i], strlen(list->v[i]) + 1);
	return (uint32_t)list->n;
}

/* The environment, with the mark by which processes are found again whose
 * supervisor was killed. */
static uint32_t
add_env(struct str *out, const struct strs *env, const struct exec *x)
{
	uint32_t	n = 1;
	size_t		i;

	for (i = 0; i < env->n; i++) {
		if (str_starts(env->v[i], PROCS_MARK "="))
			continue;
		str_addn(out, env->v[i], strlen(env->v[i]) + 1);
		n++;
	}
	str_addf(out, PROCS_MARK "=%s/%s", x->all->mark, x->id);
	str_addc(out, '\0');
	return n;
}

static uint32_t
job_flags(const struct exec_wish *w, bool debug)
{
	return (w->pty ? SUPER_PTY : 0) | (w->merge ? SUPER_MERGE : 0) |
	    (w->stdin_open ? SUPER_STDIN_OPEN : 0) |
	    (w->transient ? SUPER_TRANSIENT : 0) | (debug ? SUPER_SAYS : 0);
}

static void
job_text(const struct exec *x, const struct execspec *spec,
    const struct exec_wish *w, struct str *out)
{
	const struct settings	*set = x->all->b->set;
	struct super_job	 job = {
		.log_limit = x->plan.log_limit,
		.log_head = w->transient ? 0 : x->plan.log_limit / 2,
		.timeout_ms = w->timeout_ms,
		.grace_ms = set->term_ms,
		.drain_ms = set->grace_ms,
		.flags = job_flags(w, spec->debug),
		.rows = w->rows != 0 ? w->rows : ROWS,
		.cols = w->cols != 0 ? w->cols : COLS,
	};
	char			*text;

	str_addn(out, &job, sizeof job);
	str_addn(out, spec->cmd, strlen(spec->cmd) + 1);
	str_addn(out, spec->dir, strlen(spec->dir) + 1);
	job.argc = add_all(out, &spec->argv);
	job.envc = add_env(out, &spec->env, x);
	memcpy(out->s, &job, sizeof job);
	if (!spec->debug)
		return;
	text = execspec_debug(spec);
	str_addn(out, text, strlen(text) + 1);
	free(text);
}

/* One that waited may have ended meanwhile: then the next. */
static int
job_give(struct exec *x, const struct str *job, int input, struct err *e)
{
	const int	fds[2] = { x->dir, input };
	int		tries, line;
	pid_t		pid;

	for (tries = 0; tries < TRIES; tries++) {
		pid = superpool_take(x->all->pool, &line);
		if (pid == -1)
			break;
		exec_join(x, line, pid, true);
		if (superline_job(x->line, job->s, job->len, fds,
		    input == -1 ? 1 : 2, x->read_said == 0) == 0)
			return 0;
		exec_drop_line(x);
	}
	err_errno(e, "start %s", x->plan.cmd);
	e->code = 503;
	return -1;
}

/* ---- what it reads ---- */

static int
input_open(const struct execs *all, const char *name, struct err *e)
{
	int		fd = tree_open(workdir_fd(all->b->workdir), name, 0, e);
	struct stat	st;

	if (fd == -1) {
		err_wrap(e, "invalid 'stdinFile' parameter");
	} else if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		err_set(e, "invalid 'stdinFile' parameter: %s is no regular file", name);
		close(fd);
		fd = -1;
	}
	e->code = 422;
	return fd;
}

/* ---- the object ---- */

static void
id_make(char id[ID_LETTERS + 1])
{
	unsigned char	random[ID_LETTERS];
	size_t		i;

	secret_random(random, sizeof random);
	for (i = 0; i < ID_LETTERS; i++)
		id[i] = (char)('a' + random[i] % 26);
	id[ID_LETTERS] = '\0';
}

/* Bytes on disk. Where many run at once each gets a part of what the budget still
 * promises, so that all of them cannot pass it by far. */
static uint64_t
log_limit(const struct execs *all, uint64_t wish)
{
	const struct settings	*set = all->b->set;
	uint64_t		 budget = set->log_budget_bytes;
	uint64_t		 left = budget > all->promised ? budget - all->promised : 0;
	uint64_t		 least = budget / set->work_max, limit = left / LOG_PART;

	if (limit < least)
		limit = least;
	if (wish == 0)
		wish = set->log_limit_bytes;
	if (wish < limit)
		limit = wish;
	return limit < LOG_LEAST ? LOG_LEAST : limit;
}

static void
plan_make(struct exec *x, const struct execspec *spec, const struct exec_wish *w)
{
	struct exec_plan	*p = &x->plan;
	size_t			 i;

	p->cmd = xstrdup(spec->cmd);
	p->dir = xstrdup(spec->dir);
	for (i = 1; i < spec->argv.n; i++)
		strs_add(&p->args, spec->argv.v[i]);
	p->created = clock_wall(loop_clock(x->all->b->loop));
	p->order = x->all->seq;
	p->log_limit = w->transient ? TRANSIENT_LOG : log_limit(x->all, w->log_limit);
	p->pty = w->pty;
	p->merge = w->merge;
	p->stdin_open = w->stdin_open;
}

static int
place_make(struct exec *x, struct err *e)
{
	struct json	*spec;

	if (x->transient) {
		x->slot = execdisk_slot(x->all->disk, e);
		x->dir = x->slot != NULL ? execdisk_slot_dir(x->slot) : -1;
		return x->dir == -1 ? -1 : 0;
	}
	spec = exec_plan_json(x);
	x->dir = execdisk_make(x->all->disk, x->id, spec, e);
	json_free(spec);
	return x->dir == -1 ? -1 : 0;
}

static int
exec_begin(struct exec *x, const struct execspec *spec,
    const struct exec_wish *w, struct err *e)
{
	struct str	job = STR_INIT;
	struct err	why = ERR_INIT;
	int		input = -1, ret = -1;

	/* Users remove these, and commands need them. */
	if (workdir_furnish(workdir_fd(x->all->b->workdir), &why) == -1)
		log_warn("exec %s: %s", spec->cmd, why.msg);
	plan_make(x, spec, w);
	job_text(x, spec, w, &job);
	if (job.len > SUPERLINK_PAYLOAD_MAX) {
		err_code(e, 400, "the command, its arguments and environment are "
		    "too long: %zu bytes, at most %d", job.len, SUPERLINK_PAYLOAD_MAX);
	} else if (w->stdin_file == NULL ||
	    (input = input_open(x->all, w->stdin_file, e)) != -1) {
		execs_add(x->all, x);
		if (place_make(x, e) == 0)
			ret = job_give(x, &job, input, e);
	}
	if (input != -1)
		close(input);
	str_release(&job);
	return ret;
}

struct exec *
exec_start(struct execs *all, const struct execspec *spec,
    const struct exec_wish *w, struct err *e)
{
	char		 made[ID_LETTERS + 1];
	struct exec	*x;

	if (w->id == NULL)
		id_make(made);
	x = exec_new(all, w->id != NULL ? w->id : made, w->transient);
	if (w->followed)
		x->read_said = 0;
	if (exec_begin(x, spec, w, e) == -1) {
		exec_discard(x);
		return NULL;
	}
	return x;
}
