/*
 * wipe.c - making a machine ready: emptied after a lease, emptied and told its
 * new lease before one, quarantined where that fails.
 */
#include "coordinator/machine.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "coordinator/machine_int.h"
#include "http/url.h"

#define RETRY_MAX_MS	(10 * 60 * 1000)

/* Ours ends every command, empties the work directory and remembers the lease
 * in one step ("" is none); a stock one can only be emptied. */
static void
ask_wipe(struct machine *m, const char *lease, bclient_fn fn, struct errand *er)
{
	struct form	*f = form_new();
	const char	*target = "/removeall";

	if (machine_has(m, API_F_LEASE)) {
		target = "/lease";
		form_add(f, "id", lease);
		form_add(f, "wipe", "1");
	} else {
		form_add(f, "path", ".");
	}
	bclient_ask(m->bc, "POST", target, f, m->all->core->cfg.clean_ms, fn, er);
	form_free(f);
}

static void
quarantine(struct machine *m, const char *why)
{
	int64_t	first = m->all->core->cfg.retry_ms;

	m->retry_ms = m->retry_ms == 0 ? first : m->retry_ms * 2;
	if (m->retry_ms > RETRY_MAX_MS)
		m->retry_ms = RETRY_MAX_MS;
	m->retry_at = machine_now(m) + m->retry_ms;
	log_warn("machine %s: quarantined, next try in %llds: %s", m->name,
	    (long long)m->retry_ms / 1000, why);
	machine_set_state(m, MACHINE_QUARANTINED, why);
}

static void
on_wiped(int status, const char *text, size_t len, const struct err *why, void *arg)
{
	struct machine	*m = errand_over(arg);

	(void)status;
	(void)text;
	(void)len;
	if (m == NULL || m->state != MACHINE_CLEANING)
		return;
	if (why != NULL) {
		quarantine(m, why->msg);
		return;
	}
	m->retry_ms = 0;
	m->heard = machine_now(m);
	machine_set_state(m, m->drain ? MACHINE_DRAINING : MACHINE_IDLE, NULL);
}

void
wipe_start(struct machine *m)
{
	machine_set_state(m, MACHINE_CLEANING, NULL);
	ask_wipe(m, "", on_wiped, errand_new(m));
}

void
wipe_sweep(struct machine *m, int64_t now)
{
	if (m->state == MACHINE_QUARANTINED && m->retry_at <= now)
		wipe_start(m);
}

void
machine_release(struct machine *m, const char *why)
{
	free(m->lease);
	m->lease = NULL;
	/* One that has not told yet what it can do is wiped when it has. */
	if (m->state != MACHINE_LEASED && (m->state != MACHINE_JOINING || !m->known))
		return;
	log_debug("machine %s: released: %s", m->name, why);
	bclient_cut(m->bc, why);
	wipe_start(m);
}

void
machine_adopt(struct machine *m, const char *lease)
{
	free(m->lease);
	m->lease = xstrdup(lease);
	machine_set_state(m, MACHINE_LEASED, NULL);
}

static void
on_prepared(int status, const char *text, size_t len, const struct err *why, void *arg)
{
	struct errand		*er = arg;
	struct machine		*m, *record = er->m;
	machine_ready_fn	 ready = er->ready;
	void			*ready_arg = er->ready_arg;
	char			*lease = er->lease;
	struct err		 gone = ERR_INIT;

	(void)status;
	(void)text;
	(void)len;
	er->lease = NULL;
	m = errand_over(er);
	if (record == NULL) {		/* everything was torn down */
		free(lease);
		return;
	}
	if (m == NULL || m->state != MACHINE_CLEANING) {
		(void)err_set(&gone, "machine %s: went away while it was prepared: %s",
		    record->name, why == NULL ? "registered again" : why->msg);
		why = &gone;
	} else if (why != NULL) {
		quarantine(m, why->msg);
	} else {
		m->heard = machine_now(m);
		machine_adopt(m, lease);
	}
	free(lease);
	ready(record, why, ready_arg);
}

void
machine_prepare(struct machine *m, const char *lease, machine_ready_fn ready, void *arg)
{
	struct errand	*er = errand_new(m);

	er->lease = xstrdup(lease);
	er->ready = ready;
	er->ready_arg = arg;
	machine_set_state(m, MACHINE_CLEANING, NULL);
	ask_wipe(m, lease, on_prepared, er);
}

void
machine_drain(struct machine *m, bool on)
{
	if (m->drain == on)
		return;
	m->drain = on;
	if (on && m->state == MACHINE_IDLE)
		machine_set_state(m, MACHINE_DRAINING, NULL);
	else if (!on && m->state == MACHINE_DRAINING)
		machine_set_state(m, MACHINE_IDLE, NULL);
}
