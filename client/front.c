/* front.c - an exec in the foreground (front.h). */
#include "client/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/input.h"
#include "client/kept.h"
#include "client/say.h"
#include "client/side.h"
#include "client/steer.h"
#include "client/target.h"
#include "client/tty.h"
#include "client/vigil.h"
#include "io/proc.h"

struct front {
	struct gomote		*g;
	const struct front_how	*how;
	struct follow_how	 follow_how;
	struct follow		*follow;
	struct side		*side;
	struct steer		*steer;
	struct input		*input;		/* NULL: none is passed on */
	struct vigil		*vigil;		/* NULL: no coordinator */
	struct tty		*tty;		/* NULL: not raw */
	bool			 begun;
};

/* --- while it runs ------------------------------------------------------------ */

static void
front_raw(struct front *f)
{
	struct err	e = ERR_INIT;

	if (!f->how->raw || !isatty(STDIN_FILENO))
		return;
	if ((f->tty = tty_raw(STDIN_FILENO, &e)) == NULL)
		say_note("%s", e.msg);
	steer_tty(f->steer, f->tty);
}

static void
front_cooked(struct front *f)
{
	steer_tty(f->steer, NULL);
	tty_free(f->tty);
	f->tty = NULL;
}

static void
on_attached(void *arg)
{
	struct front	*f = arg;

	if (f->begun)	/* what was under way beside it broke, too */
		side_reset(f->side);
	else {
		if (f->how->begun != NULL)
			f->how->begun(f->how->arg);
		front_raw(f);
	}
	f->begun = true;
	steer_go(f->steer);
	if (f->input != NULL)
		input_go(f->input);
	if (f->vigil != NULL)
		vigil_go(f->vigil);
}

static void
on_leave(void *arg)
{
	struct front	*f = arg;

	follow_stop(f->follow);
}

/* --- how it ended ------------------------------------------------------------- */

char *
front_name(const char *instance, const char *id)
{
	return target_is_direct(instance) ? xasprintf("%s/%s", instance, id) :
	    xstrdup(id);
}

/* "2 sleep, server" */
static void
tell_left(const char *left)
{
	int		 digits = (int)strspn(left, "0123456789");
	const char	*names = left + digits + strspn(left + digits, " ");

	if (digits > 0)
		say_note("still running on the instance: %.*s process%s%s%s%s",
		    digits, left, digits == 1 && *left == '1' ? "" : "es",
		    *names == '\0' ? "" : " (", names, *names == '\0' ? "" : ")");
}

static const char *
why_text(const char *why)
{
	if (str_eq(why, "timeout"))
		return "its time was over";
	if (str_eq(why, "killed"))
		return "it was killed";
	return why;
}

int
front_told(const struct follow_end *end, const char *cmd, const char *doing,
    struct err *e)
{
	int	status = proc_text_status(end->state);

	tell_left(end->left);
	if (status == -1 && str_starts(end->state, "lost"))
		return err_code(e, CALL_LOST, "buildlet: %s: %s", doing, end->state);
	if (status == -1)
		return err_set(e, "buildlet: %s: %s", doing, end->state);
	if (*end->why != '\0')
		say_error("command: %s: %s: %s", cmd, why_text(end->why), end->state);
	else if (str_starts(end->state, "signal: "))
		say_error("command: %s: %s", cmd, end->state);
	return status;
}

static void
tell_left_behind(const struct front *f)
{
	char	*name;

	if (!follow_sent(f->follow))
		return;
	name = front_name(f->how->instance, f->how->id);
	say_note("%s %s on as exec %s; gomote attach %s", f->how->cmd,
	    f->begun || f->how->start == NULL ? "goes" : "may go", f->how->id, name);
	free(name);
}

/* The instance has ended. Perhaps the command had before it did, and the
 * coordinator knows how, and what it had said. */
static int
front_gone(struct front *f, struct err *e)
{
	struct follow_end	end;
	struct err		ignored = ERR_INIT;
	int			status = -1;

	if (!f->begun && f->how->start != NULL)
		return -1;
	/* What the coordinator says may take long, and there is nothing to steer. */
	(void)steer_end(f->steer);
	if (kept_end(f->g, f->how->id, &end, &ignored) == 0) {
		show_again(f->how->show);
		if (kept_output(f->g, f->how->id, f->how->show, &ignored) == -1)
			say_note("%s", ignored.msg);
		if (end.state != NULL)
			status = front_told(&end, f->how->cmd, f->how->doing, e);
		follow_end_release(&end);
		if (status != -1)
			return status;
	}
	e->code = f->begun ? CALL_LOST : 0;
	return err_wrap(e, "coordinator: %s", f->how->doing);
}

/* We were asked to end. */
static int
front_left(const struct front *f)
{
	if (!steer_killed(f->steer))
		tell_left_behind(f);
	return steer_status(f->steer);
}

static int
front_failed(struct front *f, struct err *e)
{
	switch (e->code) {
	case FOLLOW_NO_EXECS:
		steer_off(f->steer);
		break;
	case FOLLOW_GONE:
		return front_gone(f, e);
	case EPIPE:		/* nobody hears it any more: as in a pipeline */
		if (f->how->start != NULL)
			steer_kill(f->steer);
		break;
	case 0:
		if (f->begun)	/* it is not there any more, so how it ended is lost */
			e->code = CALL_LOST;
		break;
	default:
		tell_left_behind(f);
		break;
	}
	return -1;
}

static int
front_follow(struct front *f, struct err *e)
{
	struct follow_end	end;
	int			ret = follow_run(f->follow, &end, e);

	front_cooked(f);
	if (ret == 0)
		ret = front_told(&end, f->how->cmd, f->how->doing, e);
	else if (e->code == CALL_CUT)
		return front_left(f);
	else
		return front_failed(f, e);
	if (f->how->end != NULL)
		f->how->end->ended = ret != -1;
	follow_end_release(&end);
	return ret;
}

/* --- life --------------------------------------------------------------------- */

static int
front_open(struct front *f, struct err *e)
{
	const struct front_how	*how = f->how;
	struct steer_how	 steer = { .id = how->id, .pty = how->pty,
		.leave = on_leave, .arg = f };

	f->follow_how = (struct follow_how){ .instance = how->instance, .id = how->id,
		.doing = how->doing, .start = how->start, .query = how->query,
		.give_up_ms = how->give_up_ms, .show = how->show,
		.builder_env = how->builder_env,
		.attached = on_attached, .arg = f };
	if ((f->follow = follow_new(f->g, &f->follow_how, e)) == NULL ||
	    (f->side = side_new(f->g->loop, &f->g->cred, how->instance, e)) == NULL)
		return -1;
	if (how->input && (f->input = input_new(f->g->loop, &f->g->cred,
	    how->instance, how->id, STDIN_FILENO, how->input_at, e)) == NULL)
		return -1;
	if (!target_is_direct(how->instance))
		f->vigil = vigil_new(f->g->loop, f->side, how->instance);
	steer.loop = f->g->loop;
	steer.side = f->side;
	f->steer = steer_new(&steer);
	return 0;
}

int
front_run(struct gomote *g, const struct front_how *how, struct err *e)
{
	struct front	*f = xcalloc(1, sizeof *f);
	int		 ret;

	f->g = g;
	f->how = how;
	if (how->end != NULL)
		*how->end = (struct front_end){ false, 0 };
	if ((ret = front_open(f, e)) == 0)
		ret = front_follow(f, e);
	if (how->end != NULL && f->steer != NULL &&
	    (ret != -1 || e->code != FOLLOW_NO_EXECS))
		how->end->asked = steer_end(f->steer);
	input_free(f->input);
	vigil_free(f->vigil);
	side_free(f->side);
	follow_free(f->follow);
	steer_free(f->steer);
	free(f);
	return ret;
}
