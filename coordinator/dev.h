/*
 * dev.h - development mode: everything that a first look needs, without a
 * configuration: two builder types for this machine's own system, a ready user,
 * a key for machines, and STATE/dev.env, which a shell can source. All of it is
 * real, so that nobody else on this machine can use it.
 */
#ifndef COORDINATOR_DEV_H
#define COORDINATOR_DEV_H

#include "base/err.h"
#include "coordinator/core.h"
#include "coordinator/options.h"
#include "coordinator/settings.h"

#define DEV_STOCK_MASTER_KEY	"gophers rule"	/* PROTOCOL 2 */

/* What coordinator.conf would say. NULL and e, for one if it is to listen
 * elsewhere than on loopback. */
struct settings *dev_settings(const struct options *, struct err *e) MUST;
/* The key in STATE/dev-key, made if there is none; malloc'ed. */
char *dev_key(const char *state_dir, struct err *e) MUST;
/* The user, and dev.env. A token that still works is kept. address is where
 * the coordinator listens. */
int   dev_publish(struct core *, const char *address, struct err *e) MUST;

/* GOOS-GOARCH of this machine, as uname says; buf holds 64. For tests. */
char *dev_platform(const char *sysname, const char *machine, char *buf);

#endif
