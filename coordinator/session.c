/*
 * session.c - a machine's session: registering, its first status, signs of
 * life, and its end. Called by the faces (machine_register) and the sweep.
 */
#include "coordinator/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "coordinator/machine_int.h"
#include "io/stream.h"
#include "io/tls.h"

#define MISSES_MAX	3	/* status requests without answer: dead */
#define HALT_MS		5000

static void
forget_session(struct machine *m)
{
	strs_release(&m->features);
	free(m->boot);
	m->boot = NULL;
	m->known = false;
	m->version = 0;
	m->misses = 0;
	m->probing = false;
}

void
session_over(struct machine *m, const char *why)
{
	char	copy[ERR_MAX];

	if (m->rd == NULL)
		return;
	snprintf(copy, sizeof copy, "%s", why);
	log_info("machine %s: gone: %s%s%s", m->name, copy,
	    m->lease == NULL ? "" : "; it holds ", m->lease == NULL ? "" : m->lease);
	m->heard = machine_heard(m);
	bclient_free(m->bc, copy);
	m->bc = NULL;
	successor_forget(m);
	revdial_free(m->rd);
	m->rd = NULL;
	forget_session(m);
	machine_set_state(m, MACHINE_GONE, copy);
	free(m->lost_why);
	m->lost_why = xstrdup(copy);
	machine_tell(m, TELL_LOST);
}

static void
on_down(struct revdial *rd, const struct err *why, void *arg)
{
	if (!successor_down(arg, rd, why->msg))
		session_over(arg, why->msg);
}

/* --- status ----------------------------------------------------------------- */

/* 0 if st makes sense for a machine that we want. */
static int
status_take(struct machine *m, const struct api_status *st, struct err *e)
{
	size_t	i;

	if (st->version < API_BUILDLET_VERSION_MIN)
		return err_set(e, "buildlet version %d is too old, at least %d is needed",
		    st->version, API_BUILDLET_VERSION_MIN);
	forget_session(m);
	m->known = true;
	m->version = st->version;
	for (i = 0; i < st->features.n; i++)
		strs_add(&m->features, st->features.v[i]);
	m->boot = st->boot == NULL ? NULL : xstrdup(st->boot);
	return 0;
}

static void
on_first_status(int status, const char *text, size_t len, const struct err *why,
    void *arg)
{
	struct machine		*m = errand_over(arg);
	struct api_status	 st;
	struct err		 e = ERR_INIT;

	(void)status;
	if (m == NULL || m->state != MACHINE_JOINING)
		return;
	if (why != NULL) {
		session_over(m, why->msg);
		return;
	}
	memset(&st, 0, sizeof st);
	if (api_status_parse(&st, text, len, &e) == -1 || status_take(m, &st, &e) == -1) {
		session_over(m, e.msg);
		api_status_release(&st);
		return;
	}
	m->heard = machine_now(m);
	m->probe_at = m->heard + m->all->core->cfg.probe_ms;
	rivals_came(&m->rivals, m->name, m->boot, m->peer, m->heard);
	log_info("machine %s: joined: host type %s, version %d, revdial %s, from %s, "
	    "epoch %llu%s", m->name, m->type->name, m->version, revdial_name(m->rd),
	    m->peer, (unsigned long long)m->epoch,
	    m->resumed ? ", TLS session resumed" : "");
	m->all->events->joined(m, &st, m->all->events_arg);
	api_status_release(&st);
	if (m->state == MACHINE_JOINING)	/* nobody claimed it */
		machine_release(m, "it holds nothing that we know");
}

static void
on_probe(int status, const char *text, size_t len, const struct err *why, void *arg)
{
	struct machine	*m = errand_over(arg);
	struct err	 e = ERR_INIT;

	(void)status;
	(void)text;
	(void)len;
	if (m == NULL)
		return;
	m->probing = false;
	m->probe_at = machine_now(m) + m->all->core->cfg.probe_ms;
	if (why == NULL) {
		m->misses = 0;
		m->heard = machine_now(m);
		return;
	}
	log_debug("%s", why->msg);
	/* Asked again at once: three misses take no longer than one pause. */
	m->probe_at = machine_now(m);
	if (++m->misses < MISSES_MAX)
		return;
	(void)err_set(&e, "no good answer to %d status requests: %s", MISSES_MAX, why->msg);
	session_over(m, e.msg);
}

/* yamux has a heartbeat of its own, answered by the loop that serves requests. */
static void
probe(struct machine *m, int64_t now)
{
	if (m->yamux || m->probing || m->state == MACHINE_JOINING || now < m->probe_at)
		return;
	m->probing = true;
	bclient_ask(m->bc, "GET", "/status", NULL, m->all->core->cfg.status_ms, on_probe,
	    errand_new(m));
}

void
session_sweep(struct machine *m, int64_t now)
{
	if (m->rd == NULL)
		return;
	bclient_sweep(m->bc, now);
	successor_sweep(m, now);
	probe(m, now);
}

/* --- registering ------------------------------------------------------------ */

static void
dial_machine(void *arg, bclient_opened_fn opened, void *opened_arg)
{
	struct machine	*m = arg;

	revdial_open(m->rd, opened, opened_arg);
}

void
session_came(struct machine *m, const struct machine_join *j, bool resumed)
{
	free(m->hostname);
	free(m->peer);
	m->hostname = xstrdup(j->hostname == NULL ? "" : j->hostname);
	m->peer = xstrdup(j->peer == NULL ? "" : j->peer);
	m->yamux = j->yamux;
	m->resumed = resumed;
	m->connected = m->heard = machine_now(m);
}

void
session_begin(struct machine *m, const struct machine_join *j, struct revdial *rd,
    bool resumed)
{
	struct core	*core = m->all->core;
	char		*label = xasprintf("machine %s", m->name);

	machine_set_type(m, j->host_type);
	session_came(m, j, resumed);
	m->version = j->version;
	m->epoch++;
	m->rd = rd;
	m->bc = bclient_new(core->loop, label, dial_machine, m, &core->cfg.limits);
	free(label);
	machine_set_state(m, MACHINE_JOINING, NULL);
	bclient_ask(m->bc, "GET", "/status", NULL, core->cfg.join_ms, on_first_status,
	    errand_new(m));
}

static struct revdial *
turn_around(struct machine *m, bool yamux, struct stream *carrier)
{
	static const struct revdial_cb	 cb = { .down = on_down };
	struct core			*core = m->all->core;

	if (yamux)
		return revdial_yamux(core->loop, carrier, true, &core->cfg.revdial, &cb, m);
	return revdial_v2_dialer(core->loop, carrier, core->pickups, &core->cfg.revdial,
	    &cb, m);
}

int
machine_register(struct core *core, const struct machine_join *j,
    struct stream *carrier, struct err *e)
{
	struct machine	*m = machine_find(core->machines, j->name);
	bool		 resumed = tls_resumed(carrier);
	struct revdial	*rd;

	if (core->stopping || (m == NULL &&
	    (m = machine_add(core->machines, j->name, j->host_type)) == NULL)) {
		stream_close(carrier);
		return core->stopping ?
		    err_set(e, "register machine %s: the coordinator is stopping", j->name) :
		    err_set(e, "register machine %s: there are %zu already", j->name,
			core->cfg.machines_max);
	}
	rd = turn_around(m, j->yamux, carrier);
	if (m->rd != NULL && successor_wanted(m, j)) {
		successor_offer(m, j, rd, resumed);
		return 0;
	}
	if (m->rd != NULL) {
		log_warn("machine %s: registered again from %s: the connection from %s is cut",
		    m->name, j->peer, m->peer);
		if (m->known)
			rivals_cut(&m->rivals, m->boot, m->peer, machine_now(m));
		session_over(m, "it registered again");
	}
	session_begin(m, j, rd, resumed);
	return 0;
}

void
machine_disconnect(struct machine *m, const char *why)
{
	session_over(m, why);
}

static void
on_halted(int status, const char *text, size_t len, const struct err *why, void *arg)
{
	struct machine	*m = errand_over(arg);

	(void)status;
	(void)text;
	(void)len;
	if (m == NULL)
		return;
	session_over(m, why == NULL ? "halted" : why->msg);
	machine_drain(m, false);
}

bool
machine_halt(struct machine *m, const char *why)
{
	if (m->state != MACHINE_IDLE && m->state != MACHINE_DRAINING)
		return false;
	log_info("machine %s: halting: %s", m->name, why);
	machine_drain(m, true);
	bclient_ask(m->bc, "POST", "/halt", NULL, HALT_MS, on_halted, errand_new(m));
	return true;
}
