/* routes.c - the table of paths, and the guard that asks who is there. */
#include "coordinator/routes.h"

#include "api/api.h"
#include "base/log.h"
#include "coordinator/face.h"
#include "http/route.h"

static const struct route table[] = {
	{ "POST", "/buildlet/create", ROUTE_FORM, api_create },
	{ "GET", "/buildlet/list", 0, api_list },
	{ "GET", "/reverse", ROUTE_OPEN, api_reverse },	/* by key: auth_machine */
	{ "GET", "/revdial", ROUTE_OPEN, api_revdial },	/* by its secret */
	{ "GET", "/api/v1/version", 0, api_v1_version },
	{ "GET", "/api/v1/builders", 0, api_v1_builders },
	{ "GET", "/api/v1/instances", ROUTE_PREFIX, api_instances },
	{ "POST", "/api/v1/instances", ROUTE_PREFIX | ROUTE_FORM, api_instances_post },
	{ "GET", "/api/v1/groups", ROUTE_PREFIX, api_groups },
	{ "POST", "/api/v1/groups", ROUTE_PREFIX, api_groups },
	{ "PUT", "/api/v1/groups", ROUTE_PREFIX, api_groups },
	{ "DELETE", "/api/v1/groups", ROUTE_PREFIX, api_groups },
	{ "GET", "/api/v1/execs", ROUTE_PREFIX, api_execs },
	{ "GET", "/api/v1/uploads", ROUTE_PREFIX, api_uploads },
	{ "POST", "/api/v1/uploads", 0, api_uploads_post },
	{ "PUT", "/api/v1/uploads", ROUTE_PREFIX, api_uploads_put },
	{ "GET", "/builders", ROUTE_OPEN, page_builders },
	{ "GET", "/healthz", ROUTE_OPEN, page_health },
	{ "GET", "/", ROUTE_OPEN, page_status },
	{ NULL, NULL, 0, NULL },
};

static void
refuse(struct http_req *r, const struct err *e)
{
	switch (e->code) {
	case AUTH_DISABLED:
		reply_error(r, 403, "coordinator: %s", e->msg);
		break;
	case AUTH_FAILED:
		log_error("%s: cannot look up who asks: %s", req_peer(r), e->msg);
		reply_error(r, 503, "coordinator: cannot look up who asks");
		break;
	default:
		face_reply_denied(r, e->msg);
	}
}

/* Attaches the user; false: it has been answered. */
static bool
login(struct http_req *r, struct face *f)
{
	const char	*name = NULL, *token = req_bearer(r);
	struct user	*u = req_alloc(r, sizeof *u);
	struct err	 e = ERR_INIT;

	if (token == NULL && !req_basic_auth(r, &name, &token)) {
		face_reply_denied(r, "this needs a user and a token "
		    "(basic authorization, or a bearer token)");
		return false;
	}
	if (auth_user(f->core, name, token, u, &e) == -1) {
		refuse(r, &e);
		return false;
	}
	req_set_data(r, u);
	return true;
}

static bool
guard(struct http_req *r, const struct route *route, void *arg)
{
	return (route->flags & ROUTE_OPEN) != 0 || login(r, arg);
}

void
routes_handle(struct http_req *r, void *arg)
{
	if (req_header(r, API_H_PROXY) == NULL)
		route_dispatch(table, r, guard, FACE_FORM_MAX, arg);
	else if (login(r, arg))
		api_proxy(r, arg);
}
