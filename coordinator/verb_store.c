/*
 * verb_store.c - users, machine keys and the history: what can be seen and
 * changed in the store alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "coordinator/near.h"
#include "coordinator/verb_int.h"

#define EVENTS_SHOWN	100
#define LIMIT_MAX	1000000

/* The history knows it, whether a daemon runs or not. */
static void
note(const struct verb_context *c, const char *what, const char *object, const char *detail)
{
	const struct store_event	ev = { .at = c->now, .who = VERB_WHO, .what = what,
	    .object = object, .detail = detail, .peer = VERB_PEER };
	struct err			e = ERR_INIT;

	if (c->core != NULL)
		core_event(c->core, VERB_WHO, what, object, detail, VERB_PEER);
	else if (store_event_add(c->store, &ev, &e) == -1)
		log_warn("the history misses %s %s: %s", what, object, e.msg);
}

static void
print_secret(struct str *out, char *secret)
{
	str_addf(out, "%s\n", secret);
	secret_wipe(secret, strlen(secret));
	free(secret);
}

/* --- users ------------------------------------------------------------------- */

int
verb_user_add(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	char	hash[SECRET_HASH_MAX], *token = auth_make_token(hash);

	if (store_user_add(c->store, argv[0], hash, c->now, e) == -1) {
		free(token);
		return -1;
	}
	note(c, "user.add", argv[0], "");
	print_secret(out, token);
	return 0;
}

static bool
print_user(const struct store_user *u, void *arg)
{
	char	created[CLOCK_TEXT_MAX], limit[24] = "-";

	if (u->instances_max >= 0)
		snprintf(limit, sizeof limit, "%lld", (long long)u->instances_max);
	str_addf(arg, "%-24s %-9s %-21s %-8s %s\n", u->name,
	    u->disabled ? "disabled" : "enabled", verb_time(u->created, created), limit,
	    u->is_operator ? "yes" : "no");
	return true;
}

int
verb_user_list(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)argv;
	str_addf(out, "%-24s %-9s %-21s %-8s %s\n", "NAME", "STATE", "CREATED", "LIMIT",
	    "OPERATOR");
	return store_users(c->store, print_user, out, e);
}

static int
set_disabled(const struct verb_context *c, const char *name, bool disabled, struct err *e)
{
	if (store_user_set_disabled(c->store, name, disabled, e) == -1)
		return -1;
	note(c, disabled ? "user.disable" : "user.enable", name, "");
	return 0;
}

int
verb_user_disable(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)out;
	return set_disabled(c, argv[0], true, e);
}

int
verb_user_enable(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)out;
	return set_disabled(c, argv[0], false, e);
}

int
verb_user_token(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	char	hash[SECRET_HASH_MAX], *token = auth_make_token(hash);

	if (store_user_set_token(c->store, argv[0], hash, e) == -1) {
		free(token);
		return -1;
	}
	note(c, "user.token", argv[0], "");
	print_secret(out, token);
	return 0;
}

int
verb_user_limit(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	int64_t	max = -1;

	(void)out;
	if (!str_eq(argv[1], "none") && str_int64(argv[1], 0, LIMIT_MAX, &max) == -1)
		return err_set(e, "user limit: neither \"none\" nor a number up to %d: %.40s",
		    LIMIT_MAX, argv[1]);
	if (store_user_set_limit(c->store, argv[0], max, e) == -1)
		return -1;
	note(c, "user.limit", argv[0], argv[1]);
	return 0;
}

int
verb_user_operator(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	bool	yes = str_eq(argv[1], "yes");

	(void)out;
	if (!yes && !str_eq(argv[1], "no"))
		return err_set(e, "user operator: neither \"yes\" nor \"no\": %.40s", argv[1]);
	if (store_user_set_operator(c->store, argv[0], yes, e) == -1)
		return -1;
	note(c, "user.operator", argv[0], argv[1]);
	return 0;
}

/* --- machine keys -------------------------------------------------------------- */

int
verb_key_add(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	char		hash[SECRET_HASH_MAX], *key;
	struct str	near = STR_INIT;

	if (c->core != NULL && catalog_host(c->core->catalog, argv[0]) == NULL) {
		near_hosts(c->core->catalog, argv[0], &near);
		err_set(e, "there is no host type \"%.80s\"%s", argv[0], str_text(&near));
		str_release(&near);
		return -1;
	}
	if (!str_name_ok(argv[0], CATALOG_NAME_MAX))
		return err_set(e, "host type \"%.80s\": not a name", argv[0]);
	key = auth_make_key(hash);
	if (store_key_add(c->store, argv[1], argv[0], STORE_KEY_MACHINE, hash, c->now, e) == -1) {
		free(key);
		return -1;
	}
	note(c, "key.add", argv[1], argv[0]);
	print_secret(out, key);
	return 0;
}

static bool
print_key(const struct store_key *k, void *arg)
{
	char	created[CLOCK_TEXT_MAX], used[CLOCK_TEXT_MAX];

	str_addf(arg, "%-24s %-32s %-8s %-8s %-21s %s\n", k->name, k->host_type,
	    k->kind == STORE_KEY_LOCAL ? "local" : "machine",
	    k->revoked != 0 ? "revoked" : "good", verb_time(k->created, created),
	    verb_time(k->last_used, used));
	return true;
}

int
verb_key_list(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)argv;
	str_addf(out, "%-24s %-32s %-8s %-8s %-21s %s\n", "NAME", "HOST-TYPE", "KIND",
	    "STATE", "CREATED", "LAST-USED");
	return store_keys(c->store, print_key, out, e);
}

int
verb_key_revoke(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)out;
	if (c->core != NULL)
		return core_key_revoke(c->core, argv[0], VERB_WHO, e);
	if (store_key_revoke(c->store, argv[0], c->now, e) == -1)
		return -1;
	note(c, "key.revoke", argv[0], "");
	return 0;
}

/* --- history -------------------------------------------------------------------- */

static bool
print_event(const struct store_event *ev, void *arg)
{
	char	at[CLOCK_TEXT_MAX];

	str_addf(arg, "%s %s %s %s%s%s%s%s\n", verb_time(ev->at, at), ev->who, ev->what,
	    ev->object, ev->detail[0] == '\0' ? "" : ": ", ev->detail,
	    ev->peer[0] == '\0' ? "" : " from ", ev->peer);
	return true;
}

int
verb_events(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)argv;
	return store_events(c->store, print_event, out, EVENTS_SHOWN, e);
}
