/*
 * auth.h - who is asking: users by token, machines by key.
 *
 * Secrets are random 256-bit values, looked up by their SHA-256, so that
 * neither the look-up nor the stored form tells anything about them; what is
 * compared directly is compared in constant time. Nothing is cached here, and
 * what the store keeps in memory it forgets with each change: disabling a user or
 * revoking a key holds from the next request on.
 */
#ifndef COORDINATOR_AUTH_H
#define COORDINATOR_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "coordinator/store.h"

struct auth;
struct core;

#define AUTH_USER_PREFIX "user-"	/* what stock clients put before the name */
#define AUTH_TOKEN_PREFIX "gmu_"	/* of users' tokens, */
#define AUTH_KEY_PREFIX  "gmk_"		/* machine keys */
#define AUTH_JOIN_PREFIX "gmj_"		/* and one-time join tokens */

/* err.code of the functions below. */
enum auth_err {
	AUTH_DENIED = 1,	/* wrong or unknown: the text never tells which */
	AUTH_DISABLED,		/* right, but the user was disabled, or the key revoked */
	AUTH_BAD,		/* something is missing or malformed */
	AUTH_FAILED,		/* the store failed us */
};

struct user {
	char	name[STORE_NAME_MAX + 1];			/* "alice" */
	char	key[sizeof(AUTH_USER_PREFIX) + STORE_NAME_MAX];	/* "user-alice" */
	int64_t	instances_max;	/* -1: none */
	bool	is_operator;	/* may see what is others' */
};

/* name: "alice" or "user-alice", or NULL (Bearer). e->msg is for the peer, the
 * whole reason goes to the log. */
int auth_user(struct core *, const char *name, const char *token,
    struct user *out, struct err *e) MUST;

enum auth_how { AUTH_KEY, AUTH_JOIN, AUTH_STOCK, AUTH_DEV };

struct auth_machine {
	char	 name[STORE_MACHINE_MAX];	/* the identity to register as */
	enum auth_how how;
	char	*new_key;	/* AUTH_JOIN: to be sent in API_H_MACHINE_KEY; malloc'ed,
				 * yours; else NULL */
};

/* What a machine said in its headers. hostname is needed for stock and
 * development keys, whose identity is HOST-TYPE/HOSTNAME; a machine key is an
 * identity by itself. A join token is used up by this. */
int auth_machine(struct core *, const char *host_type, const char *key,
    const char *hostname, struct auth_machine *out, struct err *e) MUST;

/* A one-time token for the machine called name, good for ms; malloc'ed. An
 * older one for that name is void. */
char *auth_join_token(struct core *, const char *host_type, const char *name,
    int64_t ms) MUST;

/* Secrets for people: malloc'ed, shown once; hash is what the store wants. */
char *auth_make_token(char hash[SECRET_HASH_MAX]) MUST;
char *auth_make_key(char hash[SECRET_HASH_MAX]) MUST;

/* For core.c. */
struct auth *auth_new(struct core *) MUST;
/* Drops old join tokens, and writes down which keys were used. */
void auth_sweep(struct auth *, int64_t now);
void auth_free(struct auth *);			/* NULL is fine */

#endif
