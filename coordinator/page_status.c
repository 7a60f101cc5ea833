/*
 * page_status.c - GET /: pools, machines, queues and how the coordinator does,
 * for people (HTML) and programs (?mode=json). It needs no login, so it tells
 * nothing that is between a user and a machine: instances are shown without the
 * names that they have, which are their users'.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "coordinator/face.h"
#include "coordinator/health.h"
#include "coordinator/page.h"
#include "coordinator/present.h"
#include "coordinator/routes.h"
#include "http/server.h"

#define ROWS_MAX	2000	/* machines, instances, requests shown, */
#define ENDED_MAX	50	/* and ended instances */

struct page {
	struct face	*f;
	struct str	*html;		/* one of the two */
	struct json	*list;
	size_t		 rows;
};

/* --- JSON -------------------------------------------------------------------- */

static void
set_time(struct json *j, const char *key, int64_t wall)
{
	char	text[CLOCK_TEXT_MAX];

	if (wall == 0)
		json_set_str(j, key, NULL);
	else
		json_set_str(j, key, clock_rfc3339(wall, true, text));
}

static bool
host_json(const struct pool_host_row *row, void *arg)
{
	struct json	*j = json_object(), *states = json_object();
	struct page	*p = arg;
	int		 s;

	json_set_str(j, "Name", row->type->name);
	json_set_str(j, "Pool", row->type->pool);
	json_set_int(j, "Expect", (int64_t)row->type->expect);
	json_set_int(j, "Limit", (int64_t)row->pool.limit);
	json_set_int(j, "Starting", (int64_t)row->pool.starting);
	json_set_int(j, "Connected", (int64_t)row->machines.connected);
	for (s = 0; s < MACHINE_STATES; s++)
		json_set_int(states, machine_state_name((enum machine_state)s),
		    (int64_t)row->machines.in[s]);
	json_set(j, "Machines", states);
	json_set_int(j, "Waiting", (int64_t)row->waiting);
	json_set_double(j, "OldestWaitSeconds", (double)row->oldest_ms / 1000);
	json_set_str(j, "Note", row->pool.note);
	json_push(p->list, j);
	return true;
}

static bool
machine_json(const struct machine_row *m, void *arg)
{
	struct page	*p = arg;
	struct json	*j = json_object();

	json_set_str(j, "Name", m->name);
	json_set_str(j, "HostType", m->host_type);
	json_set_str(j, "State", machine_state_name(m->state));
	json_set_bool(j, "Drain", m->drain);
	json_set_str(j, "Reason", m->reason);
	json_set_bool(j, "Leased", m->lease != NULL);
	json_set_str(j, "Revdial", m->revdial);
	json_set_int(j, "Version", m->version);
	set_time(j, "Connected", m->connected);
	set_time(j, "Heard", m->heard);
	set_time(j, "Since", m->since);
	json_push(p->list, j);
	return ++p->rows < ROWS_MAX;
}

static bool
instance_json(const struct instance_row *i, void *arg)
{
	struct page	*p = arg;
	struct json	*j = json_object();

	json_set_str(j, "BuilderType", i->builder_type);
	json_set_str(j, "HostType", i->host_type);
	json_set_str(j, "Machine", i->machine);
	json_set_str(j, "State", instance_state_name(i->state));
	set_time(j, "Created", i->created);
	set_time(j, "Expires", i->expires);
	set_time(j, "Limit", i->limit);
	json_set_int(j, "Running", (int64_t)i->running);
	json_set_int(j, "Requests", (int64_t)i->holds);
	json_push(p->list, j);
	return ++p->rows < ROWS_MAX;
}

static bool
ended_json(const struct store_lease *l, void *arg)
{
	struct page	*p = arg;
	struct json	*j = json_object();

	json_set_str(j, "BuilderType", l->builder_type);
	json_set_str(j, "HostType", l->host_type);
	set_time(j, "Created", l->created);
	set_time(j, "Ended", l->ended);
	json_set_str(j, "Reason", present_reason(l->reason));
	json_push(p->list, j);
	return true;
}

/* The last that ended; without them where the store fails. */
static void
each_ended(struct face *f, store_lease_fn fn, struct page *p)
{
	struct err	e = ERR_INIT;

	if (store_leases_ended(f->core->store, fn, p, ENDED_MAX, &e) == -1)
		log_error("%s", e.msg);
}

static struct json *
self_json(struct face *f)
{
	struct json	*j = json_object();
	struct err	 e = ERR_INIT;

	json_set_str(j, "Version", GOMOTE_VERSION);
	set_time(j, "Started", f->started);
	json_set_bool(j, "Healthy", health_check(f->health, &e) == 0);
	json_set_str(j, "Trouble", e.msg);
	json_set_int(j, "LoopLagMs", health_lag_ms(f->health));
	json_set_int(j, "Connections", (int64_t)http_server_connections(f->server));
	json_set_int(j, "Instances", (int64_t)instance_count(f->core, NULL));
	json_set_int(j, "Waiting", (int64_t)sched_waiting(f->core, NULL));
	return j;
}

static void
as_json(struct http_req *r, struct face *f)
{
	struct page	 hosts = { .f = f, .list = json_array() };
	struct page	 machines = { .f = f, .list = json_array() };
	struct page	 instances = { .f = f, .list = json_array() };
	struct page	 ended = { .f = f, .list = json_array() };
	struct json	*j = json_object();

	core_host_rows(f->core, host_json, &hosts);
	machine_rows(f->core->machines, NULL, machine_json, &machines);
	instance_rows(f->core, NULL, instance_json, &instances);
	each_ended(f, ended_json, &ended);
	json_set(j, "Coordinator", self_json(f));
	json_set(j, "HostTypes", hosts.list);
	json_set(j, "Machines", machines.list);
	json_set(j, "Instances", instances.list);
	json_set(j, "Ended", ended.list);
	face_reply_json(r, 200, j);
}

/* --- HTML --------------------------------------------------------------------- */

static void
expected(const struct pool_host_row *row, char *buf, size_t size)
{
	if (row->type->expect > 0)
		snprintf(buf, size, "%zu of %zu", row->machines.connected, row->type->expect);
	else if (row->pool.limit > 0)
		snprintf(buf, size, "%zu of at most %zu", row->machines.connected,
		    row->pool.limit);
	else
		snprintf(buf, size, "%zu", row->machines.connected);
}

static bool
host_html(const struct pool_host_row *row, void *arg)
{
	struct page	*p = arg;
	char		 connected[64], oldest[CLOCK_TEXT_MAX];
	const size_t	*in = row->machines.in;

	expected(row, connected, sizeof connected);
	clock_duration(row->oldest_ms / 1000 * 1000, oldest);
	html_addf(p->html, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%lld</td><td>%lld</td>"
	    "<td>%lld</td><td>%lld</td><td>%lld</td><td>%s</td><td>%s</td></tr>\n",
	    row->type->name, row->type->pool, connected,
	    (long long)in[MACHINE_IDLE], (long long)in[MACHINE_LEASED],
	    (long long)(in[MACHINE_CLEANING] + in[MACHINE_JOINING] + row->pool.starting),
	    (long long)(in[MACHINE_QUARANTINED] + in[MACHINE_DRAINING]),
	    (long long)row->waiting, row->waiting > 0 ? oldest : "", row->pool.note);
	return true;
}

static bool
machine_html(const struct machine_row *m, void *arg)
{
	struct page	*p = arg;
	char		 heard[CLOCK_TEXT_MAX + 8], since[CLOCK_TEXT_MAX + 8];

	html_addf(p->html, "<tr><td>%s</td><td>%s</td><td>%s%s</td><td>%s</td><td>%s</td>"
	    "<td>%s</td><td>%d</td><td>%s</td></tr>\n", m->name, m->host_type,
	    machine_state_name(m->state), m->drain ? ", to be drained" : "",
	    face_ago(p->f, m->since, since), face_ago(p->f, m->heard, heard), m->revdial,
	    m->version, m->reason);
	return ++p->rows < ROWS_MAX;
}

static bool
instance_html(const struct instance_row *i, void *arg)
{
	struct page	*p = arg;
	char		 since[CLOCK_TEXT_MAX + 8], left[CLOCK_TEXT_MAX];
	int64_t		 now = clock_wall(loop_clock(p->f->core->loop));

	clock_duration(i->expires > now ? (i->expires - now) / 1000 * 1000 : 0, left);
	html_addf(p->html, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td>"
	    "<td>%lld</td><td>%lld</td></tr>\n", i->builder_type, i->machine,
	    instance_state_name(i->state), face_ago(p->f, i->created, since), left,
	    (long long)i->running, (long long)i->holds);
	return ++p->rows < ROWS_MAX;
}

static bool
ended_html(const struct store_lease *l, void *arg)
{
	struct page	*p = arg;
	char		 ago[CLOCK_TEXT_MAX + 8], lived[CLOCK_TEXT_MAX];

	clock_duration((l->ended - l->created) / 1000 * 1000, lived);
	html_addf(p->html, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
	    l->builder_type, face_ago(p->f, l->ended, ago), lived,
	    present_reason(l->reason));
	return true;
}

static bool
request_html(const struct request_row *q, void *arg)
{
	struct page	*p = arg;
	char		 since[CLOCK_TEXT_MAX + 8];

	html_addf(p->html, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%lld</td><td>%s</td></tr>\n",
	    q->host_type, q->builder_type, face_ago(p->f, q->since, since),
	    (long long)q->ahead, q->preparing ? "a machine is being prepared" : "");
	return ++p->rows < ROWS_MAX;
}

static void
self_html(struct str *s, struct face *f)
{
	char		up[CLOCK_TEXT_MAX];
	struct err	e = ERR_INIT;
	int64_t		now = clock_wall(loop_clock(f->core->loop));
	bool		well = health_check(f->health, &e) == 0;

	clock_duration((now - f->started) / 1000 * 1000, up);
	html_addf(s, "<p>gomote coordinator %s, up for %s, %s%s. Instances: %lld. "
	    "Waiting: %lld.</p>\n", GOMOTE_VERSION, up, well ? "healthy" : "sick: ", e.msg,
	    (long long)instance_count(f->core, NULL),
	    (long long)sched_waiting(f->core, NULL));
}

static void
instances_html(struct face *f, struct page *p)
{
	p->rows = 0;
	html_raw(p->html, "</table>\n<h2>Instances</h2>\n<table><tr><th>builder type</th>"
	    "<th>machine</th><th>state</th><th>created</th><th>ends in</th>"
	    "<th>running</th><th>requests</th></tr>\n");
	instance_rows(f->core, NULL, instance_html, p);
	html_raw(p->html, "</table>\n<h2>Ended</h2>\n<table><tr><th>builder type</th>"
	    "<th>ended</th><th>lived for</th><th>reason</th></tr>\n");
	each_ended(f, ended_html, p);
	html_raw(p->html, "</table>\n");
}

static void
as_html(struct http_req *r, struct face *f)
{
	struct str	 s = STR_INIT;
	struct page	 p = { .f = f, .html = &s };

	page_begin(&s, "gomote coordinator");
	self_html(&s, f);
	html_raw(&s, "<h2>Host types</h2>\n<table><tr><th>host type</th><th>pool</th>"
	    "<th>connected</th><th>idle</th><th>leased</th><th>getting ready</th>"
	    "<th>out of use</th><th>waiting</th><th>oldest</th><th>note</th></tr>\n");
	core_host_rows(f->core, host_html, &p);
	html_raw(&s, "</table>\n<h2>Machines</h2>\n<table><tr><th>machine</th>"
	    "<th>host type</th><th>state</th><th>since</th><th>last heard</th>"
	    "<th>revdial</th><th>version</th><th>reason</th></tr>\n");
	p.rows = 0;
	machine_rows(f->core->machines, NULL, machine_html, &p);
	instances_html(f, &p);
	html_raw(&s, "<h2>Queue</h2>\n<table><tr><th>host type</th>"
	    "<th>builder type</th><th>since</th><th>ahead</th><th></th></tr>\n");
	p.rows = 0;
	sched_rows(f->core, NULL, request_html, &p);
	html_raw(&s, "</table>\n");
	html_end(&s);
	face_reply_html(r, &s);
}

void
page_status(struct http_req *r, void *arg)
{
	if (face_wants_json(r))
		as_json(r, arg);
	else
		as_html(r, arg);
}
