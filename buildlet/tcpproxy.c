/* tcpproxy.c - dials, turns the connection round, and splices. */
#include "buildlet/tcpproxy.h"

#include <stdlib.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "io/net.h"
#include "io/splice.h"

struct tcpproxy {
	struct work	 work;
	struct http_req	*r;		/* until it is answered */
	struct stream	*target;	/* until it is spliced */
	struct splice	*splice;
	bool		 turning;	/* the 101 is under way */
	bool		 cut;
};

static void	on_gone(void *arg);

static void
tcpproxy_end(struct tcpproxy *t)
{
	if (t->r != NULL)
		req_not_on_done(t->r, on_gone, t);
	if (t->target != NULL)
		stream_close(t->target);
	work_end(&t->work);
	free(t);
}

/* The client left before it was answered. */
static void
on_gone(void *arg)
{
	struct tcpproxy	*t = arg;

	t->r = NULL;
	tcpproxy_end(t);
}

static void
on_spliced(uint64_t sent, uint64_t received, const struct err *why, void *arg)
{
	struct tcpproxy	*t = arg;

	log_info("tcpproxy: %llu bytes there, %llu back%s%s",
	    (unsigned long long)sent, (unsigned long long)received,
	    why != NULL ? ": " : "", why != NULL ? why->msg : "");
	t->splice = NULL;
	tcpproxy_end(t);
}

static void
on_turned(struct stream *s, void *arg)
{
	struct tcpproxy	*t = arg;
	struct stream	*target = t->target;

	t->turning = false;
	if (s == NULL || t->cut) {
		if (s != NULL)
			stream_close(s);
		tcpproxy_end(t);
		return;
	}
	t->target = NULL;
	t->splice = stream_splice(s, target, t->work.b->set->proxy_idle_ms, NULL,
	    on_spliced, t);
}

static void
on_open(struct stream *s, void *arg)
{
	struct tcpproxy	*t = arg;
	struct http_req	*r = t->r;

	stream_set_cb(s, NULL, NULL);
	req_not_on_done(r, on_gone, t);
	t->r = NULL;
	t->turning = true;
	reply_header(r, "Upgrade", "tcpproxy");
	reply_header(r, "Connection", "Upgrade");
	reply_upgrade(r, 101, on_turned, t);
}

static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	struct tcpproxy	*t = arg;

	(void)s;
	reply_error(t->r, 502, "buildlet: tcpproxy: %s", why->msg);
	tcpproxy_end(t);
}

static const struct stream_cb target_cb = { .open = on_open, .error = on_error };

static void
on_cut(struct work *w, const char *why)
{
	struct tcpproxy	*t = (struct tcpproxy *)w;

	if (t->splice != NULL) {
		splice_cut(t->splice, why);
	} else if (t->turning) {
		t->cut = true;
	} else {
		reply_error(t->r, 503, "%s", why);
		tcpproxy_end(t);
	}
}

void
tcpproxy_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*text = req_header(r, API_H_TARGET_PORT);
	struct net_dial	 dial = { .ms = b->set->proxy_dial_ms };
	struct tcpproxy	*t;
	int64_t		 port;

	if (text == NULL || str_int64(text, 1, 65535, &port) == -1) {
		reply_error(r, 400, "requires a port in " API_H_TARGET_PORT);
		return;
	}
	t = xcalloc(1, sizeof *t);
	if (!work_begin(b, &t->work, on_cut, r)) {
		free(t);
		return;
	}
	t->r = r;
	req_on_done(r, on_gone, t);
	dial.address = req_printf(r, "127.0.0.1:%lld", (long long)port);
	t->target = net_dial(b->loop, &dial);
	stream_set_cb(t->target, &target_cb, t);
}
