/* reverse.c - the machine's side of registration. */
#include "buildlet/reverse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/backoff.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "http/client.h"
#include "http/server.h"
#include "io/buf.h"
#include "io/net.h"
#include "io/secret.h"
#include "io/tls.h"
#include "revdial/carriers.h"

#define REDIRECTS_MAX	2
#define ANSWER_MAX	400	/* of a refusal's text we show so much */
#define WRONG_KEY	412
#define PARTING_MAX	4	/* sessions whose last streams may go on */
#define BOTH_VERSIONS	API_REVDIAL_YAMUX ", " API_REVDIAL_V2

struct reverse {
	struct buildlet		*b;
	const struct settings	*set;
	struct http_server	*server;
	struct tls_ctx		*tls;
	struct backoff		 backoff;
	struct timer		*timer;		/* the next try */
	char			*key;
	bool			 joining;	/* key is a one-time token */
	bool			 stopped;
	int64_t			 lost_ms;	/* since when there is no session */

	/* One try. */
	struct http_conn	*conn;
	const char		*offer;		/* versions */
	char			*target;	/* path to ask for */
	bool			 redirected;	/* ask again when the answer is over */
	int			 redirects;
	struct body		*answer;	/* a refusal being read */
	int			 status;	/* its */
	struct str		 text;		/* its */

	struct revdial		*session;
	int64_t			 up_ms;		/* since when */
	struct revdial		*parting[PARTING_MAX];	/* older ones, as long as they last */
};

static void	try_start(void *arg);
static void	request_send(struct reverse *v);

/* ---- trying again ---- */

static void
try_drop(struct reverse *v)
{
	if (v->answer != NULL)
		body_close(v->answer);
	v->answer = NULL;
	http_conn_free(v->conn);
	v->conn = NULL;
	free(v->target);
	v->target = NULL;
	v->redirected = false;
	str_clear(&v->text);
}

/* Of v->parting; NULL: the first free place. */
static struct revdial **
parting_find(struct reverse *v, const struct revdial *session)
{
	int	i;

	for (i = 0; i < PARTING_MAX; i++)
		if (v->parting[i] == session)
			return &v->parting[i];
	return NULL;
}

static bool
is_parting(const struct reverse *v)
{
	int	i;

	for (i = 0; i < PARTING_MAX; i++)
		if (v->parting[i] != NULL)
			return true;
	return false;
}

/* How long until -give-up; -1: for ever. */
static int64_t
patience_left(const struct reverse *v)
{
	int64_t	gone = loop_now(v->b->loop) - v->lost_ms;

	if (v->set->give_up_ms == 0 || is_parting(v))
		return -1;
	return gone < v->set->give_up_ms ? v->set->give_up_ms - gone : 0;
}

static void
try_later(struct reverse *v, int64_t least_ms)
{
	int64_t	wait = backoff_next(&v->backoff), left = patience_left(v);

	if (v->stopped)
		return;
	if (left == 0) {
		v->stopped = true;
		v->b->stop(v->b, "the coordinator was out of reach for too long",
		    false);
		return;
	}
	if (wait < least_ms)
		wait = least_ms;
	if (left > 0 && wait > left)
		wait = left;
	log_debug("coordinator %s: next try in %lld ms", v->set->coordinator,
	    (long long)wait);
	v->offer = v->set->revdial != NULL ? v->set->revdial : BOTH_VERSIONS;
	timer_set(v->timer, wait);
}

static void
try_fail(struct reverse *v, const char *why, int64_t least_ms)
{
	log_warn("coordinator %s: %s", v->set->coordinator, why);
	try_drop(v);
	try_later(v, least_ms);
}

/* ---- the session ---- */

static void
on_accept(struct revdial *session, struct stream *s, void *arg)
{
	struct reverse	*v = arg;

	(void)session;
	http_server_serve(v->server, s);
}

/* It was good? Of two machines under one name each stands for as long as the other
 * waits: they must not give up waiting for that. */
static void
judge_session(struct reverse *v)
{
	int64_t	up = loop_now(v->b->loop) - v->up_ms;

	if (up >= v->set->settled_ms && up > backoff_most(&v->backoff))
		backoff_reset(&v->backoff);
}

static void
on_down(struct revdial *session, const struct err *why, void *arg)
{
	struct reverse	*v = arg;
	struct revdial	**older = parting_find(v, session);
	int64_t		 now = loop_now(v->b->loop);

	revdial_free(session);
	if (v->session == NULL || older == NULL)
		v->lost_ms = now;
	if (older != NULL) {
		log_info("coordinator %s: the older connection ended: %s",
		    v->set->coordinator, why->msg);
		*older = NULL;
		return;
	}
	v->session = NULL;
	judge_session(v);
	log_warn("coordinator %s: connection lost: %s", v->set->coordinator,
	    why->msg);
	try_later(v, 0);
}

/* No new requests come here for much longer; those that run are not disturbed. */
static void
on_leaves(struct revdial *session, void *arg)
{
	struct reverse	*v = arg;
	struct revdial	**place = parting_find(v, NULL);

	if (session != v->session || v->stopped || place == NULL)
		return;
	log_info("coordinator %s: takes leave of this connection: making another "
	    "beside it", v->set->coordinator);
	*place = session;
	v->session = NULL;
	judge_session(v);
	try_later(v, 0);
}

static const struct revdial_cb session_cb = {
	.accept = on_accept, .down = on_down, .leaves = on_leaves,
};

/* The coordinator's heartbeat comes every 12 s, and is a sign of life for us
 * too: only where it stays out do we ask. So a session has one heartbeat, not
 * one from either side. */
static const struct revdial_config session_config = { .ping_ms = 14000 };

static struct stream *
coordinator_dial(void *arg)
{
	struct reverse		*v = arg;
	const struct net_dial	 dial = { .address = v->set->coordinator,
				    .tls = v->tls, .ms = v->set->dial_ms, .proxied = true };

	return net_dial(v->b->loop, &dial);
}

static bool
was_offered(const struct reverse *v, const char *version)
{
	return str_eq(v->offer, BOTH_VERSIONS) || str_eq(v->offer, version);
}

/* A coordinator that does not say what it chose speaks version 2. */
static void
session_start(struct reverse *v, struct stream *s, const char *version)
{
	struct loop	*loop = v->b->loop;
	bool		 yamux = str_eq(version, API_REVDIAL_YAMUX);
	bool		 resumed = tls_resumed(s);

	if ((!yamux && version != NULL && !str_eq(version, API_REVDIAL_V2)) ||
	    !was_offered(v, yamux ? API_REVDIAL_YAMUX : API_REVDIAL_V2)) {
		stream_close(s);
		try_fail(v, "chose a revdial version that was not offered", 0);
		return;
	}
	v->up_ms = loop_now(loop);
	v->session = yamux ?
	    revdial_yamux(loop, s, false, &session_config, &session_cb, v) :
	    revdial_v2_listener(loop, s, coordinator_dial, v, NULL, &session_cb, v);
	log_info("coordinator %s: registered as %s, host type %s, revdial %s%s",
	    v->set->coordinator, v->set->name, v->set->reverse_type,
	    revdial_name(v->session),
	    resumed ? ", TLS session resumed" : "");
}

/* The token has done its work: from now on the key that came for it counts. */
static void
key_take(struct reverse *v, const char *key)
{
	if (key == NULL || key[0] == '\0')
		return;
	secret_wipe(v->key, strlen(v->key));
	free(v->key);
	v->key = xstrdup(key);
	v->joining = false;
}

static void
on_registered(struct reverse *v, const struct http_resp *resp)
{
	struct stream	*s = resp->upgraded;
	const char	*text = headers_get(resp->headers, API_H_REVDIAL);
	char		*version = text != NULL ? xstrdup(text) : NULL;

	key_take(v, headers_get(resp->headers, API_H_MACHINE_KEY));
	try_drop(v);
	session_start(v, s, version);
	free(version);
}

/* ---- answers ---- */

static void
refusal_judge(struct reverse *v)
{
	char	*why;
	bool	 old = v->status == 400 && v->set->revdial == NULL &&
		    v->offer != NULL && str_eq(v->offer, BOTH_VERSIONS);

	if (old) {
		log_info("coordinator %s: answered 400: asking again with "
		    "revdial version 2 alone", v->set->coordinator);
		try_drop(v);
		v->offer = API_REVDIAL_V2;
		timer_set(v->timer, 0);
		return;
	}
	if (v->status == WRONG_KEY)
		why = xasprintf("refused the %s of host type %s: %s",
		    v->joining ? "join token" : "key", v->set->reverse_type,
		    str_text(&v->text));
	else
		why = xasprintf("answered %d %s: %s", v->status,
		    http_reason(v->status), str_text(&v->text));
	try_fail(v, why, v->status == WRONG_KEY ? v->set->refused_ms : 0);
	free(why);
}

static void
on_answer(struct body *b, void *arg)
{
	struct reverse	*v = arg;
	char		 piece[ANSWER_MAX];
	size_t		 n;

	while ((n = buf_take(body_buf(b), piece, sizeof piece)) > 0) {
		body_took(b);
		if (v->text.len + n <= ANSWER_MAX)
			str_addn(&v->text, piece, n);
	}
	if (!body_done(b) && body_error(b) == NULL)
		return;
	while (v->text.len > 0 && v->text.s[v->text.len - 1] == '\n')
		v->text.s[--v->text.len] = '\0';
	body_close(b);
	v->answer = NULL;
	refusal_judge(v);
}

/* Relative, and on the same connection (PROTOCOL 2). */
static void
redirect(struct reverse *v, const struct http_resp *resp)
{
	const char	*location = headers_get(resp->headers, "Location");

	body_close(resp->body);
	if (location == NULL || location[0] == '\0' ||
	    strstr(location, "://") != NULL || str_starts(location, "//")) {
		try_fail(v, "redirected to nowhere on this connection", 0);
		return;
	}
	if (v->redirects++ == REDIRECTS_MAX) {
		try_fail(v, "redirected more than twice", 0);
		return;
	}
	free(v->target);
	v->target = xasprintf("%s%s", location[0] == '/' ? "" : "/", location);
	v->redirected = true;
}

static void
on_head(struct http_conn *c, const struct http_resp *resp, void *arg)
{
	struct reverse	*v = arg;

	(void)c;
	if (resp->upgraded != NULL) {
		on_registered(v, resp);
		return;
	}
	if (resp->status == 307) {
		redirect(v, resp);
		return;
	}
	v->status = resp->status;
	v->answer = resp->body;
	body_on_data(v->answer, on_answer, v);
}

static void
on_fail(struct http_conn *c, const struct err *why, void *arg)
{
	struct err	e = *why;

	(void)c;
	try_fail(arg, e.msg, 0);
}

static const struct http_client_cb register_cb = {
	.head = on_head, .fail = on_fail,
};

static void
on_over(struct http_conn *c, bool reusable, void *arg)
{
	struct reverse	*v = arg;

	(void)c;
	if (!v->redirected)
		return;
	v->redirected = false;
	if (reusable)
		request_send(v);
	else
		try_fail(v, "redirected, and closed the connection", 0);
}

/* ---- asking ---- */

static void
request_send(struct reverse *v)
{
	struct headers		*h = headers_new();
	char			 version[16];
	struct http_request	 req = { .method = "GET", .target = v->target,
				    .host = "", .headers = h,
				    .head_ms = v->set->register_ms,
				    .lenient_version = true };

	snprintf(version, sizeof version, "%d", API_BUILDLET_VERSION);
	headers_add(h, API_H_HOST_TYPE, v->set->reverse_type);
	headers_add(h, API_H_KEY, v->key);
	headers_add(h, API_H_HOSTNAME, v->set->name);
	headers_add(h, API_H_VERSION, version);
	headers_add(h, API_H_REVDIAL, v->offer);
	http_conn_send(v->conn, &req, &register_cb, v);
	headers_free(h);
}

static void
try_start(void *arg)
{
	struct reverse	*v = arg;

	/* Who is about to end must not be lent once more. */
	if (v->stopped || v->session != NULL || v->b->halting)
		return;
	if (patience_left(v) == 0) {
		try_later(v, 0);
		return;
	}
	v->redirects = 0;
	v->target = xstrdup("/reverse");
	v->conn = http_conn_new(v->b->loop, coordinator_dial(v), NULL);
	http_conn_on_over(v->conn, on_over, v);
	request_send(v);
}

struct reverse *
reverse_start(struct buildlet *b, struct http_server *server, struct err *e)
{
	const struct settings	*set = b->set;
	enum tls_verify		 verify = set->ca != NULL ? TLS_VERIFY_CHAIN :
				    TLS_VERIFY_FULL;
	struct reverse		*v;
	struct tls_ctx		*tls;

	if (set->tls_insecure) {
		verify = TLS_VERIFY_NONE;
		log_warn("THE COORDINATOR'S CERTIFICATE IS NOT CHECKED "
		    "(-tls-insecure): whoever answers at %s gets the key and "
		    "may run commands here", set->coordinator);
	}
	tls = tls_client(set->ca, verify, e);
	if (tls == NULL)
		return NULL;
	v = xcalloc(1, sizeof *v);
	v->b = b;
	v->set = set;
	v->server = server;
	v->tls = tls;
	v->backoff = (struct backoff)BACKOFF_INIT(set->retry_first_ms,
	    set->retry_max_ms);
	v->key = xstrdup(set->key);
	v->joining = set->join_token_file != NULL && !set->key_handed;
	v->lost_ms = loop_now(b->loop);
	v->timer = timer_new(b->loop, try_start, v);
	try_later(v, 0);
	return v;
}

void
reverse_stop(struct reverse *v)
{
	if (v == NULL || v->stopped)
		return;
	v->stopped = true;
	timer_stop(v->timer);
	try_drop(v);
}

const char *
reverse_key(const struct reverse *v)
{
	return v->key;
}

void
reverse_free(struct reverse *v)
{
	int	i;

	if (v == NULL)
		return;
	reverse_stop(v);
	try_drop(v);
	revdial_free(v->session);
	for (i = 0; i < PARTING_MAX; i++)
		revdial_free(v->parting[i]);
	timer_free(v->timer);
	tls_ctx_free(v->tls);
	secret_wipe(v->key, strlen(v->key));
	free(v->key);
	str_release(&v->text);
	free(v);
}
