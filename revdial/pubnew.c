/*
 * pubnew.c - how a session of the public library (revdial.h) begins.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>

#include "revdial/public.h"

static void
fill_options(struct revdial_options *o, const struct revdial_options *given)
{
	static const struct revdial_options defaults = {
		.ping_ms = 10000, .dead_ms = 30000, .write_ms = 10000,
		.linger_ms = 30000, .streams_max = 4096, .accept_max = 256,
		.window_max = 16 * 1024 * 1024, .memory_max = 64 * 1024 * 1024,
		.alloc = calloc, .release = free,
	};

	*o = given != NULL ? *given : defaults;
#define FILL(member) if (o->member == 0) o->member = defaults.member
	FILL(ping_ms);
	FILL(dead_ms);
	FILL(write_ms);
	FILL(linger_ms);
	FILL(streams_max);
	FILL(accept_max);
	FILL(window_max);
	FILL(memory_max);
	FILL(alloc);
	FILL(release);
#undef FILL
}

static struct revdial_session *
session_alloc(const struct revdial_options *given, const struct revdial_events *events,
    void *arg)
{
	struct revdial_options	 o;
	struct revdial_session	*s;

	fill_options(&o, given);
	if (o.ping_ms < 0 || o.dead_ms < 0 || o.write_ms < 0 || o.linger_ms < 0 ||
	    events == NULL) {
		errno = EINVAL;
		return NULL;
	}
	if ((s = o.alloc(1, sizeof *s)) == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	s->options = o;
	s->events = events;
	s->arg = arg;
	s->link.fd = -1;
	s->heard_ms = s->wrote_ms = pub_now_us() / 1000;
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->pending);
	return s;
}

/* Everything but the link. */
static int
session_fill(struct revdial_session *s, struct event_base *base, enum revdial_role role)
{
	struct mux_config mc = {
		.dialer = role == REVDIAL_DIALER,
		.streams_max = s->options.streams_max,
		.accept_max = s->options.accept_max,
		.window_max = s->options.window_max,
		.memory_max = s->options.memory_max,
		.alloc = s->options.alloc,
		.release = s->options.release,
	};

	s->work = event_new(base, -1, 0, pub_on_work, s);
	s->beat = event_new(base, -1, 0, pub_on_beat, s);
	s->in = evbuffer_new();
	s->out = evbuffer_new();
	if (s->work == NULL || s->beat == NULL || s->in == NULL || s->out == NULL)
		return -1;
	s->m = mux_new(&mc, &pub_mux_ops, s);
	return s->m == NULL ? -1 : 0;
}

/* The windows want to know the round trip. */
static struct revdial_session *
begin(struct revdial_session *s)
{
	struct timeval first = { 0, 0 };

	first.tv_sec = (time_t)(s->options.ping_ms / 1000);
	first.tv_usec = (suseconds_t)(s->options.ping_ms % 1000) * 1000;
	if (event_add(s->beat, &first) == -1) {
		pub_destroy(s);
		errno = ENOMEM;
		return NULL;
	}
	mux_ping(s->m);
	pub_post(s);
	return s;
}

struct revdial_session *
revdial_session_fd(struct event_base *base, int fd, enum revdial_role role,
    const struct revdial_options *options, const struct revdial_events *events,
    void *arg)
{
	struct revdial_session	*s;
	int			 error = ENOMEM;

	if ((s = session_alloc(options, events, arg)) == NULL)
		return NULL;
	if (session_fill(s, base, role) == 0) {
		if (pub_link_init_fd(s, base, fd) == 0)
			return begin(s);
		error = errno;
	}
	pub_destroy(s);
	errno = error;
	return NULL;
}

struct revdial_session *
revdial_session_new(struct event_base *base, const struct revdial_transport *t,
    void *targ, enum revdial_role role, const struct revdial_options *options,
    const struct revdial_events *events, void *arg)
{
	struct revdial_session *s;

	if (t == NULL || t->read == NULL || t->write == NULL || t->wants == NULL ||
	    t->close == NULL) {
		errno = EINVAL;
		return NULL;
	}
	if ((s = session_alloc(options, events, arg)) == NULL)
		return NULL;
	s->link.t = t;
	s->link.targ = targ;
	if (session_fill(s, base, role) == 0)
		return begin(s);
	pub_destroy(s);
	errno = ENOMEM;
	return NULL;
}
