/*
 * store.c - the operations of store.h over one SQLite file.
 */
#include "coordinator/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/store_int.h"

/* Only ever add steps: a file knows how many of them it has seen. */
static const char *const schema[] = {
	"CREATE TABLE users ("
	" name TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE,"
	" disabled INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL,"
	" instances_max INTEGER NOT NULL DEFAULT -1) WITHOUT ROWID;"

	"CREATE TABLE keys ("
	" name TEXT PRIMARY KEY, host_type TEXT NOT NULL, kind INTEGER NOT NULL,"
	" hash TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,"
	" revoked INTEGER NOT NULL DEFAULT 0,"
	" last_used INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"

	/* The next N of every "user-USER-BUILDER", for ever. */
	"CREATE TABLE counters (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL)"
	" WITHOUT ROWID;"

	"CREATE TABLE leases ("
	" name TEXT PRIMARY KEY, user TEXT NOT NULL, builder_type TEXT NOT NULL,"
	" host_type TEXT NOT NULL, machine TEXT NOT NULL, boot TEXT,"
	" created INTEGER NOT NULL, last_use INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, idle_ms INTEGER NOT NULL,"
	" granted INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,"
	" reason TEXT) WITHOUT ROWID;"
	"CREATE INDEX leases_live ON leases (name) WHERE ended = 0;"
	"CREATE INDEX leases_ended ON leases (ended) WHERE ended > 0;"

	"CREATE TABLE events ("
	" id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL,"
	" what TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL,"
	" peer TEXT NOT NULL);"
	"CREATE INDEX events_at ON events (at);",

	"ALTER TABLE leases ADD COLUMN limit_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN keep_until INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE leases ADD COLUMN request TEXT;"
	"CREATE INDEX leases_of_user ON leases (user, ended) WHERE ended > 0;"
	"CREATE UNIQUE INDEX leases_request ON leases (user, request)"
	" WHERE request IS NOT NULL AND ended = 0;"

	/* args: each with a NUL behind it. ended 0: it runs. saved: its tail has
	 * been fetched, perhaps to be dropped since. */
	"CREATE TABLE execs ("
	" seq INTEGER PRIMARY KEY, instance TEXT NOT NULL, id TEXT NOT NULL,"
	" user TEXT NOT NULL, who TEXT NOT NULL, cmd TEXT NOT NULL,"
	" args BLOB NOT NULL, created INTEGER NOT NULL, ended INTEGER NOT NULL,"
	" lost INTEGER NOT NULL, status TEXT NOT NULL, why TEXT NOT NULL,"
	" saved INTEGER NOT NULL DEFAULT 0, UNIQUE (instance, id));"
	"CREATE INDEX execs_of_user ON execs (user, id);"
	"CREATE INDEX execs_running ON execs (instance) WHERE ended = 0;"
	"CREATE INDEX execs_running_of ON execs (user, created) WHERE ended = 0;"
	"CREATE INDEX execs_ended_of ON execs (user, created) WHERE ended > 0;"
	"CREATE INDEX execs_ended ON execs (ended) WHERE ended > 0;"

	"CREATE TABLE tails ("
	" exec INTEGER PRIMARY KEY, instance TEXT NOT NULL, until INTEGER NOT NULL,"
	" len INTEGER NOT NULL, data BLOB NOT NULL);"
	"CREATE INDEX tails_until ON tails (until, exec, len);"
	"CREATE INDEX tails_of ON tails (instance);"

	"CREATE TABLE drains ("
	" machine TEXT PRIMARY KEY, host_type TEXT NOT NULL, at INTEGER NOT NULL)"
	" WITHOUT ROWID;",

	"ALTER TABLE users ADD COLUMN operator INTEGER NOT NULL DEFAULT 0;"

	/* ("groups" is a word of SQL.) */
	"CREATE TABLE user_groups ("
	" user TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,"
	" PRIMARY KEY (user, name)) WITHOUT ROWID;"
	"CREATE TABLE group_members ("
	" user TEXT NOT NULL, name TEXT NOT NULL, instance TEXT NOT NULL,"
	" PRIMARY KEY (user, name, instance)) WITHOUT ROWID;"
	"CREATE INDEX groups_of_instance ON group_members (instance, name);",
};

struct store *
store_open(const char *path, struct err *e)
{
	struct store	*s;
	struct db	*db = db_open(path, schema, nitems(schema), e);

	if (db == NULL) {
		if (e != NULL)
			e->code = STORE_FAILED;
		return NULL;
	}
	s = xcalloc(1, sizeof *s);
	s->db = db;
	s->ntails = -1;
	s->known = map_new();
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_known_forget(s);
	map_free(s->known);
	db_close(s->db);
	free(s);
}

int
store_failed(struct err *e, const char *doing)
{
	if (e != NULL)
		e->code = STORE_FAILED;
	return err_wrap(e, "%s", doing);
}

int
store_must_change(int64_t changed, const char *doing, const char *what, const char *name,
    struct err *e)
{
	if (changed == -1)
		return store_failed(e, doing);
	if (changed == 0)
		return err_code(e, STORE_MISSING, "there is no %s \"%s\"", what, name);
	return 0;
}

static void
copy_name(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from == NULL ? "" : from);
}

int
store_batch_begin(struct store *s, struct err *e)
{
	return db_begin(s->db, e) == -1 ? store_failed(e, "begin") : 0;
}

int
store_batch_begin_lazy(struct store *s, struct err *e)
{
	return db_begin_lazy(s->db, e) == -1 ? store_failed(e, "begin") : 0;
}

int
store_batch_commit(struct store *s, struct err *e)
{
	if (db_commit(s->db, e) == 0)
		return 0;
	s->ntails = -1;
	store_known_forget(s);
	return store_failed(e, "commit");
}

void
store_batch_abort(struct store *s)
{
	db_abort(s->db);
	s->ntails = -1;
	store_known_forget(s);
}

/* --- users ------------------------------------------------------------------ */

static int
user_name_check(const char *name, struct err *e)
{
	if (!str_name_ok(name, STORE_NAME_MAX))
		return err_code(e, STORE_BAD_NAME, "user name \"%s\": a name has 1 to %d "
		    "of A-Z a-z 0-9 . _ -", name, STORE_NAME_MAX);
	if (str_starts(name, "user-"))
		return err_code(e, STORE_BAD_NAME, "user name \"%s\": names are given "
		    "without \"user-\"", name);
	return 0;
}

int
store_user_add(struct store *s, const char *name, const char *token_hash,
    int64_t now, struct err *e)
{
	int64_t	n;

	if (user_name_check(name, e) == -1)
		return -1;
	n = db_exec(s->db, e,
	    "INSERT INTO users (name, token_hash, created) VALUES (?, ?, ?)"
	    " ON CONFLICT (name) DO NOTHING", "ssi", name, token_hash, now);
	if (n == -1)
		return store_failed(e, "add user");
	if (n == 0)
		return err_code(e, STORE_EXISTS, "user \"%s\" is there already", name);
	return 0;
}

static int
user_changed(struct store *s, int64_t changed, const char *doing, const char *name,
    struct err *e)
{
	store_known_forget(s);
	return store_must_change(changed, doing, "user", name, e);
}

int
store_user_set_token(struct store *s, const char *name, const char *token_hash,
    struct err *e)
{
	return user_changed(s, db_exec(s->db, e,
	    "UPDATE users SET token_hash = ? WHERE name = ?", "ss", token_hash, name),
	    "set a user's token", name, e);
}

int
store_user_set_disabled(struct store *s, const char *name, bool disabled,
    struct err *e)
{
	return user_changed(s, db_exec(s->db, e,
	    "UPDATE users SET disabled = ? WHERE name = ?", "is", (int64_t)disabled, name),
	    "disable a user", name, e);
}

int
store_user_set_limit(struct store *s, const char *name, int64_t instances_max,
    struct err *e)
{
	return user_changed(s, db_exec(s->db, e,
	    "UPDATE users SET instances_max = ? WHERE name = ?", "is",
	    instances_max < 0 ? (int64_t)-1 : instances_max, name),
	    "limit a user", name, e);
}

int
store_user_set_operator(struct store *s, const char *name, bool is_operator, struct err *e)
{
	return user_changed(s, db_exec(s->db, e,
	    "UPDATE users SET operator = ? WHERE name = ?", "is", (int64_t)is_operator, name),
	    "make a user an operator", name, e);
}

#define USER_COLUMNS "name, disabled, created, instances_max, operator"

struct user_walk {
	store_user_fn		 fn;
	void			*arg;
	struct store_user	*out;	/* instead of fn */
};

static bool
on_user(const struct db_row *row, void *arg)
{
	struct user_walk	*w = arg;
	struct store_user	 u;

	copy_name(u.name, sizeof u.name, db_text(row, 0));
	u.disabled = db_int(row, 1) != 0;
	u.created = db_int(row, 2);
	u.instances_max = db_int(row, 3);
	u.is_operator = db_int(row, 4) != 0;
	if (w->out != NULL) {
		*w->out = u;
		return false;
	}
	return w->fn(&u, w->arg);
}

int
store_users(struct store *s, store_user_fn fn, void *arg, struct err *e)
{
	struct user_walk	w = { fn, arg, NULL };

	if (db_query(s->db, e, on_user, &w,
	    "SELECT " USER_COLUMNS " FROM users ORDER BY name", "") == -1)
		return store_failed(e, "list users");
	return 0;
}

int
store_user_by_token_hash(struct store *s, const char *token_hash,
    struct store_user *out, struct err *e)
{
	struct user_walk	w = { NULL, NULL, out };
	int64_t			n;

	if (store_known_find(s, token_hash, out))
		return 1;
	n = db_query(s->db, e, on_user, &w,
	    "SELECT " USER_COLUMNS " FROM users WHERE token_hash = ?", "s", token_hash);
	if (n > 0)
		store_known_add(s, token_hash, out);
	return n == -1 ? store_failed(e, "find a user") : n > 0;
}

int
store_user_find(struct store *s, const char *name, struct store_user *out,
    struct err *e)
{
	struct user_walk	w = { NULL, NULL, out };
	int64_t			n;

	n = db_query(s->db, e, on_user, &w,
	    "SELECT " USER_COLUMNS " FROM users WHERE name = ?", "s", name);
	return n == -1 ? store_failed(e, "find a user") : n > 0;
}

/* --- keys ------------------------------------------------------------------- */

int
store_key_add(struct store *s, const char *name, const char *host_type,
    enum store_key_kind kind, const char *key_hash, int64_t now, struct err *e)
{
	int64_t	n;

	if (!str_name_ok(name, STORE_NAME_MAX) || !str_name_ok(host_type, STORE_NAME_MAX))
		return err_code(e, STORE_BAD_NAME, "key \"%s\" for host type \"%s\": a name "
		    "has 1 to %d of A-Z a-z 0-9 . _ -", name, host_type, STORE_NAME_MAX);
	n = db_exec(s->db, e,
	    "INSERT INTO keys (name, host_type, kind, hash, created)"
	    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
	    " host_type = excluded.host_type, kind = excluded.kind,"
	    " hash = excluded.hash, created = excluded.created,"
	    " revoked = 0, last_used = 0 WHERE revoked <> 0", "ssisi",
	    name, host_type, (int64_t)kind, key_hash, now);
	if (n == -1)
		return store_failed(e, "add key");
	if (n == 0)
		return err_code(e, STORE_EXISTS, "there is a key named \"%s\" already: "
		    "revoke it first", name);
	return 0;
}

int
store_key_revoke(struct store *s, const char *name, int64_t now, struct err *e)
{
	return store_must_change(db_exec(s->db, e,
	    "UPDATE keys SET revoked = ? WHERE name = ? AND revoked = 0", "is", now, name),
	    "revoke key", "good key named", name, e);
}

int
store_key_delete(struct store *s, const char *name, struct err *e)
{
	if (db_exec(s->db, e, "DELETE FROM keys WHERE name = ?", "s", name) == -1)
		return store_failed(e, "delete key");
	return 0;
}

int
store_key_used(struct store *s, const char *name, int64_t now, struct err *e)
{
	return store_must_change(db_exec(s->db, e,
	    "UPDATE keys SET last_used = ? WHERE name = ?", "is", now, name),
	    "note the use of a key", "key named", name, e);
}

#define KEY_COLUMNS "name, host_type, kind, created, revoked, last_used"

struct key_walk {
	store_key_fn		 fn;
	void			*arg;
	struct store_key	*out;
};

static bool
on_key(const struct db_row *row, void *arg)
{
	struct key_walk		*w = arg;
	struct store_key	 k;

	copy_name(k.name, sizeof k.name, db_text(row, 0));
	copy_name(k.host_type, sizeof k.host_type, db_text(row, 1));
	k.kind = db_int(row, 2) == STORE_KEY_LOCAL ? STORE_KEY_LOCAL : STORE_KEY_MACHINE;
	k.created = db_int(row, 3);
	k.revoked = db_int(row, 4);
	k.last_used = db_int(row, 5);
	if (w->out != NULL) {
		*w->out = k;
		return false;
	}
	return w->fn(&k, w->arg);
}

int
store_keys(struct store *s, store_key_fn fn, void *arg, struct err *e)
{
	struct key_walk	w = { fn, arg, NULL };

	if (db_query(s->db, e, on_key, &w,
	    "SELECT " KEY_COLUMNS " FROM keys ORDER BY name", "") == -1)
		return store_failed(e, "list keys");
	return 0;
}

int
store_key_by_hash(struct store *s, const char *key_hash, struct store_key *out,
    struct err *e)
{
	struct key_walk	w = { NULL, NULL, out };
	int64_t		n;

	n = db_query(s->db, e, on_key, &w,
	    "SELECT " KEY_COLUMNS " FROM keys WHERE hash = ?", "s", key_hash);
	return n == -1 ? store_failed(e, "find a key") : n > 0;
}

/* --- events ----------------------------------------------------------------- */

static const char *
or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

int
store_event_add(struct store *s, const struct store_event *ev, struct err *e)
{
	if (db_exec(s->db, e,
	    "INSERT INTO events (at, who, what, object, detail, peer)"
	    " VALUES (?, ?, ?, ?, ?, ?)", "isssss", ev->at, or_empty(ev->who),
	    or_empty(ev->what), or_empty(ev->object), or_empty(ev->detail),
	    or_empty(ev->peer)) == -1)
		return store_failed(e, "add an event");
	return 0;
}

struct event_walk {
	store_event_fn	 fn;
	void		*arg;
};

static bool
on_event(const struct db_row *row, void *arg)
{
	struct event_walk	*w = arg;
	struct store_event	 ev = {
		.id = db_int(row, 0),
		.at = db_int(row, 1),
		.who = db_text(row, 2),
		.what = db_text(row, 3),
		.object = db_text(row, 4),
		.detail = db_text(row, 5),
		.peer = db_text(row, 6),
	};

	return w->fn(&ev, w->arg);
}

int
store_events(struct store *s, store_event_fn fn, void *arg, int64_t limit,
    struct err *e)
{
	struct event_walk	w = { fn, arg };

	if (db_query(s->db, e, on_event, &w,
	    "SELECT id, at, who, what, object, detail, peer FROM events"
	    " ORDER BY id DESC LIMIT ?", "i", limit) == -1)
		return store_failed(e, "list events");
	return 0;
}

/* --- drains ------------------------------------------------------------------ */

int
store_drain_set(struct store *s, const char *machine, const char *host_type, int64_t now,
    struct err *e)
{
	if (db_exec(s->db, e, "INSERT INTO drains (machine, host_type, at) VALUES (?, ?, ?)"
	    " ON CONFLICT (machine) DO UPDATE SET host_type = excluded.host_type", "ssi",
	    machine, host_type, now) == -1)
		return store_failed(e, "note a drain");
	return 0;
}

int
store_drain_delete(struct store *s, const char *machine, struct err *e)
{
	if (db_exec(s->db, e, "DELETE FROM drains WHERE machine = ?", "s", machine) == -1)
		return store_failed(e, "forget a drain");
	return 0;
}

struct drain_walk {
	store_drain_fn	 fn;
	void		*arg;
};

static bool
on_drain(const struct db_row *row, void *arg)
{
	struct drain_walk	*w = arg;

	return w->fn(db_text(row, 0), db_text(row, 1), w->arg);
}

int
store_drains(struct store *s, store_drain_fn fn, void *arg, struct err *e)
{
	struct drain_walk	w = { fn, arg };

	if (db_query(s->db, e, on_drain, &w,
	    "SELECT machine, host_type FROM drains ORDER BY machine", "") == -1)
		return store_failed(e, "list drains");
	return 0;
}

/* --- what is old -------------------------------------------------------------- */

int
store_prune(struct store *s, int64_t before, int64_t limit, struct err *e)
{
	if (db_exec(s->db, e, "DELETE FROM events WHERE id IN"
	    " (SELECT id FROM events WHERE at < ? ORDER BY at LIMIT ?)",
	    "ii", before, limit) == -1 ||
	    db_exec(s->db, e, "DELETE FROM leases WHERE name IN"
	    " (SELECT name FROM leases WHERE ended > 0 AND ended < ?"
	    " ORDER BY ended LIMIT ?)", "ii", before, limit) == -1)
		return store_failed(e, "forget what is old");
	return 0;
}
