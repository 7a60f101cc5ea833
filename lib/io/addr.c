/* addr.c - addresses as text and as the system has them; see net.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "io/inside.h"
#include "io/net.h"

#define HOST_MAX_LEN	255
#define ALIVE_IDLE_S	30	/* silence before the system asks, */
#define ALIVE_AGAIN_S	15	/* between two questions, */
#define ALIVE_ASKS	4	/* and how many stay without an answer */
/* Of what was not sent yet the system keeps no more than that for us: who reports
 * how much is gone would report what lies there, megabytes on a slow link. */
#define NOTSENT_MAX	(1024 * 1024)

static bool
is_loopback(const struct sockaddr *sa)
{
	const void	*at = sa;

	if (sa->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr) >> 24
		    == 127;
	return sa->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(
	    &((const struct sockaddr_in6 *)at)->sin6_addr);
}

void
addr_tune(int fd)
{
	int	on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_NOTSENT_LOWAT
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){ NOTSENT_MAX }, sizeof(int));
#endif
#ifdef TCP_KEEPIDLE
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ ALIVE_IDLE_S }, sizeof(int));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){ ALIVE_AGAIN_S }, sizeof(int));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){ ALIVE_ASKS }, sizeof(int));
#endif
}

/* In memory there is no congestion, but the system's default may pace what is
 * sent with a timer for each packet, which costs more than to copy it. Only
 * before the connection is made: afterwards the timers stay. */
void
addr_tune_local(int fd, const struct sockaddr *sa)
{
#ifdef TCP_CONGESTION
	static const char	plain[] = "reno";	/* there on every system */

	if (is_loopback(sa))
		(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, plain, sizeof plain - 1);
#else
	(void)fd;
	(void)sa;
#endif
}

/* Cuts "[V6]:PORT" and "HOST:PORT" apart; *port is NULL where there is none. */
static int
cut(const char *a, const char **host, size_t *len, const char **port)
{
	const char *end;

	*port = NULL;
	if (a[0] == '[') {
		if ((end = strchr(a, ']')) == NULL)
			return -1;
		*host = a + 1;
		*len = (size_t)(end - *host);
		if (end[1] == ':')
			*port = end + 2;
		return end[1] == ':' || end[1] == '\0' ? 0 : -1;
	}
	*host = a;
	*len = strlen(a);
	end = strchr(a, ':');
	/* Two colons and no brackets: a bare IPv6 address. */
	if (end != NULL && strchr(end + 1, ':') == NULL) {
		*len = (size_t)(end - a);
		*port = end + 1;
	}
	return 0;
}

int
net_split(const char *address, int default_port, char **host, int *port,
    struct err *e)
{
	const char	*h, *p;
	size_t		 len;
	int64_t		 n = default_port;

	*host = NULL;
	if (cut(address, &h, &len, &p) == -1)
		return err_set(e, "address \"%s\": brackets do not match", address);
	if (len > HOST_MAX_LEN || memchr(h, ' ', len) != NULL ||
	    memchr(h, '[', len) != NULL || memchr(h, ']', len) != NULL)
		return err_set(e, "address \"%.300s\": not a host name", address);
	if (p == NULL && default_port < 0)
		return err_set(e, "address \"%s\": no port", address);
	if (p != NULL && str_int64(p, 0, 65535, &n) == -1)
		return err_set(e, "address \"%s\": bad port", address);
	*host = xstrndup(h, len);
	*port = (int)n;
	return 0;
}

bool
net_is_loopback(const char *address)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	char			*host;
	int			 port;
	bool			 yes = false;

	if (str_starts(address, UNIX_PREFIX))
		return true;
	if (net_split(address, 0, &host, &port, NULL) == -1)
		return false;
	if (str_ieq(host, "localhost"))
		yes = true;
	else if (addr_numeric(host, port, &ss, &len))
		yes = is_loopback((struct sockaddr *)&ss);
	free(host);
	return yes;
}

bool
addr_numeric(const char *host, int port, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct sockaddr_in	*v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6	*v6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof *ss);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*len = sizeof *v4;
		return true;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*len = sizeof *v6;
		return true;
	}
	return false;
}

int
addr_unix(const char *path, struct sockaddr_storage *ss, socklen_t *len,
    struct err *e)
{
	struct sockaddr_un	*un = (struct sockaddr_un *)ss;
	size_t			 n = strlen(path);

	memset(ss, 0, sizeof *ss);
	if (n == 0 || n >= sizeof un->sun_path)
		return err_code(e, ENAMETOOLONG,
		    "socket path \"%s\" is empty or longer than %zu bytes", path,
		    sizeof un->sun_path - 1);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n + 1);
	*len = sizeof *un;
	return 0;
}

char *
addr_text(const struct sockaddr *sa)
{
	char	ip[INET6_ADDRSTRLEN];
	int	port;

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)sa;

		inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
		return xasprintf("%s:%d", ip, ntohs(v4->sin_port));
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)sa;

		port = ntohs(v6->sin6_port);
		inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
		return xasprintf("[%s]:%d", ip, port);
	}
	return xstrdup("unix");
}
