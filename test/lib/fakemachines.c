/*
 * fakemachines.c - many reverse machines in one process, for tests of the
 * queue: each keeps the names of the files written to it, and POST /exec
 * prints them, so that a test sees whether anything of one lease is there in
 * the next, or two users are on one machine.
 *
 *	fakemachines [-n COUNT] [-type T] [-prefix P] [-execs] [-leave] -ca FILE
 *	    -key-file FILE HOST:PORT
 *
 * They say that they are version 25 and know no leases, so they are wiped
 * before each. With -execs they know leases and execs: while one is leased it
 * has one that runs, abcdef. With -leave they know leases, too, and the first POST
 * /exec makes one take leave of its session, and register once more; that answer ends
 * with the second POST /exec. Prints "ready" when all are registered; ends with status
 * 1 as soon as one is lost.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/xmalloc.h"
#include "http/client.h"
#include "http/route.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"
#include "revdial/carriers.h"

#define COUNT_MAX	1000
#define FORM_MAX	65536

struct fleet {
	struct loop	*loop;
	struct tls_ctx	*tls;
	char		*address, *type, *prefix, *ca, *key_file, *key;
	int64_t		 count, registered;
	bool		 execs, leave;
};

struct machine {
	struct fleet		*fleet;
	char			*name;
	struct http_conn	*conn;		/* until it is registered */
	struct revdial		*session, *older;
	struct http_server	*http;
	struct strs		 files;
	char			*lease;		/* NULL: none */
	struct body		*pending;	/* -leave: the first answer */
};

static void machine_dial(struct machine *);

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "fakemachines: %s: %s\n", what, why);
	exit(1);
}

/* --- the buildlet API, as much of it as a lease needs -------------------------------- */

static void
on_status(struct http_req *r, void *arg)
{
	struct machine	*m = arg;
	struct str	 s = STR_INIT;

	str_add(&s, "{\"Version\":25");
	if (m->fleet->execs || m->fleet->leave)
		str_addf(&s, ",\"Features\":[\"lease\"%s],\"Boot\":\"b\"",
		    m->fleet->execs ? ",\"execs\"" : "");
	if (m->lease != NULL)
		str_addf(&s, ",\"Lease\":\"%s\"", m->lease);
	str_add(&s, "}");
	reply_data(r, 200, "application/json; charset=utf-8", str_text(&s), s.len);
	str_release(&s);
}

static void
on_lease(struct http_req *r, void *arg)
{
	struct machine	*m = arg;
	const char	*id = req_param(r, "id");

	free(m->lease);
	m->lease = id == NULL || id[0] == '\0' ? NULL : xstrdup(id);
	strs_release(&m->files);
	reply_text(r, 200, "OK");
}

static void
on_execs(struct http_req *r, void *arg)
{
	struct machine	*m = arg;
	const char	*after = req_param(r, "after");

	if (m->lease == NULL)
		reply_text(r, 200, "{\"Seq\":1,\"Running\":0,\"Execs\":[]}");
	else if (str_eq(after, "2"))
		reply_text(r, 200, "{\"Seq\":2,\"Running\":1,\"Execs\":[]}");
	else
		reply_text(r, 200, "{\"Seq\":2,\"Running\":1,\"Execs\":[{\"ID\":\"abcdef\","
		    "\"Seq\":2,\"Cmd\":\"sleep\",\"Args\":[\"1000\"],\"State\":\"running\","
		    "\"Created\":\"2026-01-01T00:00:00Z\"}]}");
}

static void
on_removeall(struct http_req *r, void *arg)
{
	struct machine	*m = arg;

	strs_release(&m->files);
	reply_text(r, 200, "");
}

static void
on_write(struct http_req *r, void *arg)
{
	struct machine	*m = arg;
	const char	*path = req_param(r, "path");

	if (path == NULL) {
		reply_error(r, 400, "missing path");
		return;
	}
	strs_add(&m->files, path);
	reply_text(r, 200, "OK");
}

static void
exec_end(struct body *out)
{
	struct headers	*trailers = headers_new();

	headers_add(trailers, API_H_PROCESS_STATE, "ok");
	body_end(out, trailers);
	headers_free(trailers);
}

static void
take_leave(struct machine *m)
{
	m->older = m->session;
	revdial_drain(m->older);
	machine_dial(m);
}

/* Whatever the command: the files that are here, and the machine's name. */
static void
on_exec(struct http_req *r, void *arg)
{
	struct machine	*m = arg;
	struct body	*out;
	size_t		 i;

	reply_header(r, "Trailer", API_H_PROCESS_STATE);
	out = reply_stream(r, 200, -1);
	for (i = 0; i < m->files.n; i++)
		buf_addf(body_buf(out), "file %s\n", m->files.v[i]);
	buf_addf(body_buf(out), "machine %s\n", m->name);
	body_wrote(out);
	if (m->fleet->leave && m->older == NULL) {
		m->pending = out;
		take_leave(m);
		return;
	}
	exec_end(out);
	if (m->pending != NULL)
		exec_end(m->pending);
	m->pending = NULL;
}

static const struct route table[] = {
	{ "GET", "/status", 0, on_status },
	{ "POST", "/removeall", ROUTE_FORM, on_removeall },
	{ "POST", "/lease", ROUTE_FORM, on_lease },
	{ "GET", "/execs", 0, on_execs },
	{ "PUT", "/write", 0, on_write },
	{ "POST", "/exec", ROUTE_FORM, on_exec },
	{ NULL, NULL, 0, NULL },
};

static void
on_request(struct http_req *r, void *arg)
{
	route_dispatch(table, r, NULL, FORM_MAX, arg);
}

/* --- registration ---------------------------------------------------------------------- */

static void
on_accept(struct revdial *session, struct stream *s, void *arg)
{
	struct machine	*m = arg;

	(void)session;
	http_server_serve(m->http, s);
}

static void
on_down(struct revdial *session, const struct err *why, void *arg)
{
	struct machine	*m = arg;

	if (session != m->older || why->code != 0)
		die(m->name, why->msg);
	revdial_free(session);
	printf("older session: %s\n", why->msg);
	fflush(stdout);
}

static void
on_head(struct http_conn *conn, const struct http_resp *resp, void *arg)
{
	static const struct revdial_cb	 cb = { .accept = on_accept, .down = on_down };
	struct machine			*m = arg;

	(void)conn;
	if (resp->upgraded == NULL)
		die(m->name, "refused");
	m->session = revdial_yamux(m->fleet->loop, resp->upgraded, false, NULL, &cb, m);
	if (m->older == NULL && ++m->fleet->registered == m->fleet->count) {
		printf("ready\n");
		fflush(stdout);
	}
}

static void
on_fail(struct http_conn *conn, const struct err *why, void *arg)
{
	struct machine	*m = arg;

	(void)conn;
	die(m->name, why->msg);
}

static void
machine_dial(struct machine *m)
{
	static const struct http_client_cb	 cb = { on_head, on_fail };
	struct fleet				*f = m->fleet;
	const struct net_dial			 d = { .address = f->address, .tls = f->tls,
	    .ms = 60000 };
	struct headers				*h = headers_new();
	struct http_request			 q = { .method = "GET", .target = "/reverse",
	    .host = "", .headers = h, .head_ms = 60000 };

	headers_add(h, API_H_HOST_TYPE, f->type);
	headers_add(h, API_H_KEY, f->key);
	headers_add(h, API_H_HOSTNAME, m->name);
	headers_add(h, API_H_VERSION, "25");
	headers_add(h, API_H_REVDIAL, API_REVDIAL_YAMUX);
	http_conn_free(m->conn);
	m->conn = http_conn_new(f->loop, net_dial(f->loop, &d), NULL);
	http_conn_send(m->conn, &q, &cb, m);
	headers_free(h);
}

static void
machine_start(struct fleet *f, int64_t number)
{
	struct machine *m = xcalloc(1, sizeof *m);

	m->fleet = f;
	m->name = xasprintf("%s%lld", f->prefix, (long long)number);
	m->http = http_server_new(f->loop, NULL, on_request, m);
	machine_dial(m);
}

static void
parse(struct fleet *f, int argc, char **argv)
{
	const struct opt	table_of[] = {
		{ "ca", OPT_STRING, &f->ca, "FILE", "certificate authority" },
		{ "execs", OPT_BOOL, &f->execs, NULL, "they know execs" },
		{ "key-file", OPT_STRING, &f->key_file, "FILE", "key" },
		{ "leave", OPT_BOOL, &f->leave, NULL, "they take leave of their first session" },
		{ "n", OPT_INT, &f->count, "COUNT", "how many" },
		{ "prefix", OPT_STRING, &f->prefix, "P", "names are P0, P1, ..." },
		{ "type", OPT_STRING, &f->type, "T", "host type" },
		{ .name = NULL },
	};
	struct err		e = ERR_INIT;
	int			used = opt_parse(table_of, argc, argv, &e);

	if (used < 0 || used != argc - 1 || f->count < 1 || f->count > COUNT_MAX ||
	    f->ca == NULL || f->key_file == NULL)
		die("usage", e.msg);
	f->address = argv[used];
	f->key = file_read_trimmed(f->key_file, 4096, &e);
	f->tls = tls_client(f->ca, TLS_VERIFY_FULL, &e);
	if (f->key == NULL || f->tls == NULL)
		die("start", e.msg);
}

int
main(int argc, char **argv)
{
	struct fleet	f = { .count = 1 };
	struct err	e = ERR_INIT;
	int64_t		i;

	log_init("fakemachines", LOG_WARN);
	f.type = xstrdup("host-linux-amd64-reverse");
	f.prefix = xstrdup("fake");
	parse(&f, argc, argv);
	f.loop = loop_new(&e);
	if (f.loop == NULL)
		die("start", e.msg);
	for (i = 0; i < f.count; i++)
		machine_start(&f, i);
	loop_run(f.loop);
	return 0;
}
