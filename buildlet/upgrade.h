/*
 * upgrade.h - the program as it now lies on the disk takes our place (SIGHUP):
 * same process, arguments and environment. Commands run on under their
 * supervisors meanwhile. A key that can be read nowhere again, since it came for
 * a join token or its file was removed, is handed over by a pipe.
 */
#ifndef BUILDLET_UPGRADE_H
#define BUILDLET_UPGRADE_H

#include "base/err.h"

struct upgrade;

/* First thing in main: later the environment is another. argv is borrowed. */
struct upgrade *upgrade_new(char **argv) MUST;
void	 upgrade_free(struct upgrade *);	/* NULL is fine */
/* Is there a program that could take over? -1 and e. */
int	 upgrade_check(const struct upgrade *, struct err *e) MUST;
/* Returns only where it failed: -1 and e. key may be NULL. */
int	 upgrade_run(const struct upgrade *, const char *key, struct err *e);
/* What the one before us handed over; malloc'ed, NULL: nothing. */
char	*upgrade_key(void) MUST;

#endif
