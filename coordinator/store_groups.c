/* store_groups.c - groups, and which instances are in them. */
#include "coordinator/store.h"

#include "base/str.h"
#include "coordinator/store_int.h"

/* Names are as those of users, but begin with a letter or digit. */
static int
group_name_check(const char *name, struct err *e)
{
	if (!str_name_ok(name, STORE_NAME_MAX) || name[0] == '_')
		return err_code(e, STORE_BAD_NAME, "group name \"%.100s\": a name has 1 to "
		    "%d of A-Z a-z 0-9 . _ -, a letter or digit first", name, STORE_NAME_MAX);
	return 0;
}

static bool
on_count(const struct db_row *row, void *arg)
{
	*(int64_t *)arg = db_int(row, 0);
	return false;
}

int
store_group_find(struct store *s, const char *user, const char *name, struct err *e)
{
	int64_t	n = 0;

	if (db_query(s->db, e, on_count, &n,
	    "SELECT count(*) FROM user_groups WHERE user = ? AND name = ?", "ss", user,
	    name) == -1)
		return store_failed(e, "find a group");
	return n > 0;
}

static int
group_insert(struct store *s, const char *user, const char *name, int64_t now, int64_t max,
    struct err *e)
{
	int64_t	n = 0;
	int	found = store_group_find(s, user, name, e);

	if (found == -1)
		return -1;
	if (found)
		return err_code(e, STORE_EXISTS, "there is a group \"%s\" already", name);
	if (db_query(s->db, e, on_count, &n,
	    "SELECT count(*) FROM user_groups WHERE user = ?", "s", user) == -1)
		return store_failed(e, "count groups");
	if (n >= max)
		return err_code(e, STORE_FULL, "there are %lld groups already, and may be "
		    "no more: destroy some", (long long)n);
	if (db_exec(s->db, e, "INSERT INTO user_groups (user, name, created)"
	    " VALUES (?, ?, ?)", "ssi", user, name, now) == -1)
		return store_failed(e, "make a group");
	return 0;
}

int
store_group_add(struct store *s, const char *user, const char *name, int64_t now,
    int64_t max, struct err *e)
{
	if (group_name_check(name, e) == -1 || store_batch_begin(s, e) == -1)
		return -1;
	if (group_insert(s, user, name, now, max, e) == -1) {
		store_batch_abort(s);
		return -1;
	}
	return store_batch_commit(s, e);
}

static int
group_delete(struct store *s, const char *user, const char *name, struct err *e)
{
	if (store_must_change(db_exec(s->db, e,
	    "DELETE FROM user_groups WHERE user = ? AND name = ?", "ss", user, name),
	    "destroy a group", "group", name, e) == -1)
		return -1;
	if (db_exec(s->db, e, "DELETE FROM group_members WHERE user = ? AND name = ?", "ss",
	    user, name) == -1)
		return store_failed(e, "empty a group");
	return 0;
}

int
store_group_delete(struct store *s, const char *user, const char *name, struct err *e)
{
	if (store_batch_begin(s, e) == -1)
		return -1;
	if (group_delete(s, user, name, e) == -1) {
		store_batch_abort(s);
		return -1;
	}
	return store_batch_commit(s, e);
}

int
store_group_join(struct store *s, const char *user, const char *name, const char *instance,
    struct err *e)
{
	int64_t	n;

	n = db_exec(s->db, e, "INSERT INTO group_members (user, name, instance)"
	    " SELECT g.user, g.name, l.name FROM user_groups g, leases l"
	    " WHERE g.user = ? AND g.name = ? AND l.name = ? AND l.user = g.user"
	    " AND l.ended = 0 ON CONFLICT DO NOTHING", "sss", user, name, instance);
	return n == -1 ? store_failed(e, "add to a group") : n > 0;
}

int
store_group_leave(struct store *s, const char *user, const char *name,
    const char *instance, struct err *e)
{
	int64_t	n;
	int	found;

	n = db_exec(s->db, e, "DELETE FROM group_members"
	    " WHERE user = ? AND name = ? AND instance = ?", "sss", user, name, instance);
	if (n == -1)
		return store_failed(e, "remove from a group");
	if (n > 0)
		return 0;
	found = store_group_find(s, user, name, e);
	if (found == -1)
		return -1;
	return !found ? err_code(e, STORE_MISSING, "there is no group \"%s\"", name) :
	    err_code(e, STORE_MISSING, "instance %s is not in group %s", instance, name);
}

int
store_groups_end(struct store *s, const char *instance, struct err *e)
{
	if (db_exec(s->db, e, "DELETE FROM group_members WHERE instance = ?", "s",
	    instance) == -1)
		return store_failed(e, "leave groups");
	return 0;
}

struct group_walk {
	store_group_fn	 fn;
	void		*arg;
};

static bool
on_group(const struct db_row *row, void *arg)
{
	struct group_walk	*w = arg;

	return w->fn(db_text(row, 0), db_text(row, 1), w->arg);
}

/* The number at the end of a name counts up: where two were made within a
 * millisecond, the longer name is the later. */
#define GROUP_SELECT "SELECT g.name, l.name FROM user_groups g" \
	" LEFT JOIN group_members m ON m.user = g.user AND m.name = g.name" \
	" LEFT JOIN leases l ON l.name = m.instance "
#define GROUP_ORDER " ORDER BY g.name, l.created, length(l.name), l.name"

int
store_groups(struct store *s, const char *user, const char *name, store_group_fn fn,
    void *arg, struct err *e)
{
	struct group_walk	w = { fn, arg };
	int64_t			n;

	if (name == NULL)
		n = db_query(s->db, e, on_group, &w,
		    GROUP_SELECT "WHERE g.user = ?" GROUP_ORDER, "s", user);
	else
		n = db_query(s->db, e, on_group, &w,
		    GROUP_SELECT "WHERE g.user = ? AND g.name = ?" GROUP_ORDER, "ss", user,
		    name);
	return n == -1 ? store_failed(e, "list groups") : 0;
}

int
store_groups_of(struct store *s, const char *instance, store_group_fn fn, void *arg,
    struct err *e)
{
	struct group_walk	w = { fn, arg };

	if (db_query(s->db, e, on_group, &w, "SELECT name, instance FROM group_members"
	    " WHERE instance = ? ORDER BY name", "s", instance) == -1)
		return store_failed(e, "list an instance's groups");
	return 0;
}
