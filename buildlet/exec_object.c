/*
 * exec_object.c - one exec: its state, and what its supervisor says of it.
 *
 *	STARTING -> RUNNING -> ENDED
 *	        \----------\-> LOST	its supervisor is gone and left no state
 *
 * The line to the supervisor outlives the end for as long as something of the
 * tree still runs.
 */
#include "buildlet/exec_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execlog.h"
#include "buildlet/execstate.h"

#define LOST_TEXT	"lost: its supervisor was killed"

static const char *const state_names[] = {
	[EXEC_STARTING] = "starting", [EXEC_RUNNING] = "running",
	[EXEC_ENDED] = "ended", [EXEC_LOST] = "lost",
};

/* ---- beginning and end of the object ---- */

struct exec *
exec_new(struct execs *all, const char *id, bool transient)
{
	struct exec	*x = xcalloc(1, sizeof *x);

	x->all = all;
	snprintf(x->id, sizeof x->id, "%s", id);
	x->transient = transient;
	x->forgotten = true;	/* until execs_add */
	x->dir = -1;
	x->read_said = UINT64_MAX;
	x->more_asked = true;	/* SUPER_MORE 0 is taken as said */
	TAILQ_INIT(&x->watches);
	return x;
}

void
exec_plan_release(struct exec_plan *p)
{
	free(p->cmd);
	free(p->dir);
	strs_release(&p->args);
	memset(p, 0, sizeof *p);
}

static void
exec_free(struct exec *x)
{
	superline_free(x->line);
	exec_close_dir(x);
	if (x->slot != NULL)
		execdisk_slot_back(x->all->disk, x->slot, x->log_end > 0);
	exec_plan_release(&x->plan);
	free(x->status);
	free(x->left_names);
	free(x);
}

void
exec_release(struct exec *x)
{
	execs_remove(x->all, x);
	exec_free(x);
}

void
exec_discard(struct exec *x)
{
	if (!x->forgotten) {
		execs_remove(x->all, x);
		if (!x->transient)
			execdisk_drop(x->all->disk, x->id);
	}
	if (TAILQ_EMPTY(&x->watches))
		exec_free(x);
	else
		exec_tell(x);
}

/* ---- state ---- */

static bool
state_may(enum exec_state from, enum exec_state to)
{
	switch (from) {
	case EXEC_STARTING:
		return true;
	case EXEC_RUNNING:
		return to == EXEC_ENDED || to == EXEC_LOST;
	default:
		return false;
	}
}

void
exec_set_state(struct exec *x, enum exec_state next)
{
	if (!state_may(x->state, next))
		fatalx("exec %s: %s -> %s", x->id, state_names[x->state],
		    state_names[next]);
	log_debug("exec %s: %s -> %s", x->id, state_names[x->state],
	    state_names[next]);
	if (!x->transient && next >= EXEC_ENDED)
		execs_ends(x->all, x);
	x->state = next;
	exec_touch(x);
}

/* A text from a file or a line that a command may have written to. */
static char *
text_clean(const char *s)
{
	char	*text = xstrdup(s), *p;

	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return text;
}

void
exec_ended(struct exec *x, const struct super_end *end, const char *status,
    const char *left_names)
{
	if (x->state >= EXEC_ENDED)
		return;
	x->end = *end;
	x->log_end = end->log_end;
	x->in_closed = true;
	x->status = text_clean(status);
	x->left_names = text_clean(left_names);
	exec_set_state(x, EXEC_ENDED);
	if (!x->transient)
		log_info("exec %s: %s: %s", x->id, x->plan.cmd, x->status);
}

void
exec_drop_line(struct exec *x)
{
	if (x->line == NULL)
		return;
	superline_free(x->line);
	x->line = NULL;
	if (x->super != 0)
		superpool_lost(x->all->pool, x->super);
	x->super = 0;
}

/* Its line is gone: what does its directory say? */
void
exec_lose(struct exec *x)
{
	struct super_end	 end;
	struct err		 e = ERR_INIT;
	char			*status, *names;

	exec_drop_line(x);
	if (x->state >= EXEC_ENDED) {
		x->end.left = 0;
		exec_touch(x);
		return;
	}
	if (!x->transient &&
	    execstate_read(exec_dir(x), &end, &status, &names, &e) == 0) {
		end.left = 0;
		exec_ended(x, &end, status, names);
		free(status);
		free(names);
		return;
	}
	log_warn("exec %s: %s: its supervisor is gone", x->id, x->plan.cmd);
	x->status = xstrdup(LOST_TEXT);
	x->log_end = execlog_end(exec_dir(x));
	x->in_closed = true;
	x->hunted = true;
	exec_set_state(x, EXEC_LOST);
}

/* ---- what the supervisor says ---- */

static void
on_said_ended(struct exec *x, const void *payload, size_t len)
{
	struct super_end	 end;
	char			*status, *names;

	if (len < sizeof end)
		return;
	memcpy(&end, payload, sizeof end);
	len -= sizeof end;
	if (end.state_len > len || end.left_len > len - end.state_len)
		return;
	status = xstrndup((const char *)payload + sizeof end, end.state_len);
	names = xstrndup((const char *)payload + sizeof end + end.state_len,
	    end.left_len);
	exec_ended(x, &end, status, names);
	free(status);
	free(names);
}

/* Nothing is left of its tree, or what is cannot be killed. */
static void
on_said_gone(struct exec *x, uint64_t left)
{
	struct superline	*line = x->line;
	pid_t			 pid = x->super;
	int			 fd;

	if (x->state < EXEC_ENDED) {	/* it said no end? */
		exec_lose(x);
		return;
	}
	if (left > 0) {
		log_warn("exec %s: %s: %llu processes could not be killed", x->id,
		    x->plan.cmd, (unsigned long long)left);
		x->all->left += left;
	}
	if (left == 0 && x->pooled && !x->killing) {
		x->line = NULL;
		fd = superline_take(line);
		if (fd != -1)
			superpool_back(x->all->pool, pid, fd);
		else
			superpool_lost(x->all->pool, pid);
	} else
		exec_drop_line(x);
	x->super = 0;
	if (x->end.left != left) {
		x->end.left = (uint32_t)left;
		exec_touch(x);
	}
}

/* Nobody speaks for it any more. */
static void
exec_line_gone(struct exec *x)
{
	struct execs	*all = x->all;

	if (x->transient && TAILQ_EMPTY(&x->watches))
		exec_discard(x);
	execs_wipe_look(all);
}

static void
on_word(const struct superlink_word *w, const void *payload, void *arg)
{
	struct exec	*x = arg;

	switch ((enum superlink_what)w->what) {
	case SUPER_STARTED:
		x->pid = (pid_t)w->value;
		if (x->state == EXEC_STARTING)
			exec_set_state(x, EXEC_RUNNING);
		break;
	case SUPER_LOG:
		x->more_asked = x->asking = false;
		if (w->value > x->log_end)
			x->log_end = w->value;
		exec_tell(x);
		break;
	case SUPER_STDIN_GOT:
		x->in_got = w->value;
		if (x->in_sent < x->in_got)	/* we were started again */
			x->in_sent = x->in_got;
		exec_tell(x);
		break;
	case SUPER_STDIN_CLOSED:
		x->in_closed = true;
		exec_tell(x);
		break;
	case SUPER_ENDED:
		on_said_ended(x, payload, w->len);
		break;
	case SUPER_GONE:
		on_said_gone(x, w->value);
		exec_line_gone(x);
		break;
	default:
		log_warn("exec %s: its supervisor said %u", x->id, (unsigned)w->what);
	}
}

static void
on_broken(void *arg)
{
	struct exec	*x = arg;

	exec_lose(x);
	if (x->hunted)
		exec_hunt(x);
	exec_line_gone(x);
}

static const struct superline_cb line_cb = { .word = on_word, .broken = on_broken };

void
exec_join(struct exec *x, int fd, pid_t pid, bool pooled)
{
	x->super = pid;
	x->pooled = pooled;
	x->line = superline_new(x->all->b->loop, fd, &line_cb, x);
}

/* ---- what others see ---- */

const char *
exec_id(const struct exec *x)
{
	return x->id;
}

enum exec_state
exec_state(const struct exec *x)
{
	return x->state;
}

const char *
exec_status(const struct exec *x)
{
	return x->status;
}

size_t
exec_left(const struct exec *x, const char **names)
{
	*names = x->left_names != NULL ? x->left_names : "";
	return x->end.left;
}

void
exec_close_dir(struct exec *x)
{
	if (x->slot != NULL || x->dir == -1)
		return;
	close(x->dir);
	x->dir = -1;
}

int
exec_dir(struct exec *x)
{
	if (x->dir == -1 && !x->forgotten)
		x->dir = execdisk_find(x->all->disk, x->id);
	return x->dir;
}

uint64_t
exec_log_end(const struct exec *x)
{
	return x->log_end;
}

uint64_t
exec_output(const struct exec *x)
{
	return x->end.output;
}

void
exec_ask(struct exec *x)
{
	if (x->state >= EXEC_ENDED || x->line == NULL)
		return;
	x->asking = true;
	superline_say(x->line, SUPER_HELLO, SUPERLINK_VERSION);
	/* For who comes anew, nobody reads yet. */
	if (x->read_said != UINT64_MAX)
		superline_say(x->line, SUPER_READ, x->read_said);
}

bool
exec_asking(const struct exec *x)
{
	return x->asking && x->state < EXEC_ENDED;
}

uint64_t
exec_log_bytes(const struct exec *x)
{
	return x->log_end < x->plan.log_limit ? x->log_end : x->plan.log_limit;
}
