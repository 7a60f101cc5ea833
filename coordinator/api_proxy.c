/*
 * api_proxy.c - a request for an instance, passed to its machine and back:
 * both bodies stream, trailers included, and nothing of them is kept here. The
 * instance is held, so renewed, for as long as it lasts.
 *
 *	beginning ──▶ waiting ──head──▶ replying ──▶ done
 *	                 │ └──101──▶ turning ──▶ splicing ──▶ done
 *	                 └──▶ answered: refused or failed ──▶ done
 *
 * Beginning takes a while only where a command is begun (/exec, /execs) and the
 * builder type sets environment: the form is read whole and gets it. A client
 * that leaves cuts the connection to the machine, which ends the command of an
 * /exec there; one of /execs goes on, and the index of execs (execs.h) hears that
 * something may have changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/path.h"
#include "base/xmalloc.h"
#include "coordinator/exec_env.h"
#include "coordinator/face.h"
#include "coordinator/near.h"
#include "coordinator/routes.h"
#include "http/client.h"
#include "io/splice.h"

/* Until the machine answers, where that is when the work is done (an upload
 * unpacked, a tree removed); what it can answer at once has face.answer_ms. */
#define HEAD_SLOW_MS	(2 * 60 * 60 * 1000)
/* The longest that GET /execs/ID?wait= waits. */
#define WAIT_MAX_MS	60000
/* A log that is followed says something every 15 s (record.h, ALIVE). */
#define FOLLOW_STALL_MS	60000
/* An ssh session or tunnel over which nothing went either way for so long. */
#define SPLICE_IDLE_MS	(12 * 60 * 60 * 1000)

enum proxy_state { BEGINNING, WAITING, REPLYING, ANSWERED, TURNING, SPLICING };

struct proxy {
	struct face		*face;
	struct http_req		*r;		/* NULL: done, or turned around */
	enum proxy_state	 state;
	char			*name;		/* of the instance */
	struct instance_hold	*hold;
	struct bclient_call	*call;		/* WAITING */
	struct stream		*upstream;	/* TURNING */
	struct splice		*splice;	/* SPLICING */
	char			*cut;		/* TURNING: cut meanwhile, and why */
	char			*type;		/* BEGINNING: for exec_env */
	bool			 execs;		/* the path is /execs or below */
	char			*forget;	/* the exec that is to be forgotten; NULL */
};

static void
proxy_free(struct proxy *p)
{
	instance_release(p->hold);
	if (p->execs)
		execs_changed(p->face->core, p->name);
	free(p->name);
	free(p->cut);
	free(p->type);
	free(p->forget);
	free(p);
}

static void
set_state(struct proxy *p, enum proxy_state next)
{
	static const char *const names[] = { "beginning", "waiting", "replying",
	    "answered", "turning", "splicing" };

	log_debug("instance %s: proxied request: %s -> %s", p->name, names[p->state],
	    names[next]);
	p->state = next;
}

/* The request is done: answered, or the client has gone. */
static void
on_done(void *arg)
{
	struct proxy	*p = arg;

	p->r = NULL;
	if (p->call != NULL)
		bclient_cancel(p->call);
	p->call = NULL;
	if (p->state == BEGINNING)
		return;		/* on_collected comes yet */
	proxy_free(p);
}

static void
fail(struct proxy *p, int status, const char *why)
{
	set_state(p, ANSWERED);
	log_info("instance %s: %s %s: %s", p->name, req_method(p->r), req_path(p->r), why);
	reply_error(p->r, status, "coordinator: %s", why);
}

/* The instance has ended; what clients know that by comes first. */
static void
gone(struct proxy *p, const char *why)
{
	char	*text = xasprintf("unknown or expired buildlet: %s", why);

	fail(p, 502, text);
	free(text);
}

/* The instance has ended under our hands. */
static void
on_cut(const char *why, void *arg)
{
	struct proxy	*p = arg;

	switch (p->state) {
	case BEGINNING:
	case TURNING:
		if (p->cut == NULL)
			p->cut = xstrdup(why);
		break;
	case WAITING:
		bclient_cancel(p->call);
		p->call = NULL;
		gone(p, why);
		break;
	case REPLYING:
		req_abort(p->r, why);
		break;
	case SPLICING:
		splice_cut(p->splice, why);
		break;
	case ANSWERED:
		break;
	}
}

/* --- the way back ----------------------------------------------------------- */

static void
pass_headers(struct http_req *r, const struct headers *from)
{
	struct headers	*h = headers_new();
	const char	*name, *value;
	size_t		 i;

	headers_copy_end_to_end(h, from);
	for (i = 0; i < headers_len(h); i++) {
		headers_at(h, i, &name, &value);
		reply_header(r, name, value);
	}
	headers_free(h);
}

static void
on_spliced(uint64_t to_machine, uint64_t to_client, const struct err *why, void *arg)
{
	struct proxy	*p = arg;

	log_debug("instance %s: tunnel over: %llu bytes there, %llu back%s%s", p->name,
	    (unsigned long long)to_machine, (unsigned long long)to_client,
	    why == NULL ? "" : ": ", why == NULL ? "" : why->msg);
	proxy_free(p);
}

/* The 101 has left; s is NULL if the client did not get it. */
static void
on_turned(struct stream *s, void *arg)
{
	struct proxy	*p = arg;
	struct stream	*upstream = p->upstream;

	p->upstream = NULL;
	if (s == NULL || p->cut != NULL) {
		stream_close(upstream);
		if (s != NULL)
			stream_close(s);
		proxy_free(p);
		return;
	}
	set_state(p, SPLICING);
	p->splice = stream_splice(s, upstream, SPLICE_IDLE_MS, NULL, on_spliced, p);
}

static void
turn_around(struct proxy *p, const struct http_resp *resp)
{
	struct http_req	*r = p->r;
	const char	*protocol = headers_get(resp->headers, "Upgrade");

	set_state(p, TURNING);
	p->upstream = resp->upgraded;
	pass_headers(r, resp->headers);
	if (protocol != NULL) {
		reply_header(r, "Upgrade", protocol);
		reply_header(r, "Connection", "Upgrade");
	}
	req_not_on_done(r, on_done, p);
	p->r = NULL;
	reply_upgrade(r, 101, on_turned, p);
}

static void
on_head(const struct http_resp *resp, void *arg)
{
	struct proxy	*p = arg;

	p->call = NULL;
	if (resp->upgraded != NULL) {
		turn_around(p, resp);
		return;
	}
	/* Stock buildlets have no page of that name. */
	if (resp->status == 404 && str_eq(req_path(p->r), "/tcpproxy")) {
		body_close(resp->body);
		fail(p, 501, "POST /tcpproxy: the buildlet of this machine has no "
		    "tunnels");
		return;
	}
	set_state(p, REPLYING);
	if (p->forget != NULL && resp->status / 100 == 2)
		execs_forgotten(p->face->core, p->name, p->forget);
	if (p->execs)
		execs_changed(p->face->core, p->name);
	pass_headers(p->r, resp->headers);
	reply_body(p->r, resp->status, resp->body);
}

static void
on_fail(const struct err *why, void *arg)
{
	struct proxy	*p = arg;
	int		 broke = req_header(p->r, API_H_UPLOAD) != NULL ? 410 : 400;

	p->call = NULL;
	fail(p, why->code == BCLIENT_BUSY ? 503 :
	    why->code == HTTP_BODY_BROKE ? broke : 502, why->msg);
}

/* --- the way there ----------------------------------------------------------- */

static bool
is_upgrade(const char *path)
{
	return str_eq(path, "/connect-ssh") || str_eq(path, "/tcpproxy");
}

/* How long GET /execs/ID may take where that waits for its end. */
static int64_t
wait_ms(struct http_req *r)
{
	const char	*wait = form_get(req_query(r), "wait");
	int64_t		 ms;

	return wait == NULL || str_int64(wait, 0, INT64_MAX, &ms) == -1 ? 0 :
	    ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
}

static bool
is_execs(const char *path)
{
	return str_eq(path, "/execs") || str_starts(path, "/execs/");
}

static int64_t
head_ms(const struct face *f, struct http_req *r)
{
	static const char *const quick[] = { "/", "/connect-ssh", "/exec", "/healthz",
	    "/status", "/tcpproxy", "/workdir" };
	const char	*path = req_path(r);
	size_t		 i;

	/* What is fed to a command is answered when the command has taken it. */
	if (is_execs(path) && !str_eq(req_method(r), "PUT"))
		return f->answer_ms + wait_ms(r);
	for (i = 0; i < nitems(quick); i++)
		if (str_eq(path, quick[i]))
			return f->answer_ms;
	return HEAD_SLOW_MS;
}

/* What the client's head becomes on the next hop: without its secrets, and
 * without what our server has dealt with. */
static struct headers *
headers_there(struct http_req *r)
{
	static const char *const ours[] = { "Authorization", API_H_PROXY, "Host",
	    "Content-Length", "Expect", "Cookie", API_H_BUILDER_ENV,
	    API_H_UPLOAD };
	struct headers	*h = headers_new();
	const char	*protocol = req_header(r, "Upgrade");
	size_t		 i;

	headers_copy_end_to_end(h, req_headers(r));
	for (i = 0; i < nitems(ours); i++)
		headers_del(h, ours[i]);
	if (protocol != NULL && is_upgrade(req_path(r))) {
		headers_add(h, "Upgrade", protocol);
		headers_add(h, "Connection", "Upgrade");
	}
	return h;
}

/* Takes body. The machine may have gone while a form was collected, so it is
 * looked for here. */
static void
send_on(struct proxy *p, struct instance *i, struct body *body)
{
	static const struct bclient_cb	 cb = { on_head, on_fail };
	struct http_request		 q = { .method = req_method(p->r),
	    .target = req_target(p->r), .body = body };
	struct instance_row		 row;
	struct headers			*h;
	struct bclient			*machine;
	struct err			 e = ERR_INIT;

	machine = instance_client(i, &e);
	if (machine == NULL) {
		if (body != NULL)
			body_close(body);
		fail(p, 502, e.msg);
		return;
	}
	instance_row_of(i, &row);
	h = headers_there(p->r);
	q.headers = h;
	q.host = path_base(row.machine);	/* stock and development: TYPE/HOST */
	q.head_ms = head_ms(p->face, p->r);
	if (p->execs)
		q.stall_ms = FOLLOW_STALL_MS;
	set_state(p, WAITING);
	p->call = bclient_send(machine, &q, &cb, p);
	headers_free(h);
}

static void
on_collected(char *text, size_t len, const struct err *why, void *arg)
{
	struct proxy	*p = arg;
	struct instance	*i;
	struct body	*body;
	struct err	 e = ERR_INIT;

	if (p->r == NULL) {
		free(text);
		proxy_free(p);
		return;
	}
	if (p->cut != NULL) {
		gone(p, p->cut);
	} else if (text == NULL) {
		fail(p, why->code == EMSGSIZE ? 413 : 400, why->msg);
	} else if ((i = instance_find(p->face->core, face_user(p->r), p->name, &e)) == NULL) {
		gone(p, e.msg);
	} else {
		body = exec_env_apply(p->face->core, p->type, text, len, &e);
		if (body == NULL)
			fail(p, 400, e.msg);
		else
			send_on(p, i, body);
	}
	free(text);
}

static bool
begins_command(const struct http_req *r)
{
	return str_eq(req_path(r), "/exec") ||
	    (str_eq(req_path(r), "/execs") && str_eq(req_method(r), "POST"));
}

/* Whose environment a command gets, malloc'ed: that of its instance's builder
 * type, or of another for the same machines. NULL and e. */
static char *
env_type(const struct proxy *p, struct instance *i, struct err *e)
{
	const char			*type = req_header(p->r, API_H_BUILDER_ENV);
	const struct catalog		*c = p->face->core->catalog;
	const struct builder_type	*b;
	struct instance_row		 row;
	struct str			 near = STR_INIT;

	instance_row_of(i, &row);
	if (type == NULL || str_eq(type, row.builder_type))
		return xstrdup(row.builder_type);
	if ((b = catalog_builder(c, type)) == NULL) {
		near_builders(c, type, &near);
		err_set(e, "unknown builder type \"%.*s\"%s", CATALOG_NAME_MAX, type,
		    str_text(&near));
		str_release(&near);
		return NULL;
	}
	if (str_eq(b->host_type, row.host_type))
		return xstrdup(b->name);
	err_set(e, "builder type %s is for machines of type %s, and this one is of %s",
	    b->name, b->host_type, row.host_type);
	return NULL;
}

static void
begin_command(struct proxy *p, struct instance *i)
{
	struct err	e = ERR_INIT;

	if ((p->type = env_type(p, i, &e)) == NULL)
		fail(p, 400, e.msg);
	else if (exec_env_wanted(p->face->core, p->type,
	    req_header(p->r, "Content-Type")))
		body_collect(req_take_body(p->r), FACE_FORM_MAX, on_collected, p);
	else
		send_on(p, i, req_take_body(p->r));
}

/* The body lies here already (uploads.h); the machine gets it as if the client had
 * sent it. */
static void
begin_upload(struct proxy *p, struct instance *i, const char *digest)
{
	struct uploads	*all = p->face->core->uploads;
	struct body	*body;
	struct err	 e = ERR_INIT;

	if (!str_eq(req_method(p->r), "PUT") || req_has_body(p->r))
		fail(p, 400, API_H_UPLOAD ": only with PUT, and in place of a body");
	else if (all == NULL)
		fail(p, 410, API_H_UPLOAD ": no uploads are kept here");
	else if ((body = uploads_open(all, face_user(p->r)->key, digest, &e)) == NULL)
		fail(p, 410, e.msg);
	else
		send_on(p, i, body);
}

static void
begin(struct proxy *p, struct instance *i)
{
	const char	*digest = req_header(p->r, API_H_UPLOAD);

	if (digest != NULL)
		begin_upload(p, i, digest);
	else if (begins_command(p->r) && req_has_body(p->r))
		begin_command(p, i);
	else
		send_on(p, i, req_take_body(p->r));
}

/* --- who may what ---------------------------------------------------------- */

/* Between coordinator and machine alone: a user could take a machine away
 * from under its lease by it. */
static bool
is_internal(const char *path)
{
	char	*clean;
	bool	 yes;

	if (path[0] != '/')
		return true;
	clean = path_clean(path + strspn(path, "/"));
	yes = str_eq(clean, "lease") || str_starts(clean, "lease/") ||
	    (str_eq(clean, "halt") && !str_eq(path, "/halt"));
	free(clean);
	return yes;
}

static void
not_found(struct http_req *r, const struct err *e)
{
	if (e->code == INSTANCE_FOREIGN)
		face_reply_denied(r, e->msg);
	else
		reply_error(r, 502, "unknown or expired buildlet: %s", e->msg);
}

static void
halt(struct http_req *r, struct instance *i)
{
	const char	*user = face_user(r)->key;
	char		*why;
	struct err	 e = ERR_INIT;

	if (!str_eq(req_method(r), "POST")) {
		reply_header(r, "Allow", "POST");
		reply_error(r, 405, "/halt: method %s: only POST", req_method(r));
		return;
	}
	why = req_printf(r, "destroyed by %s", user);
	if (instance_give_back(i, user, why, &e) == -1)
		reply_error(r, 500, "coordinator: %s", e.msg);
	else
		reply_text(r, 200, "");
}

void
api_proxy(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct instance	*i;
	struct proxy	*p;
	struct err	 e = ERR_INIT;

	i = instance_find(f->core, face_user(r), req_header(r, API_H_PROXY), &e);
	if (i == NULL) {
		not_found(r, &e);
		return;
	}
	if (is_internal(req_path(r))) {
		reply_error(r, 403, "coordinator: %s is not for users", req_path(r));
		return;
	}
	if (str_eq(req_path(r), "/halt")) {
		halt(r, i);
		return;
	}
	p = xcalloc(1, sizeof *p);
	p->face = f;
	p->r = r;
	p->name = xstrdup(instance_name(i));
	p->execs = is_execs(req_path(r));
	if (p->execs && str_eq(req_method(r), "DELETE"))
		p->forget = xstrdup(path_base(req_path(r)));
	p->hold = instance_hold(i, on_cut, p);
	req_on_done(r, on_done, p);
	begin(p, i);
}
