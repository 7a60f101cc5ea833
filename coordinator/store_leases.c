/* store_leases.c - leases, and that their names are never given twice. */
#include "coordinator/store.h"

#include <stdio.h>

#include "coordinator/store_int.h"

static bool
on_number(const struct db_row *row, void *arg)
{
	*(int64_t *)arg = db_int(row, 0);
	return false;
}

static int
next_number(struct store *s, const char *prefix, int64_t *out, struct err *e)
{
	if (db_exec(s->db, e, "INSERT INTO counters (prefix, next) VALUES (?, 1)"
	    " ON CONFLICT (prefix) DO UPDATE SET next = next + 1", "s", prefix) == -1)
		return -1;
	if (db_query(s->db, e, on_number, out,
	    "SELECT next - 1 FROM counters WHERE prefix = ?", "s", prefix) != 1)
		return err_set(e, "count %s: no number came", prefix);
	return 0;
}

static int
lease_insert(struct store *s, const struct store_lease *l, char name[STORE_LEASE_MAX],
    struct err *e)
{
	char	prefix[STORE_LEASE_MAX];
	int64_t	n;
	int	len;

	len = snprintf(prefix, sizeof prefix, "user-%s-%s", l->user, l->builder_type);
	if (len < 0 || (size_t)len >= sizeof prefix - 21)
		return err_set(e, "instance name %s: too long", prefix);
	if (next_number(s, prefix, &n, e) == -1)
		return -1;
	snprintf(name, STORE_LEASE_MAX, "%.*s-%lld", len, prefix, (long long)n);
	return db_exec(s->db, e,
	    "INSERT INTO leases (name, user, builder_type, host_type, machine, boot,"
	    " created, last_use, expires, idle_ms, limit_at, keep_until, request)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    "ssssssiiiiiis", name, l->user, l->builder_type, l->host_type, l->machine,
	    l->boot, l->created, l->last_use, l->expires, l->idle_ms, l->limit_at,
	    l->keep_until, l->request) == -1 ? -1 : 0;
}

int
store_lease_begin(struct store *s, const struct store_lease *l,
    char name[STORE_LEASE_MAX], struct err *e)
{
	if (db_begin(s->db, e) == -1)
		return store_failed(e, "begin a lease");
	if (lease_insert(s, l, name, e) == -1) {
		db_abort(s->db);
		return store_failed(e, "begin a lease");
	}
	if (db_commit(s->db, e) == -1)
		return store_failed(e, "begin a lease");
	return 0;
}

int
store_lease_grant(struct store *s, const char *name, const char *boot,
    int64_t last_use, int64_t expires, struct err *e)
{
	return store_must_change(db_exec(s->db, e,
	    "UPDATE leases SET granted = 1, boot = ?, last_use = ?, expires = ?"
	    " WHERE name = ? AND ended = 0", "siis", boot, last_use, expires, name),
	    "grant a lease", "live instance", name, e);
}

int
store_lease_touch(struct store *s, const char *name, int64_t last_use,
    int64_t expires, struct err *e)
{
	return store_must_change(db_exec(s->db, e,
	    "UPDATE leases SET last_use = ?, expires = ? WHERE name = ? AND ended = 0",
	    "iis", last_use, expires, name), "renew a lease", "live instance", name, e);
}

int
store_lease_keep(struct store *s, const char *name, int64_t keep_until, int64_t expires,
    struct err *e)
{
	return store_must_change(db_exec(s->db, e,
	    "UPDATE leases SET keep_until = ?, expires = ? WHERE name = ? AND ended = 0",
	    "iis", keep_until, expires, name), "extend a lease", "live instance", name, e);
}

static int
lease_end(struct store *s, const char *name, int64_t now, const char *reason,
    int64_t tails_until, struct err *e)
{
	if (store_must_change(db_exec(s->db, e,
	    "UPDATE leases SET ended = ?, reason = ? WHERE name = ? AND ended = 0",
	    "iss", now, reason, name), "end a lease", "live instance", name, e) == -1 ||
	    store_groups_end(s, name, e) == -1)
		return -1;
	return store_execs_end(s, name, now, reason, tails_until, e);
}

int
store_lease_end(struct store *s, const char *name, int64_t now, const char *reason,
    int64_t tails_until, struct err *e)
{
	if (store_batch_begin(s, e) == -1)
		return -1;
	if (lease_end(s, name, now, reason, tails_until, e) == -1) {
		store_batch_abort(s);
		return -1;
	}
	return store_batch_commit(s, e);
}

#define LEASE_COLUMNS "name, user, builder_type, host_type, machine, boot," \
	" created, last_use, expires, idle_ms, granted, ended, reason, limit_at," \
	" keep_until, request"

struct lease_walk {
	store_lease_fn	 fn;
	void		*arg;
};

static bool
on_lease(const struct db_row *row, void *arg)
{
	struct lease_walk	*w = arg;
	struct store_lease	 l = {
		.name = db_text(row, 0),
		.user = db_text(row, 1),
		.builder_type = db_text(row, 2),
		.host_type = db_text(row, 3),
		.machine = db_text(row, 4),
		.boot = db_text(row, 5),
		.created = db_int(row, 6),
		.last_use = db_int(row, 7),
		.expires = db_int(row, 8),
		.idle_ms = db_int(row, 9),
		.granted = db_int(row, 10) != 0,
		.ended = db_int(row, 11),
		.reason = db_text(row, 12),
		.limit_at = db_int(row, 13),
		.keep_until = db_int(row, 14),
		.request = db_text(row, 15),
	};

	return w->fn(&l, w->arg);
}

int
store_leases_live(struct store *s, store_lease_fn fn, void *arg, struct err *e)
{
	struct lease_walk	w = { fn, arg };

	if (db_query(s->db, e, on_lease, &w,
	    "SELECT " LEASE_COLUMNS " FROM leases WHERE ended = 0 ORDER BY name", "") == -1)
		return store_failed(e, "list live instances");
	return 0;
}

int
store_leases_ended(struct store *s, store_lease_fn fn, void *arg, int64_t limit,
    struct err *e)
{
	struct lease_walk	w = { fn, arg };

	if (db_query(s->db, e, on_lease, &w,
	    "SELECT " LEASE_COLUMNS " FROM leases WHERE ended > 0"
	    " ORDER BY ended DESC LIMIT ?", "i", limit) == -1)
		return store_failed(e, "list ended instances");
	return 0;
}

int
store_leases_ended_of(struct store *s, const char *user, store_lease_fn fn, void *arg,
    int64_t limit, struct err *e)
{
	struct lease_walk	w = { fn, arg };

	if (db_query(s->db, e, on_lease, &w,
	    "SELECT " LEASE_COLUMNS " FROM leases WHERE user = ? AND ended > 0"
	    " ORDER BY ended DESC LIMIT ?", "si", user, limit) == -1)
		return store_failed(e, "list ended instances of a user");
	return 0;
}

int
store_lease_find(struct store *s, const char *name, store_lease_fn fn, void *arg,
    struct err *e)
{
	struct lease_walk	w = { fn, arg };
	int64_t			n;

	n = db_query(s->db, e, on_lease, &w,
	    "SELECT " LEASE_COLUMNS " FROM leases WHERE name = ?", "s", name);
	return n == -1 ? store_failed(e, "find an instance") : n > 0;
}

