/*
 * sshkey.h - the key of `gomote ssh`, which serves nothing else: made by
 * ssh-keygen at its first use, in the person's directory for gomote (cred_path).
 */
#ifndef CLIENT_SSHKEY_H
#define CLIENT_SSHKEY_H

#include "base/attr.h"
#include "base/err.h"

struct loop;

struct sshkey {		/* malloc'ed */
	char	*path;		/* of the private key; the public one is PATH.pub */
	char	*known_hosts;	/* of ssh, for instances alone */
};

/* Makes it if it is not there. -1 and e. */
int  sshkey_find(struct sshkey *, struct loop *, struct err *e) MUST;
/* The line of the public key, malloc'ed; NULL and e. */
char *sshkey_public(const struct sshkey *, struct err *e) MUST;
void sshkey_release(struct sshkey *);

#endif
