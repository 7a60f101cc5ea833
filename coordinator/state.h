/*
 * state.h - the state directory: what lies where.
 *
 *	lock		who has it (lock.h)	store.db	users, keys, leases, events
 *	ca.pem, ca-key.pem, server.pem, server-key.pem	(io/pki.h)
 *	control.sock	verbs (control.h)	local/		the local pool's machines
 *	uploads/	what users hand to many (uploads.h)
 *	dev.env, dev-key	of -dev (dev.h)
 */
#ifndef COORDINATOR_STATE_H
#define COORDINATOR_STATE_H

#include "base/err.h"
#include "coordinator/store.h"

/* Makes it if need be; its absolute name without symlinks, malloc'ed. */
char *state_prepare(const char *dir, struct err *e) MUST;
char *state_path(const char *dir, const char *name) MUST;	/* malloc'ed */
struct store *state_open_store(const char *dir, struct err *e) MUST;

#endif
