/* exec_json.c - an exec as JSON: for clients, and its spec on disk. */
#include "buildlet/exec_int.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"

#define BRIEF	1024	/* of a text in a list: a thousand of them are one answer */

static const char *const state_names[] = {
	[EXEC_STARTING] = "running", [EXEC_RUNNING] = "running",
	[EXEC_ENDED] = "ended", [EXEC_LOST] = "lost",
};

static void
set_time(struct json *j, const char *key, int64_t wall_ms)
{
	char	buf[CLOCK_TEXT_MAX];

	json_set_str(j, key, clock_rfc3339(wall_ms, true, buf));
}

static struct json *
args_json(const struct strs *args)
{
	struct json	*list = json_array();
	size_t		 i;

	for (i = 0; i < args->n; i++)
		json_push_str(list, args->v[i]);
	return list;
}

/* At most so many bytes of it, and "..." where that is not all; malloc'ed. */
static char *
cut(const char *s, size_t max)
{
	size_t	len = strlen(s);

	if (len <= max)
		return xstrdup(s);
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;			/* not within a character */
	return xasprintf("%.*s...", (int)max, s);
}

static void
set_cut(struct json *j, const char *key, const char *s, size_t max)
{
	char	*text = cut(s, max);

	json_set_str(j, key, text);
	free(text);
}

static struct json *
args_cut(const struct strs *args, size_t max)
{
	struct json	*list = json_array();
	size_t		 i, len;
	char		*text;

	for (i = 0; i < args->n && max > 0; i++) {
		text = cut(args->v[i], max);
		json_push_str(list, text);
		free(text);
		len = strlen(args->v[i]) + 1;
		max -= len < max ? len : max;
	}
	if (i < args->n)
		json_push_str(list, "...");
	return list;
}

const char *
exec_why(const struct exec *x)
{
	switch ((enum super_why)x->end.why) {
	case SUPER_WHY_KILLED:
	case SUPER_WHY_LINE:
		return "killed";
	case SUPER_WHY_TIMEOUT:
		return "timeout";
	case SUPER_WHY_DISK:
		return "disk";
	case SUPER_WHY_NONE:
		break;
	}
	return "";
}

static const char *
stdin_text(const struct exec *x)
{
	if (!x->plan.stdin_open)
		return "none";
	return exec_stdin_open(x) ? "open" : "closed";
}

static void
end_json(const struct exec *x, struct json *j)
{
	json_set_str(j, "Status", x->status);
	if (x->state == EXEC_ENDED)
		set_time(j, "Ended", x->end.ended);
	json_set_int(j, "Output", (int64_t)x->end.output);
	json_set_int(j, "Dropped", (int64_t)x->end.dropped);
}

struct json *
exec_json(const struct exec *x, bool brief)
{
	struct json	*j = json_object();

	json_set_str(j, "ID", x->id);
	json_set_int(j, "Seq", (int64_t)x->seq);
	set_cut(j, "Cmd", x->plan.cmd, brief ? BRIEF : SIZE_MAX);
	json_set(j, "Args", brief ? args_cut(&x->plan.args, BRIEF) :
	    args_json(&x->plan.args));
	set_cut(j, "Dir", x->plan.dir, brief ? BRIEF : SIZE_MAX);
	json_set_str(j, "State", state_names[x->state]);
	set_time(j, "Created", x->plan.created);
	if (x->status != NULL)
		end_json(x, j);
	json_set_str(j, "Why", exec_why(x));
	json_set_bool(j, "Pty", x->plan.pty);
	json_set_bool(j, "Merge", x->plan.merge);
	json_set_str(j, "Stdin", stdin_text(x));
	json_set_int(j, "StdinBytes", (int64_t)x->in_got);
	json_set_int(j, "LogEnd", (int64_t)x->log_end);
	json_set_int(j, "Left", x->end.left);
	json_set_str(j, "LeftNames", x->left_names != NULL ? x->left_names : "");
	json_set_int(j, "Pid", x->pid);
	return j;
}

/* ---- the spec ---- */

struct json *
exec_plan_json(const struct exec *x)
{
	const struct exec_plan	*p = &x->plan;
	struct json		*j = json_object();

	json_set_str(j, "Cmd", p->cmd);
	json_set(j, "Args", args_json(&p->args));
	json_set_str(j, "Dir", p->dir);
	json_set_int(j, "Created", p->created);
	json_set_int(j, "Order", (int64_t)p->order);
	json_set_int(j, "LogLimit", (int64_t)p->log_limit);
	json_set_bool(j, "Pty", p->pty);
	json_set_bool(j, "Merge", p->merge);
	json_set_bool(j, "Stdin", p->stdin_open);
	return j;
}

static uint64_t
take_size(const struct json *j, const char *key)
{
	int64_t	n = json_int(j, key, 0);

	return n > 0 ? (uint64_t)n : 0;
}

int
exec_plan_read(struct exec *x, const struct json *j, struct err *e)
{
	struct exec_plan	*p = &x->plan;
	struct json		*args = json_get(j, "Args");
	const char		*arg;
	size_t			 i;

	if (json_is(j) != JSON_OBJECT || json_str(j, "Cmd", NULL) == NULL)
		return err_set(e, "spec: no Cmd");
	p->cmd = xstrdup(json_str(j, "Cmd", ""));
	p->dir = xstrdup(json_str(j, "Dir", ""));
	for (i = 0; i < json_len(args); i++)
		if ((arg = json_value_str(json_at(args, i))) != NULL)
			strs_add(&p->args, arg);
	p->created = json_int(j, "Created", 0);
	p->order = take_size(j, "Order");
	p->log_limit = take_size(j, "LogLimit");
	p->pty = json_bool(j, "Pty", false);
	p->merge = json_bool(j, "Merge", false);
	p->stdin_open = json_bool(j, "Stdin", false);
	return 0;
}
