/*
 * health.c - the measurements behind GET /healthz. The lag of the loop is how
 * late a timer comes that should come every second; the worst of the last two
 * half minutes counts.
 */
#include "coordinator/health.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/xmalloc.h"
#include "coordinator/face.h"
#include "coordinator/routes.h"

#define BEAT_MS		1000
#define WINDOW_MS	(30 * 1000)
#define LAG_MAX_MS	5000
#define STORE_MS	5000		/* a look at the store is good for so long */
#define DISK_MIN	(16 * 1024 * 1024)	/* free bytes below which it is sick */

struct health {
	struct core	*core;
	struct timer	*beat;
	int64_t		 due;		/* the next beat */
	int64_t		 worst[2];	/* of this window and the one before */
	int64_t		 window_end;
	int64_t		 store_at;	/* when it was looked at; 0: never */
	struct err	 store;		/* what was wrong; "" nothing */
};

static void
note_lag(struct health *h, int64_t now)
{
	int64_t	lag = now - h->due;

	if (now >= h->window_end) {
		h->worst[1] = h->worst[0];
		h->worst[0] = 0;
		h->window_end = now + WINDOW_MS;
	}
	if (lag > h->worst[0])
		h->worst[0] = lag;
}

static void
on_beat(void *arg)
{
	struct health	*h = arg;
	int64_t		 now = clock_mono(loop_clock(h->core->loop));

	note_lag(h, now);
	h->due = now + BEAT_MS;
}

struct health *
health_new(struct core *core)
{
	struct health	*h = xcalloc(1, sizeof *h);
	int64_t		 now = clock_mono(loop_clock(core->loop));

	h->core = core;
	h->due = now + BEAT_MS;
	h->window_end = now + WINDOW_MS;
	h->beat = loop_every(core->loop, BEAT_MS, on_beat, h);
	return h;
}

void
health_free(struct health *h)
{
	if (h == NULL)
		return;
	timer_free(h->beat);
	free(h);
}

int64_t
health_lag_ms(const struct health *h)
{
	return h->worst[0] > h->worst[1] ? h->worst[0] : h->worst[1];
}

/* A write that is taken back: it needs the lock and a database that may be
 * written, but leaves nothing. */
static int
store_try(struct health *h, struct err *e)
{
	const struct store_event	ev = { .who = "coordinator", .what = "health" };
	int				ret;

	if (store_batch_begin(h->core->store, e) == -1)
		return -1;
	ret = store_event_add(h->core->store, &ev, e);
	store_batch_abort(h->core->store);
	return ret;
}

static int
disk_try(struct health *h, struct err *e)
{
	struct statvfs	v;
	uint64_t	bytes;
	char		text[32];

	if (statvfs(h->core->cfg.state_dir, &v) == -1)
		return err_errno(e, "%s", h->core->cfg.state_dir);
	bytes = (uint64_t)v.f_bavail * v.f_frsize;
	if (bytes < DISK_MIN)
		return err_set(e, "%s: only %s free", h->core->cfg.state_dir,
		    str_human_size(bytes, text));
	return 0;
}

int
health_check(struct health *h, struct err *e)
{
	int64_t	now = clock_mono(loop_clock(h->core->loop));

	if (h->store_at == 0 || now - h->store_at >= STORE_MS) {
		h->store_at = now;
		h->store = (struct err)ERR_INIT;
		if (store_try(h, &h->store) == 0)
			(void)disk_try(h, &h->store);
	}
	if (h->store.msg[0] != '\0')
		return err_set(e, "store: %s", h->store.msg);
	if (health_lag_ms(h) > LAG_MAX_MS)
		return err_set(e, "event loop: something waited %lld ms",
		    (long long)health_lag_ms(h));
	if (h->core->stopping)
		return err_set(e, "going down");
	return 0;
}

void
page_health(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct err	 e = ERR_INIT;

	reply_header(r, "Cache-Control", "no-store");
	if (health_check(f->health, &e) == -1)
		reply_error(r, 503, "%s", e.msg);
	else
		reply_text(r, 200, "ok\n");
}
