/* routes.c - the table of the buildlet API. */
#include "buildlet/routes.h"

#include "buildlet/buildlet.h"
#include "buildlet/exec.h"
#include "buildlet/exec_api.h"
#include "buildlet/file.h"
#include "buildlet/halt.h"
#include "buildlet/lease.h"
#include "buildlet/ls.h"
#include "buildlet/push.h"
#include "buildlet/remove.h"
#include "buildlet/ssh.h"
#include "buildlet/status.h"
#include "buildlet/tar.h"
#include "buildlet/tcpproxy.h"
#include "http/route.h"
#include "io/secret.h"

static const struct route table[] = {
	{ "GET", "/", ROUTE_OPEN, status_root },
	{ "GET", "/healthz", ROUTE_OPEN, status_healthz },
	{ "GET", "/debug/x", ROUTE_OPEN, status_debug },
	{ "GET", "/status", 0, status_get },
	{ "GET", "/workdir", 0, status_workdir },
	{ "PUT", "/write", 0, file_put },
	{ "PUT", "/writetgz", 0, tar_put },
	{ "POST", "/writetgz", ROUTE_FORM, tar_post },
	{ "GET", "/tgz", 0, tar_get },
	{ "POST", "/removeall", ROUTE_FORM, remove_post },
	{ "GET", "/ls", 0, ls_get },
	{ "GET", "/push", 0, push_get },
	{ "POST", "/push", ROUTE_FORM, push_post },
	{ "PUT", "/push", 0, push_put },
	{ "POST", "/exec", ROUTE_FORM, exec_post },
	{ "GET", "/execs", 0, exec_api_list },
	{ "POST", "/execs", ROUTE_FORM, exec_api_make },
	{ "GET", "/execs/", ROUTE_PREFIX, exec_api_one },
	{ "PUT", "/execs/", ROUTE_PREFIX, exec_api_one },
	{ "POST", "/execs/", ROUTE_PREFIX | ROUTE_FORM, exec_api_one },
	{ "DELETE", "/execs/", ROUTE_PREFIX, exec_api_one },
	{ "POST", "/halt", 0, halt_post },
	{ "POST", "/connect-ssh", 0, ssh_post },
	{ "POST", "/tcpproxy", 0, tcpproxy_post },
	{ "POST", "/lease", ROUTE_FORM, lease_post },
	{ .method = NULL },
};

/* Any user name will do; the password decides (PROTOCOL 1). */
static bool
guard(struct http_req *r, const struct route *route, void *arg)
{
	struct buildlet	*b = arg;
	const char	*user, *password;

	if (b->set->password == NULL || (route->flags & ROUTE_OPEN) != 0)
		return true;
	if (req_basic_auth(r, &user, &password) &&
	    secret_equal(b->set->password, password))
		return true;
	reply_header(r, "WWW-Authenticate", "Basic realm=\"buildlet\"");
	reply_error(r, 401, "buildlet: the password is missing or wrong");
	return false;
}

void
routes_serve(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;

	route_dispatch(table, r, guard, b->set->form_max, b);
}
