/* control.c - the daemon's side of the control socket. */
#include "coordinator/control.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "coordinator/verb.h"
#include "http/route.h"
#include "io/net.h"

struct control {
	struct core		*core;
	int64_t			 started;
	struct http_server	*http;
	struct listener		*listener;
};

static void
on_verb(struct http_req *r, void *arg)
{
	struct control		*c = arg;
	struct verb_context	 context = { c->core->store, c->core,
	    clock_wall(loop_clock(c->core->loop)), c->started };
	struct strs		 words = STRS_INIT;
	struct str		 out = STR_INIT;
	struct err		 e = ERR_INIT;
	const struct form	*form = req_form(r);
	const char		*word;
	size_t			 it = 0;

	while (form != NULL && (word = form_each(form, "word", &it)) != NULL)
		strs_add(&words, word);
	if (verb_usage_check(&words, &e) == -1)
		reply_error(r, 400, "%s", e.msg);
	else if (verb_run(&context, &words, &out, &e) == -1)
		reply_error(r, 409, "%s", e.msg);
	else
		reply_text(r, 200, str_text(&out));
	if (out.s != NULL)
		secret_wipe(out.s, out.len);
	str_release(&out);
	strs_release(&words);
}

static const struct route table[] = {
	{ "POST", "/verb", ROUTE_FORM, on_verb },
	{ NULL, NULL, 0, NULL },
};

static void
on_request(struct http_req *r, void *arg)
{
	route_dispatch(table, r, NULL, CONTROL_FORM_MAX, arg);
}

static void
on_accept(struct stream *s, void *arg)
{
	struct control	*c = arg;

	http_server_serve(c->http, s);
}

char *
control_address(const char *state_dir)
{
	return xasprintf("unix:%s/control.sock", state_dir);
}

struct control *
control_new(struct core *core, int64_t started, struct err *e)
{
	struct control		*c = xcalloc(1, sizeof *c);
	char			*address = control_address(core->cfg.state_dir);
	const struct net_listen	 l = { .address = address, .unix_mode = 0600 };

	c->core = core;
	c->started = started;
	c->http = http_server_new(core->loop, NULL, on_request, c);
	c->listener = net_listen(core->loop, &l, on_accept, c, e);
	free(address);
	if (c->listener == NULL) {
		control_free(c);
		return NULL;
	}
	return c;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	listener_free(c->listener);
	http_server_free(c->http);
	free(c);
}
