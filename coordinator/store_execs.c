/* store_execs.c - execs and the ends of their output. */
#include "coordinator/store.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "coordinator/store_int.h"

#define FORGET_ROWS	1000	/* of execs, at once */
#define TAILS_AT_ONCE	100	/* so many are dropped to make room for one */

int
store_exec_put(struct store *s, const struct store_exec *x, struct err *e)
{
	if (db_exec(s->db, e,
	    "INSERT INTO execs (instance, id, user, who, cmd, args, created, ended, lost,"
	    " status, why, saved) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT (instance, id) DO UPDATE SET ended = excluded.ended,"
	    " lost = excluded.lost, status = excluded.status, why = excluded.why,"
	    " saved = max(saved, excluded.saved)",
	    "sssssbiiissi", x->instance, x->id, x->user, x->who, x->cmd, x->args, x->args_len,
	    x->created, x->ended, (int64_t)x->lost, x->status, x->why,
	    (int64_t)x->saved) == -1)
		return store_failed(e, "note an exec");
	return 0;
}

#define EXEC_COLUMNS "execs.instance, id, user, who, cmd, args, created, ended, lost," \
	" status, why, saved, coalesce(tails.len, 0)"
#define EXEC_FROM " FROM execs LEFT JOIN tails ON tails.exec = execs.seq "

struct exec_walk {
	store_exec_fn	 fn;
	void		*arg;
};

static bool
on_exec(const struct db_row *row, void *arg)
{
	struct exec_walk	*w = arg;
	struct store_exec	 x = {
		.instance = db_text(row, 0),
		.id = db_text(row, 1),
		.user = db_text(row, 2),
		.who = db_text(row, 3),
		.cmd = db_text(row, 4),
		.created = db_int(row, 6),
		.ended = db_int(row, 7),
		.lost = db_int(row, 8) != 0,
		.status = db_text(row, 9),
		.why = db_text(row, 10),
		.saved = db_int(row, 11) != 0,
		.kept = db_int(row, 12),
	};

	x.args = db_blob(row, 5, &x.args_len);
	return w->fn(&x, w->arg);
}

int
store_execs_running(struct store *s, store_exec_fn fn, void *arg, struct err *e)
{
	struct exec_walk	w = { fn, arg };

	if (db_query(s->db, e, on_exec, &w, "SELECT " EXEC_COLUMNS EXEC_FROM
	    "WHERE ended = 0 ORDER BY execs.instance", "") == -1)
		return store_failed(e, "list running execs");
	return 0;
}

int
store_exec_get(struct store *s, const char *instance, const char *id, store_exec_fn fn,
    void *arg, struct err *e)
{
	struct exec_walk	w = { fn, arg };
	int64_t			n;

	n = db_query(s->db, e, on_exec, &w, "SELECT " EXEC_COLUMNS EXEC_FROM
	    "WHERE execs.instance = ? AND id = ?", "ss", instance, id);
	return n == -1 ? store_failed(e, "find an exec") : n > 0;
}

/* What runs, and of the rest the newest. */
#define LIST_OF(where) \
	"SELECT * FROM (SELECT " EXEC_COLUMNS EXEC_FROM where " AND ended = 0" \
	" ORDER BY created DESC LIMIT ?2) UNION ALL " \
	"SELECT * FROM (SELECT " EXEC_COLUMNS EXEC_FROM where " AND ended > 0" \
	" ORDER BY created DESC LIMIT ?2) ORDER BY created DESC"

int
store_execs_of(struct store *s, const char *user, const char *instance, int64_t limit,
    store_exec_fn fn, void *arg, struct err *e)
{
	struct exec_walk	w = { fn, arg };
	int64_t			n;

	if (instance == NULL)
		n = db_query(s->db, e, on_exec, &w, LIST_OF("WHERE user = ?1"), "si", user,
		    limit);
	else
		n = db_query(s->db, e, on_exec, &w,
		    LIST_OF("WHERE user = ?1 AND execs.instance = ?3"), "sis", user, limit,
		    instance);
	return n == -1 ? store_failed(e, "list execs") : 0;
}

/* Ids are of [0-9a-z], so that none that begins so is behind prefix and '{'. */
int
store_execs_find(struct store *s, const char *user, const char *prefix, int64_t limit,
    store_exec_fn fn, void *arg, struct err *e)
{
	struct exec_walk	 w = { fn, arg };
	char			*end = xasprintf("%s{", prefix);
	int64_t			 n;

	n = db_query(s->db, e, on_exec, &w, "SELECT " EXEC_COLUMNS EXEC_FROM
	    "WHERE user = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?", "sssi", user, prefix,
	    end, limit);
	free(end);
	return n == -1 ? store_failed(e, "find an exec") : 0;
}

int
store_execs_end(struct store *s, const char *instance, int64_t now, const char *reason,
    int64_t until, struct err *e)
{
	char	*status = xasprintf("the instance ended: %s", reason);
	int	 ret = 0;

	if (db_exec(s->db, e, "UPDATE execs SET ended = ?, status = ?, why = ?"
	    " WHERE instance = ? AND ended = 0", "isss", now, status, STORE_WHY_INSTANCE,
	    instance) == -1 ||
	    db_exec(s->db, e, "UPDATE tails SET until = ? WHERE instance = ?", "is", until,
	    instance) == -1)
		ret = store_failed(e, "end execs");
	free(status);
	return ret;
}

/* --- tails --------------------------------------------------------------------- */

static bool
on_sum(const struct db_row *row, void *arg)
{
	int64_t	*n = arg;

	n[0] = db_int(row, 0);
	n[1] = db_int(row, 1);
	return false;
}

static int
tails_count(struct store *s, struct err *e)
{
	int64_t	n[2] = { 0, 0 };

	if (s->ntails != -1)
		return 0;
	if (db_query(s->db, e, on_sum, n,
	    "SELECT count(*), coalesce(sum(len), 0) FROM tails", "") == -1)
		return -1;
	s->ntails = n[0];
	s->tail_bytes = n[1];
	return 0;
}

/* Drops the first to go, of those that need not be kept beyond that time. */
static int
tails_drop(struct store *s, int64_t until, int64_t limit, struct err *e)
{
	int64_t	n[2] = { 0, 0 };

	if (db_query(s->db, e, on_sum, n, "SELECT count(*), coalesce(sum(len), 0) FROM"
	    " (SELECT len FROM tails WHERE until <= ? ORDER BY until, exec LIMIT ?)",
	    "ii", until, limit) == -1 ||
	    db_exec(s->db, e, "DELETE FROM tails WHERE exec IN"
	    " (SELECT exec FROM tails WHERE until <= ? ORDER BY until, exec LIMIT ?)",
	    "ii", until, limit) == -1)
		return -1;
	s->ntails -= n[0];
	s->tail_bytes -= n[1];
	return 0;
}

static int
tail_insert(struct store *s, const char *instance, const char *id, int64_t until,
    const void *data, size_t len, struct err *e)
{
	int64_t	n;

	if (db_exec(s->db, e, "UPDATE execs SET saved = 1 WHERE instance = ? AND id = ?",
	    "ss", instance, id) == -1)
		return -1;
	if (len == 0)
		return 0;
	n = db_exec(s->db, e, "INSERT INTO tails (exec, instance, until, len, data)"
	    " SELECT seq, instance, ?, ?, ? FROM execs WHERE instance = ? AND id = ?"
	    " ON CONFLICT (exec) DO NOTHING", "iibss", until, (int64_t)len, data, len,
	    instance, id);
	if (n == -1)
		return -1;
	s->ntails += n;
	s->tail_bytes += n > 0 ? (int64_t)len : 0;
	return 0;
}

int
store_tail_put(struct store *s, const char *instance, const char *id, int64_t until,
    const void *data, size_t len, const struct store_tail_max *max, struct err *e)
{
	int64_t	left = TAILS_AT_ONCE;

	if (tails_count(s, e) == -1 || db_begin(s->db, e) == -1)
		return store_failed(e, "keep output");
	if (tail_insert(s, instance, id, until, data, len, e) == -1)
		goto undo;
	while (left-- > 0 && (s->ntails > max->n || s->tail_bytes > max->bytes))
		if (tails_drop(s, INT64_MAX, 1, e) == -1)
			goto undo;
	return store_batch_commit(s, e);
undo:
	store_batch_abort(s);
	return store_failed(e, "keep output");
}

struct tail_walk {
	store_tail_fn	 fn;
	void		*arg;
};

static bool
on_tail(const struct db_row *row, void *arg)
{
	struct tail_walk	*w = arg;
	const void		*data;
	size_t			 len;

	data = db_blob(row, 0, &len);
	w->fn(data, len, w->arg);
	return false;
}

int
store_tail_get(struct store *s, const char *instance, const char *id, store_tail_fn fn,
    void *arg, struct err *e)
{
	struct tail_walk	w = { fn, arg };
	int64_t			n;

	n = db_query(s->db, e, on_tail, &w, "SELECT data FROM tails WHERE exec ="
	    " (SELECT seq FROM execs WHERE instance = ? AND id = ?)", "ss", instance, id);
	return n == -1 ? store_failed(e, "read output") : n > 0;
}

/* --- what is old ---------------------------------------------------------------- */

int
store_execs_prune(struct store *s, int64_t now, int64_t before, int64_t keep, struct err *e)
{
	if (tails_count(s, e) == -1 || tails_drop(s, now, FORGET_ROWS, e) == -1)
		goto bad;
	if (db_exec(s->db, e, "DELETE FROM execs WHERE seq IN"
	    " (SELECT seq FROM execs WHERE ended > 0 AND ended < ?"
	    " ORDER BY ended LIMIT ?)", "ii", before, (int64_t)FORGET_ROWS) == -1 ||
	    db_exec(s->db, e, "DELETE FROM execs WHERE seq IN"
	    " (SELECT seq FROM execs WHERE seq <= (SELECT max(seq) FROM execs) - ?"
	    " AND ended > 0 ORDER BY seq LIMIT ?)", "ii", keep,
	    (int64_t)FORGET_ROWS) == -1)
		goto bad;
	return 0;
bad:
	s->ntails = -1;
	return store_failed(e, "forget old execs");
}
