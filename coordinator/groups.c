/* groups.c - groups: who may change them, and what of the store's is alive. */
#include "coordinator/groups.h"

#include "coordinator/core.h"

static int
no_group(const char *name, struct err *e)
{
	return err_code(e, STORE_MISSING, "there is no group \"%.100s\"", name);
}

/* --- changing ------------------------------------------------------------------- */

int
groups_create(struct core *core, const struct user *u, const char *name, const char *peer,
    struct err *e)
{
	if (store_group_add(core->store, u->name, name,
	    clock_wall(loop_clock(core->loop)), GROUPS_MAX, e) == -1)
		return -1;
	core_event(core, u->key, "group.create", name, "", peer);
	return 0;
}

int
groups_destroy(struct core *core, const struct user *u, const char *name, const char *peer,
    struct err *e)
{
	if (store_group_delete(core->store, u->name, name, e) == -1)
		return -1;
	core_event(core, u->key, "group.destroy", name, "", peer);
	return 0;
}

static int
group_must_be(struct core *core, const struct user *u, const char *name, struct err *e)
{
	int	found = store_group_find(core->store, u->name, name, e);

	return found == -1 ? -1 : found == 0 ? no_group(name, e) : 0;
}

int
groups_add(struct core *core, const struct user *u, const char *name, const char *instance,
    const char *peer, struct err *e)
{
	struct instance	*i;
	int		 changed;

	if (group_must_be(core, u, name, e) == -1)
		return -1;
	i = instance_look(core, u, instance, e);
	if (i == NULL) {
		if (e != NULL)
			e->code = STORE_MISSING;
		return -1;
	}
	changed = store_group_join(core->store, u->name, name, instance, e);
	if (changed == -1)
		return -1;
	instance_claim(i);	/* who puts it there knows of it */
	if (changed)
		core_event(core, u->key, "group.add", name, instance, peer);
	return 0;
}

int
groups_remove(struct core *core, const struct user *u, const char *name,
    const char *instance, const char *peer, struct err *e)
{
	if (store_group_leave(core->store, u->name, name, instance, e) == -1)
		return -1;
	core_event(core, u->key, "group.remove", name, instance, peer);
	return 0;
}

int
groups_check(struct core *core, const struct user *u, const struct strs *names,
    struct err *e)
{
	size_t	i;

	for (i = 0; i < names->n; i++) {
		if (group_must_be(core, u, names->v[i], e) == -1)
			return -1;
	}
	return 0;
}

int
groups_join(struct core *core, const char *user, const struct strs *names,
    const char *instance, struct err *e)
{
	size_t	i;

	for (i = 0; i < names->n; i++) {
		if (store_group_join(core->store, user, names->v[i], instance, e) == -1)
			return -1;
	}
	return 0;
}

/* --- looking -------------------------------------------------------------------- */

struct listing {
	struct core	*core;
	struct strs	 names;		/* a group and an instance, or "", in turn */
};

static bool
on_member(const char *name, const char *instance, void *arg)
{
	struct listing	*l = arg;

	strs_add(&l->names, name);
	strs_add(&l->names, instance == NULL ? "" : instance);
	return true;
}

/* One whose end could not be written down is there in the store alone. */
static void
tell_groups(struct listing *l, group_row_fn fn, void *arg)
{
	struct group_row	row = { NULL, NULL };
	struct strs		alive = STRS_INIT;
	char			**v = l->names.v;
	size_t			 i;

	for (i = 0; i < l->names.n; i += 2) {
		if (instance_peek(l->core, v[i + 1]) != NULL)
			strs_add(&alive, v[i + 1]);
		if (i + 2 < l->names.n && str_eq(v[i], v[i + 2]))
			continue;
		row.name = v[i];
		row.instances = &alive;
		fn(&row, arg);
		strs_release(&alive);
	}
}

static int
list(struct core *core, const struct user *u, const char *name, group_row_fn fn, void *arg,
    struct err *e)
{
	struct listing	l = { .core = core, .names = STRS_INIT };
	int		ret;

	ret = store_groups(core->store, u->name, name, on_member, &l, e);
	if (ret == 0 && name != NULL && l.names.n == 0)
		ret = no_group(name, e);
	if (ret == 0)
		tell_groups(&l, fn, arg);
	strs_release(&l.names);
	return ret;
}

int
groups_rows(struct core *core, const struct user *u, group_row_fn fn, void *arg,
    struct err *e)
{
	return list(core, u, NULL, fn, arg, e);
}

int
groups_row(struct core *core, const struct user *u, const char *name, group_row_fn fn,
    void *arg, struct err *e)
{
	return list(core, u, name, fn, arg, e);
}

static bool
on_name(const char *name, const char *instance, void *arg)
{
	(void)instance;
	strs_add(arg, name);
	return true;
}

int
groups_of(struct core *core, const char *instance, struct strs *out, struct err *e)
{
	return store_groups_of(core->store, instance, on_name, out, e);
}
