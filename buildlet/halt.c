/* halt.c - ends the buildlet on request, and the machine if so configured. */
#include "buildlet/halt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"

struct halt {
	struct buildlet	*b;
	struct timer	*timer;
};

static void
on_time(void *arg)
{
	struct halt	*h = arg;
	struct buildlet	*b = h->b;

	timer_free(h->timer);
	free(h);
	b->stop(b, "told to halt", b->set->halt);
}

void
halt_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	struct halt	*h = xcalloc(1, sizeof *h);

	b->halting = true;
	h->b = b;
	h->timer = timer_new(b->loop, on_time, h);
	timer_set(h->timer, b->set->halt_ms);
	reply_text(r, 200, b->set->halt ? "halting machine\n" : "halting buildlet\n");
}

void
halt_machine(void)
{
	static const char *const	programs[] =
	    { "/sbin/poweroff", "/usr/sbin/poweroff", "/sbin/halt", NULL };
	size_t				i;

	for (i = 0; programs[i] != NULL; i++)
		execl(programs[i], programs[i], (char *)NULL);
	log_error("halt: no program that powers this machine off: %s",
	    strerror(errno));
}
