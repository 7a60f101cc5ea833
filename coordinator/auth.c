/*
 * auth.c - tokens and keys against the store; join tokens live here alone.
 */
#include "coordinator/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/core.h"
#include "io/digest.h"

/* How fresh "last used" of a key is: when thousands of machines come back at
 * once, each must not cost a write. */
#define KEY_USED_MS	(60 * 60 * 1000)
#define USED_BATCH	1000	/* of them written by one sweep */
#define SECRET_MAX	512	/* longer ones are none of ours */

struct join {
	char	*host_type;
	char	*name;
	int64_t	 until;
};

struct auth {
	struct core	*core;
	struct map	*joins;	/* hash of the token -> struct join * */
	struct map	*used;	/* names of keys whose use is to be written down */
};

struct auth *
auth_new(struct core *core)
{
	struct auth	*a = xcalloc(1, sizeof *a);

	a->core = core;
	a->joins = map_new();
	a->used = map_new();
	return a;
}

static void
join_free(struct join *j)
{
	free(j->host_type);
	free(j->name);
	free(j);
}

/* Drops those that are out of date and those for name (NULL: no such). */
static void
joins_drop(struct auth *a, int64_t now, const char *name)
{
	struct join	*j;
	const char	*hash;
	void		*v;
	size_t		 it = 0;

	while (map_next(a->joins, &it, &hash, &v)) {
		j = v;
		if (j->until > now && (name == NULL || strcmp(j->name, name) != 0))
			continue;
		map_del(a->joins, hash);
		join_free(j);
	}
}

/* In one transaction, which does not wait for the disk: a storm of machines
 * would otherwise wait for it once each. What fails is not tried again. */
static void
used_write(struct auth *a)
{
	struct store	*store = a->core->store;
	int64_t		 now = clock_wall(loop_clock(a->core->loop));
	const char	*name;
	size_t		 it = 0, n = 0;
	struct err	 e = ERR_INIT;
	bool		 begun;

	if (map_len(a->used) == 0)
		return;
	begun = store_batch_begin_lazy(store, &e) == 0;
	while (n++ < USED_BATCH && map_next(a->used, &it, &name, NULL)) {
		if (begun && store_key_used(store, name, now, NULL) == -1)
			log_debug("machine %s: its key is gone", name);
		map_del(a->used, name);
	}
	if (!begun || store_batch_commit(store, &e) == -1)
		log_warn("the last use of machine keys is not noted: %s", e.msg);
}

void
auth_sweep(struct auth *a, int64_t now)
{
	joins_drop(a, now, NULL);
	used_write(a);
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	used_write(a);
	joins_drop(a, INT64_MAX, NULL);
	map_free(a->used);
	map_free(a->joins);
	free(a);
}

char *
auth_make_token(char hash[SECRET_HASH_MAX])
{
	char	*s = secret_token(AUTH_TOKEN_PREFIX);

	secret_hash(s, hash);
	return s;
}

char *
auth_make_key(char hash[SECRET_HASH_MAX])
{
	char	*s = secret_token(AUTH_KEY_PREFIX);

	secret_hash(s, hash);
	return s;
}

char *
auth_join_token(struct core *core, const char *host_type, const char *name, int64_t ms)
{
	char		 hash[SECRET_HASH_MAX];
	char		*s = secret_token(AUTH_JOIN_PREFIX);
	struct join	*j = xcalloc(1, sizeof *j);

	joins_drop(core->auth, loop_now(core->loop), name);
	j->host_type = xstrdup(host_type);
	j->name = xstrdup(name);
	j->until = loop_now(core->loop) + ms;
	secret_hash(s, hash);
	map_set(core->auth->joins, hash, j);
	return s;
}

/* --- users ------------------------------------------------------------------ */

static int
user_denied(const char *name, const char *why, struct err *e)
{
	log_warn("user %s: refused: %s", name == NULL ? "(by token)" : name, why);
	return err_code(e, AUTH_DENIED, "unknown user or wrong token");
}

static void
user_fill(struct core *core, const struct store_user *u, struct user *out)
{
	memset(out, 0, sizeof *out);
	memcpy(out->name, u->name, sizeof out->name);
	snprintf(out->key, sizeof out->key, "%s%s", AUTH_USER_PREFIX, u->name);
	out->instances_max = u->instances_max >= 0 ? u->instances_max :
	    catalog_limit(core->catalog, u->name);
	out->is_operator = u->is_operator;
}

int
auth_user(struct core *core, const char *name, const char *token, struct user *out,
    struct err *e)
{
	char			 hash[SECRET_HASH_MAX];
	struct store_user	 u;
	int			 found;

	if (token == NULL || token[0] == '\0' || strlen(token) > SECRET_MAX)
		return user_denied(name, "no token, or one that cannot be ours", e);
	if (name != NULL && str_starts(name, AUTH_USER_PREFIX))
		name += strlen(AUTH_USER_PREFIX);
	secret_hash(token, hash);
	found = store_user_by_token_hash(core->store, hash, &u, e);
	if (found == -1) {
		if (e != NULL)
			e->code = AUTH_FAILED;
		return -1;
	}
	if (!found)
		return user_denied(name, "no user has that token", e);
	if (name != NULL && !str_eq(name, u.name))
		return user_denied(name, "the token is another user's", e);
	if (u.disabled) {
		log_warn("user %s: refused: disabled", u.name);
		return err_code(e, AUTH_DISABLED, "user %s is disabled", u.name);
	}
	user_fill(core, &u, out);
	return 0;
}

/* --- machines --------------------------------------------------------------- */

static int
machine_denied(const char *host_type, const char *hostname, const char *why,
    struct err *e)
{
	log_warn("machine %s of host type %s: refused: %s",
	    hostname == NULL || hostname[0] == '\0' ? "(no host name)" : hostname,
	    host_type, why);
	return err_code(e, AUTH_DENIED, "host type %s: wrong key", host_type);
}

static int
auth_by_join(struct core *core, const char *host_type, const char *key,
    struct auth_machine *out, struct err *e)
{
	char		 hash[SECRET_HASH_MAX];
	struct join	*j;
	int64_t		 now = loop_now(core->loop);
	int		 ret = -1;

	secret_hash(key, hash);
	j = map_del(core->auth->joins, hash);
	if (j == NULL)
		return machine_denied(host_type, NULL, "unknown or used join token", e);
	if (j->until <= now || strcmp(j->host_type, host_type) != 0) {
		ret = machine_denied(host_type, j->name,
		    "join token out of date or for another host type", e);
		goto out;
	}
	out->new_key = auth_make_key(hash);
	if (store_key_add(core->store, j->name, host_type, STORE_KEY_LOCAL, hash,
	    clock_wall(loop_clock(core->loop)), e) == -1) {
		if (e != NULL)
			e->code = AUTH_FAILED;
		free(out->new_key);
		out->new_key = NULL;
		goto out;
	}
	out->how = AUTH_JOIN;
	snprintf(out->name, sizeof out->name, "%s", j->name);
	ret = 0;
out:
	join_free(j);
	return ret;
}

static void
note_use(struct core *core, const struct store_key *k)
{
	int64_t	now = clock_wall(loop_clock(core->loop));

	if (now - k->last_used >= KEY_USED_MS)
		map_set(core->auth->used, k->name, core);
}

static int
auth_by_key(struct core *core, const char *host_type, const char *key,
    struct auth_machine *out, struct err *e)
{
	char			 hash[SECRET_HASH_MAX];
	struct store_key	 k;
	int			 found;

	secret_hash(key, hash);
	found = store_key_by_hash(core->store, hash, &k, e);
	if (found == -1) {
		if (e != NULL)
			e->code = AUTH_FAILED;
		return -1;
	}
	if (!found)
		return machine_denied(host_type, NULL, "no such machine key", e);
	if (k.revoked != 0) {
		log_warn("machine %s: refused: its key was revoked", k.name);
		return err_code(e, AUTH_DISABLED, "host type %s: wrong key", host_type);
	}
	if (strcmp(k.host_type, host_type) != 0)
		return machine_denied(host_type, k.name, "the key is for another host type", e);
	note_use(core, &k);
	out->how = AUTH_KEY;
	snprintf(out->name, sizeof out->name, "%s", k.name);
	return 0;
}

/* Keys that many machines share: the machine is told apart by its host name.
 * The '/' keeps such names apart from those of keys. */
static int
auth_by_shared(struct core *core, const char *host_type, const char *key,
    const char *hostname, struct auth_machine *out, struct err *e)
{
	char	stock[DIGEST_HEX_MAX];
	bool	is_stock = false, is_dev = false;

	if (core->cfg.master_key != NULL) {
		digest_hmac_md5(core->cfg.master_key, host_type, stock);
		is_stock = secret_equal(stock, key);
	}
	if (core->cfg.dev_key != NULL)
		is_dev = secret_equal(core->cfg.dev_key, key);
	if (!is_stock && !is_dev)
		return machine_denied(host_type, hostname, "no such key", e);
	if (hostname == NULL || !str_name_ok(hostname, 128))
		return err_code(e, AUTH_BAD, "host type %s: host name \"%s\": a name has 1 "
		    "to 128 of A-Z a-z 0-9 . _ -", host_type, hostname == NULL ? "" : hostname);
	out->how = is_stock ? AUTH_STOCK : AUTH_DEV;
	snprintf(out->name, sizeof out->name, "%s/%s", host_type, hostname);
	return 0;
}

int
auth_machine(struct core *core, const char *host_type, const char *key,
    const char *hostname, struct auth_machine *out, struct err *e)
{
	memset(out, 0, sizeof *out);
	if (host_type == NULL || !str_name_ok(host_type, CATALOG_NAME_MAX))
		return err_code(e, AUTH_BAD, "host type: missing or not a name");
	if (key == NULL || key[0] == '\0' || strlen(key) > SECRET_MAX)
		return err_code(e, AUTH_BAD, "host type %s: the key is missing", host_type);
	if (catalog_host(core->catalog, host_type) == NULL)
		return machine_denied(host_type, hostname, "no such host type", e);
	if (core->cfg.dev_key == NULL || !secret_equal(core->cfg.dev_key, key)) {
		if (str_starts(key, AUTH_JOIN_PREFIX))
			return auth_by_join(core, host_type, key, out, e);
		if (str_starts(key, AUTH_KEY_PREFIX))
			return auth_by_key(core, host_type, key, out, e);
	}
	return auth_by_shared(core, host_type, key, hostname, out, e);
}
