/*
 * fake_machine.h - machines made of a stream pair, revdial and a small HTTP server
 * that answers as a buildlet, for core_fixture.h.
 */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/record.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "coordinator/core.h"
#include "http/req.h"
#include "http/server.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/stream.h"

#define HOST	"host-x"
#define LONG_MS	((int64_t)1000 * 3600 * 1000)

struct fake;

struct fix {
	char		 dir[512];
	struct loop	*loop;
	struct store	*store;
	struct catalog	*catalog;
	struct core_config cfg;
	struct core	*core;
	struct http_server *pickups;	/* GET /revdial of v2 machines */
	struct fake	*fakes;
};

/* --- machines --------------------------------------------------------------- */

#define FAKE_EXECS 8

struct fake_exec {
	char		 id[40];
	const char	*state, *status, *why;
	const char	*cmd;		/* as JSON has it */
	int64_t		 seq, created, ended;
	const char	*output;	/* one record of stdout */
};

struct fake {			/* what a buildlet is to the coordinator */
	struct fix		*fx;
	struct fake		*next;
	char			 name[64];
	bool			 yamux;
	int			 version;
	bool			 stock;		/* no lease, no boot */
	char			 boot[16];
	char			 lease[STORE_LEASE_MAX];
	struct revdial		*rd;
	struct http_server	*server;
	unsigned		 statuses, wipes, execs, halts, closed;
	bool			 hold_status, hold_wipe;	/* no answer */
	bool			 fail_wipe;
	bool			 abort_next;	/* the next request is cut without answer */
	bool			 down;

	bool			 has_execs;	/* the feature */
	struct fake_exec	 x[FAKE_EXECS];
	size_t			 nx;
	int64_t			 seq;
	unsigned		 lists, logs;
	char			 after[32];	/* of the last list, "" if it was of all */
	bool			 hold_list, hold_log;
};

static UNUSED void
fake_status(struct fake *f, struct http_req *r)
{
	struct str	 s = STR_INIT;

	f->statuses++;
	if (f->hold_status)
		return;
	str_addf(&s, "{\"Version\":%d", f->version);
	if (!f->stock)
		str_addf(&s, ",\"Features\":[\"lease\"%s],\"Boot\":\"%s\"",
		    f->has_execs ? ",\"execs\"" : "", f->boot);
	if (!f->stock && f->lease[0] != '\0')
		str_addf(&s, ",\"Lease\":\"%s\"", f->lease);
	str_add(&s, "}");
	reply_text(r, 200, str_text(&s));
	str_release(&s);
}

/* --- execs */

static UNUSED struct fake_exec *
fake_exec(struct fake *f, const char *id)
{
	size_t	i;

	for (i = 0; i < f->nx; i++)
		if (strcmp(f->x[i].id, id) == 0)
			return &f->x[i];
	return NULL;
}

/* One begins. */
static UNUSED struct fake_exec *
fake_run(struct fake *f, const char *id)
{
	struct fake_exec	*x = &f->x[f->nx++];

	ck_assert_uint_le(f->nx, FAKE_EXECS);
	memset(x, 0, sizeof *x);
	snprintf(x->id, sizeof x->id, "%s", id);
	x->state = "running";
	x->cmd = "prog";
	x->status = x->why = "";
	x->seq = ++f->seq;
	x->created = clock_wall(loop_clock(f->fx->loop));
	return x;
}

static UNUSED void
fake_end(struct fake *f, const char *id, const char *status, const char *output)
{
	struct fake_exec	*x = fake_exec(f, id);

	x->state = "ended";
	x->status = status;
	x->output = output;
	x->seq = ++f->seq;
	x->ended = clock_wall(loop_clock(f->fx->loop));
}

static UNUSED void
fake_exec_text(struct str *s, const struct fake_exec *x)
{
	char	time[CLOCK_TEXT_MAX];
	size_t	len = x->output == NULL ? 0 : strlen(x->output);

	str_addf(s, "{\"ID\":\"%s\",\"Seq\":%lld,\"Cmd\":\"%s\",\"Args\":[\"a\",\"\",\"b c\"],"
	    "\"State\":\"%s\",\"Created\":\"%s\",\"Status\":\"%s\",\"Why\":\"%s\","
	    "\"LogEnd\":%zu,\"Output\":%zu", x->id, (long long)x->seq, x->cmd, x->state,
	    clock_rfc3339(x->created, true, time), x->status, x->why,
	    len == 0 ? 0 : len + RECORD_HEAD, len);
	if (x->ended != 0)
		str_addf(s, ",\"Ended\":\"%s\"", clock_rfc3339(x->ended, true, time));
	str_add(s, "}");
}

static UNUSED void
fake_list(struct fake *f, struct http_req *r)
{
	const char	*after = req_param(r, "after");
	struct str	 s = STR_INIT;
	int64_t		 seq = 0;
	size_t		 i, running = 0, n = 0;

	f->lists++;
	snprintf(f->after, sizeof f->after, "%s", after == NULL ? "" : after);
	if (f->hold_list)
		return;
	if (after != NULL)
		ck_assert_int_eq(str_int64(after, 0, INT64_MAX, &seq), 0);
	str_add(&s, "{\"Execs\":[");
	for (i = 0; i < f->nx; i++) {
		running += strcmp(f->x[i].state, "running") == 0;
		if (f->x[i].seq <= seq)
			continue;
		str_add(&s, n++ > 0 ? "," : "");
		fake_exec_text(&s, &f->x[i]);
	}
	str_addf(&s, "],\"Seq\":%lld,\"Running\":%zu}", (long long)f->seq, running);
	reply_text(r, 200, str_text(&s));
	str_release(&s);
}

static UNUSED void
fake_log(struct fake *f, struct http_req *r)
{
	unsigned char		 head[RECORD_HEAD];
	char			*id = req_strdup(r, req_path(r) + strlen("/execs/"));
	struct fake_exec	*x;
	struct record		 rec = { RECORD_STDOUT, 0, 5 };
	struct str		 s = STR_INIT;

	f->logs++;
	if (f->hold_log)
		return;
	id[strcspn(id, "/")] = '\0';
	x = fake_exec(f, id);
	if (x == NULL) {
		reply_error(r, 404, "no such exec: %s", id);
		return;
	}
	ck_assert_str_eq(req_param(r, "tailBytes"), "65536");
	rec.len = x->output == NULL ? 0 : (uint32_t)strlen(x->output);
	record_put(head, &rec);
	if (rec.len > 0) {
		str_addn(&s, head, sizeof head);
		str_addn(&s, x->output, rec.len);
	}
	reply_header(r, "Exec-Offset", "0");
	reply_data(r, 200, RECORD_TYPE, str_text(&s), s.len);
	str_release(&s);
}

static UNUSED void
fake_wipe(struct fake *f, struct http_req *r, const char *lease)
{
	f->wipes++;
	if (f->hold_wipe)
		return;
	if (f->fail_wipe) {
		reply_error(r, 500, "the disk is on fire");
		return;
	}
	if (lease != NULL)
		snprintf(f->lease, sizeof f->lease, "%s", lease);
	f->nx = 0;
	reply_text(r, 200, "OK");
}

static UNUSED void
on_exec_done(void *arg)
{
	((struct fake *)arg)->closed++;
}

static UNUSED void
fake_form(char *text, size_t len, const struct err *why, void *arg)
{
	struct http_req	*r = arg;
	struct fake	*f = req_data(r);
	struct form	*form;

	if (text == NULL)
		ck_abort_msg("form: %s", why->msg);
	form = form_parse(text, len, 10, NULL);
	ck_assert(form != NULL);
	if (strcmp(req_path(r), "/lease") == 0) {
		ck_assert_str_eq(form_get(form, "wipe"), "1");
		fake_wipe(f, r, form_get(form, "id"));
	} else {
		ck_assert_str_eq(form_get(form, "path"), ".");
		fake_wipe(f, r, NULL);
	}
	form_free(form);
	free(text);
}

static UNUSED void
on_follow_room(struct body *b, void *arg)
{
	(void)arg;
	if (body_closed(b)) {
		body_on_room(b, NULL, NULL);
		body_end(b, NULL);
	}
}

static UNUSED void
on_fake_request(struct http_req *r, void *arg)
{
	struct fake	*f = arg;

	req_set_data(r, f);
	if (strcmp(req_path(r), "/status") == 0) {
		fake_status(f, r);
	} else if (strcmp(req_path(r), "/lease") == 0 ||
	    strcmp(req_path(r), "/removeall") == 0) {
		body_collect(req_take_body(r), 4096, fake_form, r);
	} else if (strcmp(req_path(r), "/exec") == 0) {	/* never answers */
		f->execs++;
		req_on_done(r, on_exec_done, f);
	} else if (strcmp(req_path(r), "/execs") == 0) {
		fake_list(f, r);
	} else if (strncmp(req_path(r), "/execs/", 7) == 0) {
		fake_log(f, r);
	} else if (strcmp(req_path(r), "/follow") == 0) {	/* an answer without end */
		body_on_room(reply_stream(r, 200, -1), on_follow_room, NULL);
	} else if (f->abort_next) {
		f->abort_next = false;
		req_abort(r, "the test says so");
	} else if (strcmp(req_path(r), "/big") == 0) {
		reply_data(r, 200, "text/plain", memset(req_alloc(r, 100000), 'x', 100000),
		    100000);
	} else if (strcmp(req_path(r), "/halt") == 0) {
		f->halts++;
		reply_text(r, 200, "");
	} else {
		reply_text(r, 200, "hello");
	}
}

static UNUSED void
on_fake_accept(struct revdial *rd, struct stream *s, void *arg)
{
	(void)rd;
	http_server_serve(((struct fake *)arg)->server, s);
}

static UNUSED void
on_fake_down(struct revdial *rd, const struct err *why, void *arg)
{
	(void)rd;
	(void)why;
	((struct fake *)arg)->down = true;
}

static UNUSED struct stream *
fake_pickup(void *arg)
{
	struct fake	*f = arg;
	struct stream	*ends[2];

	stream_pair(f->fx->loop, ends);
	http_server_serve(f->fx->pickups, ends[0]);
	return ends[1];
}

static UNUSED void
on_picked_up(struct stream *s, void *arg)
{
	revdial_pickup_deliver(arg, s);
}

static UNUSED void
on_pickup_request(struct http_req *r, void *arg)
{
	struct fix		*fx = arg;
	const char		*secret = req_param(r, "revdial.dialer");
	struct revdial_pickup	*p;

	p = secret == NULL ? NULL : revdial_pickups_claim(fx->core->pickups, secret);
	if (p == NULL)
		reply_error(r, 400, "unknown dialer");
	else
		reply_upgrade(r, 101, on_picked_up, p);
}

/* Dials in, or again; the core sees a registration. */
static UNUSED void
fake_connect(struct fake *f)
{
	static const struct revdial_cb	 cb = {
	    .accept = on_fake_accept, .down = on_fake_down };
	struct revdial_config		 rc = { .ping_ms = LONG_MS, .dead_ms = LONG_MS };
	struct http_limits		 hl = { .idle_ms = LONG_MS, .head_ms = LONG_MS };
	struct machine_join		 j = { .name = f->name, .host_type = HOST,
	    .hostname = f->name, .peer = "127.0.0.1:1", .yamux = f->yamux };
	struct stream			*ends[2];
	struct err			 e = ERR_INIT;

	if (f->rd != NULL)
		revdial_free(f->rd);
	http_server_free(f->server);
	f->server = http_server_new(f->fx->loop, &hl, on_fake_request, f);
	f->down = false;
	stream_pair(f->fx->loop, ends);
	f->rd = f->yamux ?
	    revdial_yamux(f->fx->loop, ends[1], false, &rc, &cb, f) :
	    revdial_v2_listener(f->fx->loop, ends[1], fake_pickup, f, &rc, &cb, f);
	ck_assert_msg(machine_register(f->fx->core, &j, ends[0], &e) == 0, "%s", e.msg);
}

static UNUSED void
fake_cut(struct fake *f)
{
	if (f->rd != NULL)
		revdial_free(f->rd);
	f->rd = NULL;
	http_server_free(f->server);
	f->server = NULL;
}

static UNUSED struct fake *
fake_new(struct fix *fx, const char *name)
{
	struct fake	*f = xcalloc(1, sizeof *f);

	f->fx = fx;
	f->next = fx->fakes;
	fx->fakes = f;
	f->yamux = true;
	f->version = 29;
	snprintf(f->boot, sizeof f->boot, "boot1");
	snprintf(f->name, sizeof f->name, "%s", name);
	return f;
}

#endif
