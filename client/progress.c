/* progress.c - the line about a transfer (progress.h). */
#include "client/progress.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "io/loop.h"

#define TICK_MS		100
#define FIRST_MS	500	/* nobody needs to hear of less */
#define SAMPLES		50	/* the rate is that of the last five seconds */

struct progress {
	struct progress_of	 of;
	struct loop		*loop;
	struct timer		*timer;
	int64_t			 begun;
	struct {
		int64_t		 at;
		uint64_t	 bytes;
	}			 past[SAMPLES];
	size_t			 n;		/* taken, in all */
};

char *
progress_text(const struct progress_of *of, uint64_t bytes, uint64_t rate)
{
	struct str	 s = STR_INIT;
	char		 size[32], time[CLOCK_TEXT_MAX];
	uint64_t	 total = of->total < 0 ? 0 : (uint64_t)of->total, left;

	str_addf(&s, "%s: %s", of->what, str_human_size(bytes, size));
	if (of->total >= 0 && !of->most && bytes >= total) {
		str_add(&s, ", waiting for the other end");
		return str_take(&s);
	}
	if (of->total >= 0)
		str_addf(&s, " of %s%s", of->most ? "at most " : "",
		    str_human_size(total, size));
	if (of->total > 0 && !of->most)
		str_addf(&s, " (%u%%)", (unsigned)((double)bytes * 100 /
		    (double)total));
	if (rate > 0)
		str_addf(&s, ", %s/s", str_human_size(rate, size));
	left = bytes < total && rate > 0 ? (total - bytes) / rate : 0;
	if (rate > 0 && of->total >= 0 && left < 1000 * 1000)
		str_addf(&s, ", %s%s left", of->most ? "at most " : "",
		    clock_duration((int64_t)(left + 1) * 1000, time));
	return str_take(&s);
}

/* Bytes a second since the oldest sample that there is. */
static uint64_t
take_rate(struct progress *p, int64_t now, uint64_t bytes)
{
	size_t		oldest = p->n < SAMPLES ? 0 : p->n % SAMPLES;
	uint64_t	was = p->n == 0 ? bytes : p->past[oldest].bytes;
	int64_t		since = p->n == 0 ? now : p->past[oldest].at;

	p->past[p->n % SAMPLES].at = now;
	p->past[p->n % SAMPLES].bytes = bytes;
	p->n++;
	return now > since && bytes > was ?
	    (bytes - was) * 1000 / (uint64_t)(now - since) : 0;
}

static void
on_tick(void *arg)
{
	struct progress	*p = arg;
	int64_t		 now = loop_now(p->loop);
	uint64_t	 bytes = p->of.bytes(p->of.arg);
	uint64_t	 rate = take_rate(p, now, bytes);
	char		*text;

	if (now - p->begun < FIRST_MS)
		return;
	text = progress_text(&p->of, bytes, rate);
	say_status(text);
	free(text);
}

struct progress *
progress_new(struct loop *loop, const struct progress_of *of, bool quiet)
{
	struct progress	*p;

	if (quiet || !isatty(STDERR_FILENO))
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->of = *of;
	p->loop = loop;
	p->begun = loop_now(loop);
	p->timer = loop_every(loop, TICK_MS, on_tick, p);
	return p;
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	timer_free(p->timer);
	say_status(NULL);
	free(p);
}
