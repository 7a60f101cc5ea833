/* vigil.c - an eye on the instance (vigil.h). */
#include "client/vigil.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "data/json.h"
#include "io/loop.h"

#define FIRST_MS	(5 * 1000)	/* most commands have ended by then */
#define EVERY_MS	(60 * 1000)

struct vigil {
	struct loop		*loop;
	struct side		*side;
	const char		*instance;
	char			*path;
	struct timer		*timer;
	struct vigil_view	 view;
	bool			 useless;	/* the coordinator does not know */
};

static bool
is_near(int64_t end, int64_t warned, int64_t now)
{
	return end != 0 && end != warned && end - now <= VIGIL_NEAR_MS;
}

static char *
warning(const char *name, int64_t ms, const char *why)
{
	char	buf[CLOCK_TEXT_MAX];

	if (ms < 0)
		ms = 0;
	return xasprintf("%s ends in %s: %s", name,
	    clock_duration(ms / 1000 * 1000, buf), why);
}

char *
vigil_look(struct vigil_view *v, const char *name, int64_t expires,
    int64_t limit, int64_t now)
{
	bool	same = expires == v->expires;

	v->expires = expires;
	v->limit = limit;
	if (is_near(limit, v->warned_limit, now)) {
		v->warned_limit = limit;
		return warning(name, limit - now, "its time is over then");
	}
	if (same && is_near(expires, v->warned_expires, now)) {
		v->warned_expires = expires;
		return warning(name, expires - now, "unless it is used "
		    "(see gomote extend)");
	}
	return NULL;
}

static int64_t
time_of(const struct json *j, const char *key)
{
	const char	*s = json_str(j, key, NULL);
	int64_t		 ms;

	return s != NULL && clock_parse_rfc3339(s, &ms) == 0 ? ms : 0;
}

static void
on_answer(const struct side_answer *a, void *arg)
{
	struct vigil	*v = arg;
	struct json	*j = NULL;
	char		*text = NULL;

	if (a->status == 404 || a->status == 405) {
		v->useless = true;
		return;
	}
	timer_set(v->timer, EVERY_MS);
	if (a->status == 200)
		j = json_parse(a->text, a->len, NULL);
	if (j != NULL)
		text = vigil_look(&v->view, v->instance, time_of(j, "Expires"),
		    time_of(j, "Limit"), clock_wall(loop_clock(v->loop)));
	if (text != NULL)
		say_note("%s", text);
	free(text);
	json_free(j);
}

static void
on_time(void *arg)
{
	struct vigil		*v = arg;
	struct side_request	 q = { .method = "GET", .path = v->path,
		.coordinator = true };

	side_ask(v->side, &q, on_answer, v);
}

struct vigil *
vigil_new(struct loop *loop, struct side *side, const char *instance)
{
	struct vigil	*v = xcalloc(1, sizeof *v);

	v->loop = loop;
	v->side = side;
	v->instance = instance;
	v->path = xasprintf("/api/v1/instances/%s", instance);
	v->timer = timer_new(loop, on_time, v);
	return v;
}

void
vigil_go(struct vigil *v)
{
	if (!v->useless)
		timer_set(v->timer, FIRST_MS);
}

void
vigil_free(struct vigil *v)
{
	if (v == NULL)
		return;
	timer_free(v->timer);
	free(v->path);
	free(v);
}
