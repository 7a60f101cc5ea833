/* cmd_logs.c - gomote logs */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/cmd.h"
#include "client/execid.h"
#include "client/follow.h"
#include "client/kept.h"
#include "client/patience.h"
#include "client/target.h"
#include "http/url.h"
#include "io/loop.h"

struct logs {
	bool	 follow, out, err, times;
	char	*since, *tail;		/* as given; NULL: all */
	int64_t	 since_ms, lines;	/* wall; lines -1: all */
	int64_t	 give_up_ms;
};

/* "10m", or a time of day in full. */
static int
logs_since(struct logs *l)
{
	struct clock	clock = CLOCK_INIT;
	int64_t		ms;

	if (clock_parse_rfc3339(l->since, &l->since_ms) == 0)
		return 0;
	if (clock_parse_duration(l->since, &ms) == -1)
		return -1;
	l->since_ms = clock_wall(&clock) - ms;
	return 0;
}

static void
logs_how(const struct logs *l, struct show_how *how)
{
	memset(how, 0, sizeof *how);
	how->out = l->out || !l->err ? STDOUT_FILENO : -1;
	how->err = l->err || !l->out ? STDERR_FILENO : -1;
	how->times = l->times;
}

/* The instance has ended: what the coordinator has kept. For the last lines it
 * is read twice, the first time only to count. */
static int
logs_kept(const struct logs *l, struct gomote *g, const struct execid *x, struct err *e)
{
	struct show_how	 how;
	struct show	*s;
	uint64_t	 lines = 0;
	int		 ret = 0;

	logs_how(l, &how);
	how.since = l->since_ms;
	if (l->lines >= 0) {
		how.count = true;
		s = show_new(g->loop, &how);
		ret = kept_output(g, x->id, s, e);
		lines = show_lines(s);
		show_free(s);
		how.count = false;
	}
	if (ret == -1)
		return -1;
	if (l->lines >= 0 && lines > (uint64_t)l->lines)
		how.skip_lines = lines - (uint64_t)l->lines;
	s = show_new(g->loop, &how);
	ret = kept_output(g, x->id, s, e);
	show_free(s);
	return ret;
}

static int
logs_there(const struct logs *l, struct gomote *g, const struct execid *x,
    const struct form *query, struct err *e)
{
	struct show_how		 show;
	struct follow_how	 how = { .instance = x->instance, .id = x->id,
		.doing = "logs", .query = form_len(query) > 0 ? query : NULL,
		.once = !l->follow, .give_up_ms = l->give_up_ms };
	struct follow		*f;
	struct follow_end	 end;
	int			 ret = -1;

	logs_how(l, &show);
	how.show = show_new(g->loop, &show);
	if ((f = follow_new(g, &how, e)) != NULL &&
	    (ret = follow_run(f, &end, e)) == 0)
		follow_end_release(&end);
	follow_free(f);
	show_free(how.show);
	return ret;
}

static int
logs_show(const struct logs *l, struct gomote *g, const struct execid *x, struct err *e)
{
	struct form	*query = form_new();
	char		 when[CLOCK_TEXT_MAX];
	int		 ret;

	if (l->tail != NULL)
		form_add(query, "tail", l->tail);
	if (l->since != NULL)
		form_add(query, "since", clock_rfc3339(l->since_ms, true, when));
	if ((ret = cmd_prepare(g, e)) == 0)
		ret = logs_there(l, g, x, query, e);
	if (ret == -1 && e->code == FOLLOW_GONE && !target_is_direct(x->instance))
		ret = logs_kept(l, g, x, e);
	form_free(query);
	return ret;
}

static int
logs_check(struct logs *l)
{
	l->lines = -1;
	if (l->tail != NULL && str_int64(l->tail, 0, INT32_MAX, &l->lines) == -1)
		return cmd_usage(&cmd_logs, "-tail %s: not a number of lines", l->tail);
	if (l->since != NULL && logs_since(l) == -1)
		return cmd_usage(&cmd_logs, "-since %s: neither a duration such as "
		    "10m nor a time such as 2026-11-21T19:46:38Z", l->since);
	if (l->tail != NULL && l->since != NULL)
		return cmd_usage(&cmd_logs, "-tail: not together with -since");
	return EXIT_OK;
}

static int
logs_run(struct gomote *g, int argc, char **argv)
{
	struct logs		 l = { .give_up_ms = PATIENCE_MS };
	const struct opt	 opts[] = {
		{ "f", OPT_BOOL, &l.follow, NULL,
		    "go on with what comes, until the command has ended" },
		{ "since", OPT_STRING, &l.since, "WHEN",
		    "nothing older: a duration before now, or a time (RFC 3339)" },
		{ "tail", OPT_STRING, &l.tail, "N", "only the last N lines" },
		{ "stdout", OPT_BOOL, &l.out, NULL, "only what went to stdout" },
		{ "stderr", OPT_BOOL, &l.err, NULL, "only what went to stderr" },
		{ "timestamps", OPT_BOOL, &l.times, NULL,
		    "begin each line with the time at which it came" },
		{ "give-up", OPT_DURATION, &l.give_up_ms, "DURATION",
		    "when there was no connection for so long" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	struct execid		 x;
	int			 i, status;

	i = cmd_options_any(&cmd_logs, opts, argc, argv, 1, 1, &status);
	if (i == -1 || (status = logs_check(&l)) != EXIT_OK)
		return status;
	if (execid_find(&x, g, argv[i], &e) == -1)
		return cmd_fail(&e);
	status = logs_show(&l, g, &x, &e) == -1 ? cmd_fail(&e) : EXIT_OK;
	execid_release(&x);
	return status;
}

const struct cmd cmd_logs = { "logs",
	"[-f] [-since WHEN | -tail N] [-stdout] [-stderr]\n"
	"\t[-timestamps] [-give-up DURATION] [INSTANCE/]ID",
	"show the output of a command that runs there, or ran",
	"Shows what exec ID has said so far, its stdout on stdout and its stderr on\n"
	"stderr. Nothing is done to it. When its instance has ended, the last part\n"
	"of the output can be had for another day.\n\n"
	"  gomote logs 3k7q\n"
	"  gomote logs -f -tail 20 3k7q\n"
	"  gomote logs 3k7q -since 10m -timestamps",
	logs_run };
