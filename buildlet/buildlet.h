/*
 * buildlet.h - the running buildlet: what every handler of the API needs. Made
 * by main.c; handlers get it as their argument (routes.c).
 */
#ifndef BUILDLET_BUILDLET_H
#define BUILDLET_BUILDLET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/queue.h"
#include "base/str.h"
#include "buildlet/settings.h"
#include "buildlet/work.h"
#include "buildlet/workdir.h"
#include "io/loop.h"

struct execs;
struct wipe;

struct buildlet {
	struct loop		*loop;
	const struct settings	*set;
	struct workdir		*workdir;
	struct strs		 env;		/* of commands, without our secrets */
	const char		*argv0;		/* of this program */
	/* Kept beside the work directory (lease.h). */
	char			*boot;		/* random, new when that was emptied at start */
	char			*lease;		/* instance that we are leased as; NULL: none */
	struct execs		*execs;
	struct work_list	 work;
	size_t			 work_count;
	struct wipe		*wipe;		/* the work directory is being emptied */
	bool			 halting;	/* it ends in a moment (halt.c) */
	bool			 stopping;
	/* Ends the program, cleanly; main's. machine: halt the machine after. */
	void			(*stop)(struct buildlet *, const char *why, bool machine);
	void			*main;		/* main's own */
};

#endif
