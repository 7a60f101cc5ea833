/*
 * catalog.h - what the operator offers: host types, builder types and limits,
 * as one immutable snapshot. settings.c builds it; SIGHUP builds another and
 * swaps it in (core_set_catalog). Whoever needs a value for longer than a
 * callback copies it, or holds a reference.
 */
#ifndef COORDINATOR_CATALOG_H
#define COORDINATOR_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct catalog;

#define CATALOG_NAME_MAX 64		/* host and builder types, users, keys */
#define CATALOG_IDLE_MS	 (30 * 60 * 1000)

struct host_type {
	char		*name;		/* "host-linux-amd64-local" */
	char		*pool;		/* "reverse" or "local" */
	size_t		 limit;		/* local: how many machines it may start; reverse: 0 */
	size_t		 expect;	/* how many machines should be there; 0: not said */
	char		*owner;		/* whom to ask; "" if not said */
	char		*notes;		/* "" if not said */
	struct strs	 env;		/* K=V, for every command on it; before the builder's */
};

struct builder_type {
	char		*name;		/* "linux-amd64" */
	char		*host_type;
	struct strs	 env;		/* K=V */
	char		*bootstrap;	/* URL or path of a toolchain's .tar.gz; NULL: none */
	char		*setup;		/* what builds the pushed tree; "make.bash" if not said */
	int64_t		 idle_ms;	/* an instance ends after so long without use */
	int64_t		 lifetime_ms;	/* and after so long in any case; 0: not so */
};

/*
 * Building: new, add (each copies), then check, then share. After check it
 * must not change any more.
 */
struct catalog *catalog_new(void) MUST;	/* one reference, the caller's */
/* h: NULL strings become "", pool NULL "reverse". -1 and e: bad name, a name
 * twice, unknown pool, a limit where there can be none. */
int  catalog_add_host(struct catalog *, const struct host_type *h, struct err *e) MUST;
/* b: setup NULL "make.bash", idle_ms 0 the default. */
int  catalog_add_builder(struct catalog *, const struct builder_type *b, struct err *e) MUST;
/* How many instances a user may have at once; name NULL: all who are not named. */
int  catalog_add_limit(struct catalog *, const char *name, int64_t max, struct err *e) MUST;
/* Does every builder type stand on a host type that exists? */
int  catalog_check(const struct catalog *, struct err *e) MUST;

struct catalog *catalog_ref(struct catalog *);
void catalog_unref(struct catalog *);	/* NULL is fine */

const struct host_type *catalog_host(const struct catalog *, const char *name);	/* NULL */
const struct builder_type *catalog_builder(const struct catalog *, const char *name); /* NULL */
/* In order of their names; i < count. */
size_t catalog_hosts(const struct catalog *);
const struct host_type *catalog_host_at(const struct catalog *, size_t i);
size_t catalog_builders(const struct catalog *);
const struct builder_type *catalog_builder_at(const struct catalog *, size_t i);
/* -1: no limit. */
int64_t catalog_limit(const struct catalog *, const char *user);

#endif
