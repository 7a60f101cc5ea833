/* fetch.c - follows a URL to a body. */
#include "buildlet/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "http/client.h"
#include "http/url.h"
#include "io/net.h"
#include "io/tls.h"

#define REDIRECTS_MAX	5

struct fetch {
	struct loop		*loop;
	const struct settings	*set;
	struct url		 url;
	char			*text;		/* of url, for messages */
	struct tls_ctx		*tls;		/* NULL until https is wanted */
	struct http_conn	*conn;
	char			*next;		/* a redirect to follow */
	int			 redirects;
	fetch_done_fn		 done;		/* NULL once called */
	void			*arg;
};

static int	fetch_dial(struct fetch *f, struct err *e);

static void
fetch_release(void *arg)
{
	struct fetch	*f = arg;

	http_conn_free(f->conn);
	tls_ctx_free(f->tls);
	url_release(&f->url);
	free(f->text);
	free(f->next);
	free(f);
}

static void
fetch_tell(struct fetch *f, struct body *b, const struct err *why)
{
	fetch_done_fn	done = f->done;

	f->done = NULL;
	done(b, why, f->arg);
}

static void
fetch_fail(struct fetch *f, const struct err *why)
{
	struct err	e = *why;

	err_wrap(&e, "fetching %s", f->text);
	fetch_tell(f, NULL, &e);
	fetch_release(f);
}

/* ---- redirects ---- */

/* RFC 9110 section 10.2.2: absolute, or relative to where we are. */
static char *
redirect_target(const struct fetch *f, const char *location)
{
	bool	v6 = strchr(f->url.host, ':') != NULL;

	if (str_starts(location, "http://") || str_starts(location, "https://"))
		return xstrdup(location);
	if (str_starts(location, "//"))
		return xasprintf("%s:%s", f->url.scheme, location);
	return xasprintf("%s://%s%s%s:%d%s%s", f->url.scheme, v6 ? "[" : "",
	    f->url.host, v6 ? "]" : "", f->url.port,
	    location[0] == '/' ? "" : "/", location);
}

static bool
is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static void
on_follow(void *arg)
{
	struct fetch	*f = arg;
	struct err	 e = ERR_INIT;

	http_conn_free(f->conn);
	f->conn = NULL;
	url_release(&f->url);
	free(f->text);
	f->text = f->next;
	f->next = NULL;
	if (url_parse(&f->url, f->text, &e) == -1 || fetch_dial(f, &e) == -1)
		fetch_fail(f, &e);
}

/* ---- answers ---- */

static void
on_head(struct http_conn *c, const struct http_resp *resp, void *arg)
{
	struct fetch	*f = arg;
	const char	*location = headers_get(resp->headers, "Location");
	struct err	 e = ERR_INIT;

	(void)c;
	if (resp->upgraded != NULL)
		stream_close(resp->upgraded);
	if (resp->status == 200) {
		fetch_tell(f, resp->body, NULL);
		return;
	}
	if (resp->body != NULL)
		body_close(resp->body);
	if (!is_redirect(resp->status) || location == NULL) {
		err_set(&e, "%d %s", resp->status, http_reason(resp->status));
		fetch_fail(f, &e);
	} else if (f->redirects++ == REDIRECTS_MAX) {
		err_set(&e, "over %d redirects", REDIRECTS_MAX);
		fetch_fail(f, &e);
	} else {
		f->next = redirect_target(f, location);
		loop_defer(f->loop, on_follow, f);
	}
}

static void
on_fail(struct http_conn *c, const struct err *why, void *arg)
{
	(void)c;
	fetch_fail(arg, why);
}

static const struct http_client_cb client_cb = { .head = on_head, .fail = on_fail };

/* The body that was handed on is over. */
static void
on_over(struct http_conn *c, bool reusable, void *arg)
{
	struct fetch	*f = arg;

	(void)c;
	(void)reusable;
	if (f->done == NULL)
		fetch_release(f);
}

/* ---- asking ---- */

static int
fetch_dial(struct fetch *f, struct err *e)
{
	bool			 tls = str_eq(f->url.scheme, "https");
	bool			 v6 = strchr(f->url.host, ':') != NULL;
	char			*address, *host;
	struct net_dial		 dial = { .ms = f->set->fetch_head_ms };
	struct http_request	 req = { .method = "GET", .target = f->url.target,
				    .head_ms = f->set->fetch_head_ms,
				    .stall_ms = f->set->fetch_stall_ms };

	if (tls && f->tls == NULL &&
	    (f->tls = tls_client(NULL, TLS_VERIFY_FULL, e)) == NULL)
		return -1;
	address = xasprintf("%s%s%s:%d", v6 ? "[" : "", f->url.host,
	    v6 ? "]" : "", f->url.port);
	host = f->url.port == (tls ? 443 : 80) ? xasprintf("%s%s%s",
	    v6 ? "[" : "", f->url.host, v6 ? "]" : "") : xstrdup(address);
	dial.address = address;
	dial.tls = tls ? f->tls : NULL;
	req.host = host;
	f->conn = http_conn_new(f->loop, net_dial(f->loop, &dial), NULL);
	http_conn_on_over(f->conn, on_over, f);
	http_conn_send(f->conn, &req, &client_cb, f);
	free(address);
	free(host);
	return 0;
}

struct fetch *
fetch_start(struct loop *loop, const struct settings *set, const char *url,
    fetch_done_fn done, void *arg, struct err *e)
{
	struct fetch	*f = xcalloc(1, sizeof *f);

	f->loop = loop;
	f->set = set;
	f->text = xstrdup(url);
	f->done = done;
	f->arg = arg;
	if (url_parse(&f->url, url, e) == 0 && fetch_dial(f, e) == 0)
		return f;
	fetch_release(f);
	return NULL;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	loop_undefer(f->loop, on_follow, f);
	fetch_release(f);
}
