/*
 * lease.h - POST /lease (ours, feature `lease`): which instance this machine
 * is, so that after a restart of the coordinator both accounts can be compared.
 */
#ifndef BUILDLET_LEASE_H
#define BUILDLET_LEASE_H

#include "http/req.h"

void lease_post(struct http_req *, void *buildlet);

#endif
