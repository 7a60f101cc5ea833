/*
 * lease.h - POST /lease (ours, feature `lease`): which instance this machine
 * is, so that after a restart of the coordinator both accounts can be compared.
 *
 * STATE/lease (workdir_state) holds it and the name of the boot beside it, so
 * that both outlive us: who is started again on a work directory that holds a
 * lease goes on with it. It is replaced by rename, and not synced: it is about
 * programs that die, and after a loss of power the commands are gone anyway.
 */
#ifndef BUILDLET_LEASE_H
#define BUILDLET_LEASE_H

#include <stdbool.h>

#include "http/req.h"

struct buildlet;

void lease_post(struct http_req *, void *buildlet);
/* At start: takes boot and lease from an earlier buildlet into b. False: there
 * are none, or it did not come to the end of emptying the work directory. */
bool lease_load(struct buildlet *);
/* Writes what b says. unclean: whoever finds this has to empty the directory. */
void lease_save(const struct buildlet *, bool unclean);
/* This machine is nobody's any more; at the end. */
void lease_forget(struct buildlet *);

#endif
