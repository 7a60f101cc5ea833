/*
 * cred.h - which coordinator, as whom, and by which way: what the settings
 * (config.h) come to, files that they name read.
 */
#ifndef CLIENT_CRED_H
#define CLIENT_CRED_H

#include <stdint.h>

#include "base/err.h"

struct cred_flags {	/* as given on the command line; NULL: not given */
	char	*server, *ca, *user, *token_file, *config, *password_file, *agent;
};

#define CRED_AGENT_MS	(10 * 60 * 1000)

struct cred {		/* owned; NULL: not set anywhere */
	char	*server, *ca, *user, *token;
	char	*password;	/* of a buildlet in direct mode; from a flag only */
	int64_t	 agent_ms;	/* how long an agent (agent.h) stays; 0: use none */
};

/* Fills c, which may then still lack anything: who needs a server says so.
 * -1 and e: a file is missing, unreadable or wrong ("FILE:3: unknown key x"). */
int  cred_load(struct cred *c, const struct cred_flags *, struct err *e) MUST;
void cred_release(struct cred *);	/* wipes the secrets */

/* A file in the person's directory for gomote; NULL where there is no home.
 * malloc'ed. */
char *cred_path(const char *name) MUST;

/* The value of an Authorization field for the coordinator, malloc'ed: Basic
 * where there is a user, else Bearer; NULL without a token. */
char *cred_authorization(const struct cred *) MUST;
/* The same for a buildlet in direct mode; NULL without a password. */
char *cred_password(const struct cred *) MUST;

#endif
