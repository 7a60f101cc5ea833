/* execs_list.c - asking a machine for its execs (GET /execs), and what its answer means. */
#include "coordinator/execs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/execs_int.h"

#define LIST_MAX	(8 * 1024 * 1024)	/* bytes of an answer */
#define LIST_MS		10000
#define ASKING_MAX	64		/* machines asked at the same time */
#define SOON_MS		100		/* several requests that end together cost one question */
#define QUIET_MS	60000		/* a machine where nothing runs is asked so often */
#define ARGS_MAX	4096		/* of a command that are kept */
#define CMD_MAX		1024
#define STATUS_MAX	512

/* An answer that is awaited; it may come when nobody wants it any more. */
struct asking {
	struct exec_index	*x;		/* NULL: so it is */
	bool			 full;
};

/* --- what a machine says of an exec --------------------------------------------- */

static void
set_cut(char **at, const char *text, size_t max)
{
	free(*at);
	*at = xasprintf("%.*s%s", (int)max, text, strlen(text) > max ? "..." : "");
}

static void
take_args(struct exec_rec *r, const struct strs *args)
{
	size_t	i, len;

	for (i = 0; i < args->n; i++) {
		len = strlen(args->v[i]);
		if (r->args.len + len + 1 > ARGS_MAX) {
			str_addn(&r->args, args->v[i], ARGS_MAX - r->args.len - 1);
			str_addn(&r->args, "...", sizeof "...");
			return;
		}
		str_addn(&r->args, args->v[i], len + 1);
	}
}

static struct exec_rec *
take_new(struct exec_index *x, const struct api_exec *e)
{
	struct exec_rec	*r = rec_new(x, e->id, "");

	set_cut(&r->cmd, e->cmd, CMD_MAX);
	take_args(r, &e->args);
	r->created = e->created;
	return r;
}

static void
take_end(struct exec_rec *r, const struct api_exec *e)
{
	char	*status = NULL, *why = NULL;
	bool	 lost = e->state == API_EXEC_LOST;

	set_cut(&status, e->status, STATUS_MAX);
	set_cut(&why, e->why, STATUS_MAX);
	rec_set_end(r, e->ended != 0 ? e->ended : execs_wall(r->index->all), lost,
	    status[0] == '\0' && lost ? "lost" : status, why);
	free(status);
	free(why);
	r->output = e->output;
	if (e->log_end == 0) {
		r->saved = true;
		rec_unwait(r);
	}
	rec_dirty(r);
	rec_want_tail(r);
}

struct stored {
	bool	ended, saved;
};

static bool
on_stored(const struct store_exec *s, void *arg)
{
	struct stored	*out = arg;

	out->ended = s->ended != 0 && !str_eq(s->why, STORE_WHY_INSTANCE);
	out->saved = s->saved;
	return false;
}

/* An end that we do not follow: has it been written down already? */
static void
apply_end(struct exec_index *x, const struct api_exec *e)
{
	struct stored	 st = { false, false };
	struct exec_rec	*r;
	struct err	 err = ERR_INIT;

	if (store_exec_get(x->all->core->store, x->instance, e->id, on_stored, &st, &err) == -1)
		log_error("exec %s of %s: %s", e->id, x->instance, err.msg);
	if (st.ended && (st.saved || e->log_end == 0))
		return;
	r = take_new(x, e);
	r->saved = st.saved;
	take_end(r, e);
}

static void
apply(struct exec_index *x, const struct api_exec *e)
{
	struct exec_rec	*r = map_find(x->recs, e->id);

	if (e->state != API_EXEC_RUNNING) {
		if (r == NULL)
			apply_end(x, e);
		else if (r->ended == 0 || str_eq(r->why, STORE_WHY_INSTANCE))
			take_end(r, e);
		return;
	}
	if (r == NULL) {
		r = take_new(x, e);
		rec_dirty(r);
	} else if (r->ended != 0 && !x->closing) {	/* it had only seemed so */
		rec_set_end(r, 0, false, "", "");
		rec_dirty(r);
	}
	r->output = e->output;
	if (x->closing && r->ended == 0) {
		rec_set_end(r, execs_wall(x->all), false, x->status, STORE_WHY_INSTANCE);
		rec_want_tail(r);
	}
}

/* All were told: what ran and is not among them is lost. */
static void
find_lost(struct exec_index *x, const struct api_execs *list)
{
	struct map	*there = map_new();
	struct exec_rec	*r;
	void		*v;
	size_t		 i, it = 0;

	for (i = 0; i < list->n; i++)
		map_set(there, list->v[i].id, x);
	while (map_next(x->recs, &it, NULL, &v)) {
		r = v;
		if (r->ended != 0 || map_find(there, r->id) != NULL)
			continue;
		log_warn("exec %s of %s: lost: its machine does not know it", r->id,
		    x->instance);
		rec_set_end(r, execs_wall(x->all), true,
		    "lost: its machine does not know it any more", "");
		r->saved = true;
		rec_dirty(r);
	}
	map_free(there);
}

static void
apply_all(struct exec_index *x, const struct api_execs *list, bool full)
{
	size_t	i;

	for (i = 0; i < list->n; i++)
		apply(x, &list->v[i]);
	if (full)
		find_lost(x, list);
	x->good_at = execs_now(x->all);
	x->seq = list->seq;
	/* One that we follow went without a word. */
	x->full = !full && !x->closing && list->running < (int64_t)x->running;
	x->again |= x->full;
}

/* --- asking ------------------------------------------------------------------------ */

static void
on_list(const struct bclient_answer *a, void *arg)
{
	struct asking		*asking = arg;
	struct exec_index	*x = asking->x;
	struct api_execs	 list;
	bool			 full = asking->full;
	struct err		 e = ERR_INIT;

	free(asking);
	if (x == NULL)
		return;
	x->asking = NULL;
	x->all->nasking--;
	if (a->why != NULL) {
		log_debug("instance %s: %s", x->instance, a->why->msg);
	} else if (api_execs_parse(&list, a->text, a->len, &e) == -1) {
		log_warn("instance %s: GET /execs on machine %s: %s", x->instance, x->machine,
		    e.msg);
	} else {
		apply_all(x, &list, full);
		api_execs_release(&list);
		(void)execs_room(x->all);
	}
	tails_go(x);
	if (x->again)
		index_ask_soon(x);
	x->again = false;
	if (x->closing)
		closing_look(x);	/* perhaps the last use of x */
}

bool
index_ask(struct exec_index *x)
{
	struct machine			*m = index_machine(x);
	char				*target;
	struct asking			*asking;
	struct bclient_query		 q = { .method = "GET", .ms = LIST_MS, .max = LIST_MAX };

	if (m == NULL || x->asking != NULL)
		x->soon_at = 0;
	if (x->asking != NULL) {
		x->again = true;
		return true;
	}
	if (m == NULL || x->all->nasking >= ASKING_MAX || !execs_room(x->all))
		return false;
	x->soon_at = 0;
	asking = xcalloc(1, sizeof *asking);
	asking->x = x;
	asking->full = x->full;
	x->asking = asking;
	x->all->nasking++;
	x->asked_at = execs_now(x->all);
	target = x->full ? xstrdup("/execs") : xasprintf("/execs?after=%" PRId64, x->seq);
	q.target = target;
	bclient_query(machine_client(m), &q, on_list, asking);
	free(target);
	return true;
}

void
asking_drop(struct exec_index *x)
{
	if (x->asking == NULL)
		return;
	x->asking->x = NULL;
	x->asking = NULL;
	x->all->nasking--;
}

void
index_ask_soon(struct exec_index *x)
{
	struct execs	*all = x->all;

	if (x->soon_at != 0)
		return;
	x->soon_at = execs_now(all) + SOON_MS;
	if (!timer_armed(all->soon))
		timer_set(all->soon, SOON_MS);
}

static bool
is_due(const struct exec_index *x, int64_t now)
{
	const struct core_config	*cfg = &x->all->core->cfg;

	if (x->soon_at != 0)
		return x->soon_at <= now;
	/* What could not be asked for at once, or was not answered, comes soon again. */
	return now - x->asked_at >= (x->running > 0 || x->full ? cfg->exec_poll_ms : QUIET_MS);
}

void
lists_sweep(struct execs *all, int64_t now)
{
	struct exec_index	*x;

	TAILQ_FOREACH(x, &all->live, entry)
		if (x->asking == NULL && is_due(x, now) && !index_ask(x))
			x->asked_at = now - all->core->cfg.exec_poll_ms / 2;
}

/* The timer: only those that are to be asked soon. */
void
on_soon(void *arg)
{
	struct execs		*all = arg;
	struct exec_index	*x;
	int64_t			 now = execs_now(all);
	bool			 more = false;

	TAILQ_FOREACH(x, &all->live, entry) {
		if (x->soon_at == 0)
			continue;
		if (x->soon_at <= now)
			(void)index_ask(x);
		else
			more = true;
	}
	if (more)
		timer_set(all->soon, SOON_MS);
}
