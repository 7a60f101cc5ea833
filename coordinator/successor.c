/*
 * successor.c - a machine's session that takes leave, since its stream ids are
 * nearly used up, and the one that the machine then makes beside it.
 *
 * That a machine registers again while it has a session means most often that the
 * session is dead, so that one is cut at once. But of a session that takes leave the
 * machine was told, or told us. So who comes is asked first: is it the very process
 * that we know, nothing is lost. New requests go to the new session, those under way
 * end in peace on the older one, and neither the machine's state nor its epoch
 * changes. Is it another one, the older session is cut all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "coordinator/machine_int.h"

/* One that asks to take over. */
struct successor {
	struct machine_join	 join;		/* its strings: the two below, or m's */
	char			*hostname, *peer;
	struct revdial		*rd;
	struct bclient		*bc;		/* to ask it who it is */
	bool			 resumed;
	unsigned		 number;
};

static void
candidate_free(struct successor *s, bool keep_session)
{
	bclient_free(s->bc, "another session took its place");
	if (!keep_session)
		revdial_free(s->rd);
	free(s->hostname);
	free(s->peer);
	free(s);
}

static void
candidate_drop(struct machine *m)
{
	if (m->next != NULL)
		candidate_free(m->next, false);
	m->next = NULL;
}

/* It is no successor, or there is nothing left to succeed: it joins as any does. */
static void
candidate_joins(struct machine *m, const char *why)
{
	struct successor	*s = m->next;

	m->next = NULL;
	session_over(m, why);
	session_begin(m, &s->join, s->rd, s->resumed);
	candidate_free(s, true);
}

/* The oldest has had its time. */
static void
older_add(struct machine *m, struct revdial *rd)
{
	if (m->older_n == OLDER_MAX) {
		revdial_free(m->older[0]);
		memmove(m->older, m->older + 1, --m->older_n * sizeof *m->older);
	}
	m->older[m->older_n++] = rd;
	revdial_drain(rd);
}

static void
take_over(struct machine *m)
{
	struct successor	*s = m->next;

	log_info("machine %s: goes on in a new session from %s; the one from %s takes leave, "
	    "with %zu streams", m->name, s->peer, m->peer, revdial_streams(m->rd));
	m->next = NULL;
	older_add(m, m->rd);
	m->rd = s->rd;
	session_came(m, &s->join, s->resumed);
	bclient_renew(m->bc);
	candidate_free(s, true);
}

/* What we know of it is still so? While it is prepared or wiped, its lease may be
 * the one before or the one after. */
static bool
is_same(const struct machine *m, const char *text, size_t len)
{
	struct api_status	st;
	bool			same;

	memset(&st, 0, sizeof st);
	same = api_status_parse(&st, text, len, NULL) == 0 &&
	    st.boot != NULL && m->boot != NULL && strcmp(st.boot, m->boot) == 0 &&
	    (m->state != MACHINE_LEASED || (st.lease != NULL && m->lease != NULL &&
	    strcmp(st.lease, m->lease) == 0));
	api_status_release(&st);
	return same;
}

static void
on_who(int status, const char *text, size_t len, const struct err *why, void *arg)
{
	struct errand	*er = arg;
	unsigned	 number = er->number;
	struct machine	*m = errand_over(er);

	(void)status;
	if (m == NULL || m->next == NULL || m->next->number != number)
		return;
	if (why != NULL) {
		log_warn("machine %s: a new session is of no use: %s", m->name, why->msg);
		candidate_drop(m);
	} else if (is_same(m, text, len))
		take_over(m);
	else
		candidate_joins(m, "it registered again, as another process");
}

/* --- what session.c asks ---------------------------------------------------------- */

bool
successor_wanted(const struct machine *m, const struct machine_join *j)
{
	return j->yamux && m->boot != NULL && m->state != MACHINE_JOINING &&
	    revdial_leaves(m->rd) && strcmp(m->type->name, j->host_type) == 0;
}

static void
dial_candidate(void *arg, bclient_opened_fn opened, void *opened_arg)
{
	struct successor *s = arg;

	revdial_open(s->rd, opened, opened_arg);
}

void
successor_offer(struct machine *m, const struct machine_join *j, struct revdial *rd,
    bool resumed)
{
	struct core		*core = m->all->core;
	struct successor	*s = xcalloc(1, sizeof *s);
	struct errand		*er = errand_new(m);
	char			*label = xasprintf("machine %s", m->name);

	candidate_drop(m);
	m->next = s;
	s->number = er->number = ++m->offers;
	s->join = *j;
	s->join.name = m->name;
	s->join.host_type = m->type->name;
	s->join.hostname = s->hostname = xstrdup(j->hostname == NULL ? "" : j->hostname);
	s->join.peer = s->peer = xstrdup(j->peer == NULL ? "" : j->peer);
	s->resumed = resumed;
	s->rd = rd;
	s->bc = bclient_new(core->loop, label, dial_candidate, s, &core->cfg.limits);
	free(label);
	bclient_ask(s->bc, "GET", "/status", NULL, core->cfg.join_ms, on_who, er);
}

bool
successor_down(struct machine *m, const struct revdial *rd, const char *why)
{
	size_t	i;

	if (rd == m->rd && m->next != NULL) {
		candidate_joins(m, why);
		return true;
	}
	if (m->next != NULL && rd == m->next->rd) {
		log_info("machine %s: a new session ended: %s", m->name, why);
		candidate_drop(m);
		return true;
	}
	for (i = 0; i < m->older_n && m->older[i] != rd; i++)
		;
	if (i == m->older_n)
		return false;
	log_info("machine %s: its older session ended: %s", m->name, why);
	revdial_free(m->older[i]);
	m->older_n--;
	memmove(m->older + i, m->older + i + 1, (m->older_n - i) * sizeof *m->older);
	return true;
}

void
successor_sweep(struct machine *m, int64_t now)
{
	if (m->next != NULL)
		bclient_sweep(m->next->bc, now);
}

size_t
successor_streams(const struct machine *m)
{
	size_t	i, n = 0;

	for (i = 0; i < m->older_n; i++)
		n += revdial_streams(m->older[i]);
	return n;
}

void
successor_forget(struct machine *m)
{
	candidate_drop(m);
	while (m->older_n > 0)
		revdial_free(m->older[--m->older_n]);
}
