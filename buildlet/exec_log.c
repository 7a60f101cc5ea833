/*
 * exec_log.c - GET /execs/ID/log: where to begin, and from there on.
 *
 * How long the log of a running command is must be asked of its supervisor
 * first, but for the plain case: follow from the beginning.
 */
#include "buildlet/exec_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/record.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execfollow.h"
#include "buildlet/execlog.h"
#include "buildlet/execs.h"
#include "buildlet/execspec.h"

#define ASK_MS	5000

enum from { FROM_OFFSET, FROM_SINCE, FROM_LINES, FROM_BYTES };

struct place {			/* what the request says */
	enum from	 from;
	int64_t		 value;
	bool		 follow;
};

struct asking {			/* a request that waits for news */
	struct buildlet		*b;
	struct http_req		*r;
	struct exec		*x;
	struct exec_watch	*watch;
	struct timer		*timer;
	struct place		 place;
};

/* ---- the answer ---- */

static uint64_t
place_offset(const struct place *p, struct exec *x)
{
	uint64_t	end = exec_log_end(x);
	int		dir = exec_dir(x);

	switch (p->from) {
	case FROM_SINCE:
		return execlog_since(dir, end, p->value);
	case FROM_LINES:
		return execlog_tail_lines(dir, end, (uint64_t)p->value);
	case FROM_BYTES:
		return execlog_tail_bytes(dir, end, (uint64_t)p->value);
	case FROM_OFFSET:
		break;
	}
	return (uint64_t)p->value;
}

static void
log_answer(struct buildlet *b, struct http_req *r, struct exec *x,
    const struct place *p)
{
	struct follow_how	how = { .offset = place_offset(p, x) };
	char			text[24];

	if (how.offset > exec_log_end(x)) {
		reply_error(r, 416, "buildlet: the log of exec %s ends at %llu, before "
		    "offset %llu", exec_id(x), (unsigned long long)exec_log_end(x),
		    (unsigned long long)how.offset);
		return;
	}
	how.end = p->follow ? UINT64_MAX : exec_log_end(x);
	snprintf(text, sizeof text, "%llu", (unsigned long long)how.offset);
	reply_header(r, API_H_EXEC_OFFSET, text);
	reply_header(r, "Content-Type", RECORD_TYPE);
	reply_header(r, "Trailer", FOLLOW_TRAILERS);
	follow_new(b, x, reply_stream(r, 200, -1), &how, NULL, NULL);
}

/* ---- asking ---- */

static void
asking_free(struct asking *a)
{
	timer_free(a->timer);
	exec_unwatch(a->watch);
	free(a);
}

static void
on_gone(void *arg)
{
	asking_free(arg);
}

static void
on_changed(struct exec *x, void *arg)
{
	struct asking	*a = arg;

	if (exec_asking(x))
		return;
	req_not_on_done(a->r, on_gone, a);
	log_answer(a->b, a->r, x, &a->place);
	asking_free(a);
}

static void
on_time(void *arg)
{
	struct asking	*a = arg;

	req_not_on_done(a->r, on_gone, a);
	reply_error(a->r, 503, "buildlet: the supervisor of exec %s does not answer: "
	    "try again", exec_id(a->x));
	asking_free(a);
}

static void
ask(struct buildlet *b, struct http_req *r, struct exec *x, const struct place *p)
{
	struct asking	*a = xcalloc(1, sizeof *a);

	a->b = b;
	a->r = r;
	a->x = x;
	a->place = *p;
	a->watch = exec_watch(x, on_changed, a);
	a->timer = timer_new(b->loop, on_time, a);
	timer_set(a->timer, ASK_MS);
	req_on_done(r, on_gone, a);
	exec_ask(x);
	exec_watch_wake(a->watch);
}

/* ---- the request ---- */

/* 1: it is there; 0: it is not; -1: r is answered. */
static int
place_number(struct http_req *r, const char *name, enum from from, struct place *p)
{
	if (req_param(r, name) == NULL)
		return 0;
	p->from = from;
	return exec_api_number(r, name, 0, INT64_MAX, 0, &p->value) == -1 ? -1 : 1;
}

static int
place_since(struct http_req *r, struct place *p)
{
	const char	*text = req_param(r, "since");

	if (text == NULL)
		return 0;
	p->from = FROM_SINCE;
	if (clock_parse_rfc3339(text, &p->value) == 0)
		return 1;
	reply_error(r, 400, "buildlet: invalid 'since' parameter: not a time of RFC 3339");
	return -1;
}

static bool
place_read(struct http_req *r, struct place *p)
{
	int	got[4] = { place_number(r, "offset", FROM_OFFSET, p) };

	if (got[0] == -1 || (got[1] = place_since(r, p)) == -1 ||
	    (got[2] = place_number(r, "tail", FROM_LINES, p)) == -1 ||
	    (got[3] = place_number(r, "tailBytes", FROM_BYTES, p)) == -1)
		return false;
	if (got[0] + got[1] + got[2] + got[3] > 1) {
		reply_error(r, 400, "buildlet: only one of 'offset', 'since', 'tail' and "
		    "'tailBytes' may be given");
		return false;
	}
	p->follow = execspec_true(req_param(r, "follow"));
	return true;
}

void
exec_api_log(struct buildlet *b, struct http_req *r, struct exec *x)
{
	struct place	p = { .from = FROM_OFFSET };

	if (req_http10(r)) {
		reply_error(r, 400, "HTTP/1.1 or higher required");
		return;
	}
	if (!place_read(r, &p))
		return;
	if (exec_state(x) >= EXEC_ENDED ||
	    (p.follow && p.from == FROM_OFFSET && p.value == 0))
		log_answer(b, r, x, &p);
	else
		ask(b, r, x, &p);
}
