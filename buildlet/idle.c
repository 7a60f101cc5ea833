/*
 * idle.c - drops clean pages of mapped files while nothing is under way.
 *
 * Only mappings that are not writable and hold no page of our own (smaps:
 * Private_Dirty and Anonymous are 0) are dropped: what is in them is in the
 * file, so nothing can be lost.
 */
#include "buildlet/idle.h"

#include <sys/mman.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execs.h"

#define LOOK_MS		2000
#define AGAIN_MS	60000	/* heartbeats bring some of it back */

struct idle {
	struct buildlet	*b;
	struct timer	*timer;
	bool		 was_idle;	/* at the last look */
	int64_t		 dropped;	/* loop_now; 0: since then there was work */
};

#ifdef __linux__

struct mapping {
	uintptr_t	from, to;
	bool		file;		/* of a file, and not writable */
	bool		ours;		/* has pages that no file has */
};

static void
mapping_drop(const struct mapping *m)
{
	/* Failing is no harm: then it stays. */
	if (m->file && !m->ours &&
	    madvise((void *)m->from, m->to - m->from, MADV_DONTNEED) == -1)
		return;
}

/* The first line of a mapping, or a count that belongs to it. */
static void
line_read(const char *line, struct mapping *m)
{
	uintptr_t	from, to;
	char		mode[5], path[2];
	uint64_t	kb;
	int		n;

	n = sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %1s",
	    &from, &to, mode, path);
	if (n >= 3) {
		mapping_drop(m);
		*m = (struct mapping){ from, to, n == 4 && path[0] == '/' &&
		    mode[1] == '-', false };
	} else if ((sscanf(line, "Private_Dirty: %" SCNu64, &kb) == 1 ||
	    sscanf(line, "Anonymous: %" SCNu64, &kb) == 1) && kb > 0) {
		m->ours = true;
	}
}

static void
pages_drop(void)
{
	struct mapping	 m = { 0, 0, false, false };
	FILE		*f = fopen("/proc/self/smaps", "re");
	char		 line[512];

	if (f == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL)
		line_read(line, &m);
	mapping_drop(&m);
	fclose(f);
}

#else

static void
pages_drop(void)
{
}

#endif

static void
on_look(void *arg)
{
	struct idle	*i = arg;
	bool		 idle = i->b->work_count == 0 && i->b->wipe == NULL &&
			    execs_running(i->b->execs) == 0;
	int64_t		 now = loop_now(i->b->loop);

	if (!idle)
		i->dropped = 0;
	else if (i->was_idle && (i->dropped == 0 || now - i->dropped >= AGAIN_MS)) {
		pages_drop();
		i->dropped = now;
	}
	i->was_idle = idle;
}

struct idle *
idle_start(struct buildlet *b)
{
	struct idle	*i = xcalloc(1, sizeof *i);

	i->b = b;
	i->timer = loop_every(b->loop, LOOK_MS, on_look, i);
	return i;
}

void
idle_free(struct idle *i)
{
	if (i == NULL)
		return;
	timer_free(i->timer);
	free(i);
}
