/*
 * v2dial.c - revdial version 2, the side that opens streams (the
 * coordinator): a control channel on which it asks for connections, and the
 * register of those that it waits for.
 *
 * A pick-up belongs to its session until it is answered or given up; while it
 * is unclaimed it is also in the register, under its secret. One that was
 * claimed, but not delivered before it was given up, belongs to the claimer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/secret.h"
#include "revdial/v2control.h"
#include "revdial/v2stream.h"

#define SECRET_BYTES	16
#define PATH_PREFIX	"/revdial?revdial.dialer="

struct dialer {
	struct revdial			 r;
	struct revdial_pickups		*all;
	TAILQ_HEAD(, revdial_pickup)	 pending;	/* oldest first */
	size_t				 pending_n;
	struct v2_set			 set;
	struct timer			*beat;
	int64_t				 keep_alive_at;
	bool				 clear;	/* the answer before us has been sent */
};

struct revdial_pickup {
	struct dialer		*d;	/* NULL: given up */
	struct opening		*o;
	char			*secret;
	bool			 claimed, delivered;
	struct stream		*s;	/* delivered */
	TAILQ_ENTRY(revdial_pickup) entry;
};

struct revdial_pickups {
	struct map	*by_secret;
};

static struct dialer *
of(struct revdial *r)
{
	return (struct dialer *)r;
}

/* --- the register --------------------------------------------------------------- */

struct revdial_pickups *
revdial_pickups_new(struct loop *l)
{
	struct revdial_pickups *all = xcalloc(1, sizeof *all);

	(void)l;
	all->by_secret = map_new();
	return all;
}

void
revdial_pickups_free(struct revdial_pickups *all)
{
	if (all == NULL)
		return;
	map_free(all->by_secret);
	free(all);
}

struct revdial_pickup *
revdial_pickups_claim(struct revdial_pickups *all, const char *secret)
{
	struct revdial_pickup *p = map_del(all->by_secret, secret);

	if (p != NULL)
		p->claimed = true;
	return p;
}

void
revdial_pickup_deliver(struct revdial_pickup *p, struct stream *s)
{
	if (p->d == NULL) {
		if (s != NULL)
			stream_close(s);
		free(p->secret);
		free(p);
		return;
	}
	p->delivered = true;
	p->s = s;
	session_heard(&p->d->r);
	session_post(&p->d->r);
}

/* Takes it from its session. What the claimer still holds stays for him. */
static void
pickup_end(struct revdial_pickup *p)
{
	struct dialer *d = p->d;

	TAILQ_REMOVE(&d->pending, p, entry);
	d->pending_n--;
	p->d = NULL;
	if (p->claimed && !p->delivered)
		return;
	if (!p->claimed)
		(void)map_del(d->all->by_secret, p->secret);
	free(p->secret);
	free(p);
}

/* --- the control channel ---------------------------------------------------------- */

/* Whichever comes first: a keep-alive, or the end of somebody's patience. */
static void
beat_set(struct dialer *d)
{
	struct revdial_pickup	*p = TAILQ_FIRST(&d->pending);
	int64_t			 at = d->keep_alive_at;

	if (d->r.down || d->r.freed)
		return;
	if (p != NULL && p->o->by < at)
		at = p->o->by;
	timer_set(d->beat, at - clock_mono(loop_clock(d->r.loop)));
}

static void
keep_alive(struct dialer *d)
{
	v2_control_say(&d->r, V2_KEEP_ALIVE, NULL, NULL);
	d->keep_alive_at = loop_now(d->r.loop) + d->r.config.ping_ms;
}

/* What was written before us (the 101) has left: it must not share a TLS
 * record with our first line. */
static bool
is_clear(struct dialer *d)
{
	if (!d->clear && stream_unsent(d->r.carrier) == 0) {
		d->clear = true;
		keep_alive(d);
		beat_set(d);
	}
	return d->clear;
}

static void
pickup_failed(struct dialer *d, const struct v2_line *l)
{
	struct revdial_pickup	*p;
	struct opening		*o;
	struct err		 e = ERR_INIT;

	TAILQ_FOREACH(p, &d->pending, entry)
		if (!p->claimed && str_starts(l->path, PATH_PREFIX) &&
		    str_eq(l->path + strlen(PATH_PREFIX), p->secret))
			break;
	if (p == NULL)
		return;
	o = p->o;
	pickup_end(p);
	err_code(&e, STREAM_REFUSED, "%s: could not pick up a new stream: %s",
	    d->r.peer, l->why);
	session_opened(&d->r, o, NULL, &e);
}

static void
dialer_hear(struct revdial *r, const struct v2_line *l)
{
	if (l->command == V2_PICKUP_FAILED)
		pickup_failed(of(r), l);
}

/* --- work ---------------------------------------------------------------------------- */

static void
ask(struct dialer *d, struct opening *o)
{
	struct revdial_pickup	*p = xcalloc(1, sizeof *p);
	char			*path;

	o->started = true;
	p->d = d;
	p->o = o;
	p->secret = secret_hex(SECRET_BYTES);
	TAILQ_INSERT_TAIL(&d->pending, p, entry);
	d->pending_n++;
	(void)map_set(d->all->by_secret, p->secret, p);
	path = xasprintf(PATH_PREFIX "%s", p->secret);
	v2_control_say(&d->r, V2_CONN_READY, path, NULL);
	free(path);
}

static struct opening *
next_opening(struct dialer *d)
{
	struct opening *o;

	TAILQ_FOREACH(o, &d->r.openings, entry)
		if (!o->started)
			return o;
	return NULL;
}

static void
ask_for_all(struct dialer *d)
{
	struct opening	*o;
	struct err	 e = ERR_INIT;

	while (!d->r.freed && !d->r.down && (o = next_opening(d)) != NULL) {
		if (d->r.draining)
			err_set(&e, "%s: the session is being drained", d->r.peer);
		else if (d->set.n + d->pending_n >= d->r.config.streams_max)
			err_set(&e, "%s: %zu streams are open already",
			    d->r.peer, d->set.n + d->pending_n);
		else {
			ask(d, o);
			continue;
		}
		session_opened(&d->r, o, NULL, &e);
	}
}

static struct revdial_pickup *
next_delivered(struct dialer *d)
{
	struct revdial_pickup *p;

	TAILQ_FOREACH(p, &d->pending, entry)
		if (p->delivered)
			return p;
	return NULL;
}

static void
tell_delivered(struct dialer *d)
{
	struct revdial_pickup	*p;
	struct opening		*o;
	struct stream		*s;
	struct err		 e = ERR_INIT;

	err_code(&e, STREAM_RESET, "%s: the connection for a new stream broke",
	    d->r.peer);
	while (!d->r.freed && !d->r.down && (p = next_delivered(d)) != NULL) {
		o = p->o;
		s = p->s;
		pickup_end(p);
		if (s != NULL)
			s = v2_stream_new(&d->set, s, d->r.peer);
		session_opened(&d->r, o, s, &e);
	}
}

static void
dialer_work(struct revdial *r)
{
	struct dialer *d = of(r);

	tell_delivered(d);
	if (r->freed || r->down || !is_clear(d))
		return;
	ask_for_all(d);
	beat_set(d);
	if (!r->freed && !r->down && r->draining && d->set.n + d->pending_n == 0)
		session_down(r, 0, "drained");
}

/* The oldest wait first, and all wait equally long. */
static void
give_up_late(struct dialer *d)
{
	struct revdial_pickup	*p;
	struct opening		*o;
	struct err		 e = ERR_INIT;
	char			 buf[CLOCK_TEXT_MAX];
	int64_t			 now = loop_now(d->r.loop);

	err_code(&e, STREAM_TIMEOUT, "%s: did not pick up a new stream within %s",
	    d->r.peer, clock_duration(d->r.config.open_ms, buf));
	while (!d->r.freed && !d->r.down &&
	    (p = TAILQ_FIRST(&d->pending)) != NULL && p->o->by <= now) {
		if (p->delivered)
			return;		/* on its way to the owner */
		o = p->o;
		pickup_end(p);
		session_opened(&d->r, o, NULL, &e);
	}
}

static void
on_beat(void *arg)
{
	struct dialer *d = arg;

	if (d->clear && loop_now(d->r.loop) >= d->keep_alive_at)
		keep_alive(d);
	give_up_late(d);
	beat_set(d);
	session_post(&d->r);
}

/* --- life ----------------------------------------------------------------------------- */

static void
on_heard(void *arg)
{
	session_heard(arg);
}

static void
on_left(void *arg)
{
	session_post(arg);
}

static void
dialer_drain(struct revdial *r)
{
	(void)r;	/* version 2 has no word for it */
}

static void
dialer_cut(struct revdial *r, const char *why)
{
	struct dialer		*d = of(r);
	struct revdial_pickup	*p;

	while ((p = TAILQ_FIRST(&d->pending)) != NULL) {
		if (p->s != NULL)
			stream_close(p->s);
		p->s = NULL;
		pickup_end(p);
	}
	v2_set_cut(&d->set, why);
	timer_free(d->beat);
	d->beat = NULL;
	stream_close(r->carrier);
	r->carrier = NULL;
}

static size_t
dialer_streams(const struct revdial *r)
{
	return ((const struct dialer *)r)->set.n;
}

static int64_t
dialer_rtt_us(const struct revdial *r)
{
	(void)r;
	return -1;
}

static void
dialer_destroy(struct revdial *r)
{
	free(of(r));
}

static const struct session_ops dialer_ops = {
	.name = "2",
	.work = dialer_work,
	.drain = dialer_drain,
	.cut = dialer_cut,
	.streams = dialer_streams,
	.rtt_us = dialer_rtt_us,
	.destroy = dialer_destroy,
	.hear = dialer_hear,
};

struct revdial *
revdial_v2_dialer(struct loop *l, struct stream *carrier,
    struct revdial_pickups *all, const struct revdial_config *config,
    const struct revdial_cb *cb, void *arg)
{
	struct dialer *d = xcalloc(1, sizeof *d);

	session_init(&d->r, &dialer_ops, l, carrier, config, cb, arg);
	if (config == NULL || config->ping_ms == 0 ||
	    d->r.config.ping_ms > V2_KEEP_ALIVE_MS)
		d->r.config.ping_ms = V2_KEEP_ALIVE_MS;
	d->all = all;
	TAILQ_INIT(&d->pending);
	v2_set_init(&d->set, on_heard, on_left, d);
	d->beat = timer_new(l, on_beat, d);
	/* A stock machine says nothing here while all is well, so only writing
	 * has a deadline. */
	stream_timeout(carrier, 0, d->r.config.write_ms);
	v2_control_begin(&d->r);
	session_post(&d->r);
	return &d->r;
}
