/* target.c - reads the names of instances, direct buildlets and servers. */
#include "client/target.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "io/net.h"

#define NAME_MAX_LEN 200
#define PORT_HTTP 80
#define PORT_HTTPS 443

static void
target_set_address(struct target *t, const char *host, int port)
{
	bool		 v6 = strchr(host, ':') != NULL;
	const char	*l = v6 ? "[" : "", *r = v6 ? "]" : "";

	t->address = xasprintf("%s%s%s:%d", l, host, r, port);
	if (port == (t->tls ? PORT_HTTPS : PORT_HTTP))
		t->host = xasprintf("%s%s%s", l, host, r);
	else
		t->host = xstrdup(t->address);
}

/* "HOST[:PORT]" as a place to dial. */
static int
target_split(const char *address, int port, char **host, int *real,
    struct err *e)
{
	if (net_split(address, port, host, real, e) == -1)
		return -1;
	if (**host != '\0' && *real != 0)
		return 0;
	free(*host);
	return err_set(e, "host or port is missing");
}

static int
target_direct(struct target *t, const char *name, const char *at, struct err *e)
{
	char	*host;
	int	 port;

	t->direct = true;
	if (at == name || at[1] == '\0')
		return err_set(e, "%s: not of the form TYPE@HOST[:PORT]", name);
	if (target_split(at + 1, PORT_HTTP, &host, &port, e) == -1)
		return err_wrap(e, "%s", name);
	t->tls = port == PORT_HTTPS;
	target_set_address(t, host, port);
	free(host);
	return 0;
}

/* A token must not travel in the clear. */
static int
target_check_plain(const char *server, const char *host, struct err *e)
{
	if (net_is_loopback(host))
		return 0;
	return err_set(e, "server %s: plain HTTP only to this machine itself; "
	    "use https://", server);
}

static int
target_url(struct target *t, const char *server, struct err *e)
{
	struct url	u;
	int		ret = -1;

	if (url_parse(&u, server, e) == -1)
		return err_wrap(e, "server %s", server);
	t->tls = str_eq(u.scheme, "https");
	if (!str_eq(u.target, "/"))
		err_set(e, "server %s: only scheme, host and port, please",
		    server);
	else if (t->tls || target_check_plain(server, u.host, e) == 0) {
		target_set_address(t, u.host, u.port);
		ret = 0;
	}
	url_release(&u);
	return ret;
}

static int
target_server(struct target *t, const char *server, struct err *e)
{
	char	*host;
	int	 port;

	if (server == NULL)
		return err_set(e, "no server is set; use -server, GOMOTE_SERVER "
		    "or the configuration file (see gomote(1))");
	if (strstr(server, "://") != NULL)
		return target_url(t, server, e);
	if (target_split(server, API_PORT, &host, &port, e) == -1)
		return err_wrap(e, "server %s", server);
	t->tls = true;
	target_set_address(t, host, port);
	free(host);
	return 0;
}

int
target_init(struct target *t, const char *server, const char *instance,
    struct err *e)
{
	const char	*at = instance != NULL ? strchr(instance, '@') : NULL;
	int		 ret;

	memset(t, 0, sizeof *t);
	if (at != NULL)
		ret = target_direct(t, instance, at, e);
	else if (instance != NULL && !str_name_ok(instance, NAME_MAX_LEN))
		ret = err_set(e, "\"%s\" is no name of an instance "
		    "(see gomote list)", instance);
	else
		ret = target_server(t, server, e);
	if (ret == -1) {
		target_release(t);
		return -1;
	}
	t->instance = instance != NULL ? xstrdup(instance) : NULL;
	return 0;
}

void
target_release(struct target *t)
{
	free(t->address);
	free(t->host);
	free(t->instance);
	memset(t, 0, sizeof *t);
}

bool
target_is_direct(const char *instance)
{
	return strchr(instance, '@') != NULL;
}

const char *
target_hop(const struct target *t)
{
	return t->direct ? "buildlet" : "coordinator";
}

char *
target_file_name(const char *instance)
{
	char	*name = xstrdup(instance), *p;

	for (p = name; *p != '\0'; p++)
		if (*p == '/' || *p == ':' || (p == name && *p == '.'))
			*p = '-';
	return name;
}
