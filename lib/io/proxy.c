/* proxy.c - see proxy.h. */
#include "io/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "io/net.h"

#define PORT_DEFAULT	1080
#define URL_MAX		2048
#define REASON_MAX	100	/* of what the proxy says, so much is told */

/* --- the URL -------------------------------------------------------------------- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Base64 of USER:PASSWORD, of which each byte may be %XX; NULL: broken. */
static char *
credentials(const char *s, size_t len)
{
	char	*plain = xmalloc(len + 2), *text = NULL;
	size_t	 i, n = 0;
	int	 hi, lo;
	bool	 ok = true;

	for (i = 0; i < len && ok; i++) {
		if (s[i] != '%') {
			plain[n++] = s[i];
			continue;
		}
		hi = i + 2 < len ? hex(s[i + 1]) : -1;
		lo = i + 2 < len ? hex(s[i + 2]) : -1;
		ok = hi >= 0 && lo >= 0;
		plain[n++] = (char)(hi * 16 + lo);
		i += 2;
	}
	if (memchr(s, ':', len) == NULL)
		plain[n++] = ':';
	if (ok)
		text = str_base64_encode(plain, n);
	free(plain);
	return text;
}

static int
url_bad(struct err *e, const char *why)
{
	return err_set(e, "HTTPS_PROXY: %s: it is http://[USER[:PASSWORD]@]HOST[:PORT]", why);
}

int
proxy_parse(const char *url, struct proxy *p, struct err *e)
{
	const char	*at, *scheme = strstr(url, "://");
	char		*rest, *host = NULL;
	size_t		 len;
	int		 port, ret = -1;

	memset(p, 0, sizeof *p);
	if (strlen(url) > URL_MAX)
		return url_bad(e, "too long");
	if (scheme != NULL && ((size_t)(scheme - url) != strlen("http") ||
	    strncasecmp(url, "http", strlen("http")) != 0))
		return url_bad(e, "only proxies that are spoken to in plain HTTP are known");
	url = scheme != NULL ? scheme + 3 : url;
	len = strcspn(url, "/?#");
	rest = xstrndup(url, len);
	if ((at = strrchr(rest, '@')) != NULL &&
	    (p->credentials = credentials(rest, (size_t)(at - rest))) == NULL)
		url_bad(e, "broken %XX in the user or password");
	else if (net_split(at != NULL ? at + 1 : rest, PORT_DEFAULT, &host, &port, NULL) == -1 ||
	    host[0] == '\0' || port == 0)
		url_bad(e, "no usable host and port");
	else {
		p->address = xasprintf(strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d",
		    host, port);
		ret = 0;
	}
	free(host);
	free(rest);
	if (ret == -1)
		proxy_release(p);
	return ret;
}

void
proxy_release(struct proxy *p)
{
	free(p->address);
	free(p->credentials);
	memset(p, 0, sizeof *p);
}

/* --- who needs none --------------------------------------------------------------- */

struct number {		/* an address */
	unsigned char	b[16];
	int		bits;	/* 32 or 128 */
};

static bool
number_of(const char *s, struct number *n)
{
	n->bits = inet_pton(AF_INET, s, n->b) == 1 ? 32 :
	    inet_pton(AF_INET6, s, n->b) == 1 ? 128 : 0;
	return n->bits != 0;
}

static bool
same_network(const struct number *a, const struct number *b, int bits)
{
	int	whole = bits / 8, rest = bits % 8;

	if (a->bits != b->bits || memcmp(a->b, b->b, (size_t)whole) != 0)
		return false;
	return rest == 0 || (a->b[whole] ^ b->b[whole]) >> (8 - rest) == 0;
}

/* word is changed. */
static bool
spares_number(char *word, const struct number *host)
{
	char		*slash = strchr(word, '/');
	struct number	 n;
	int64_t		 bits = host->bits;

	if (slash != NULL) {
		*slash = '\0';
		if (str_int64(slash + 1, 0, host->bits, &bits) == -1)
			return false;
	}
	return number_of(word, &n) && same_network(&n, host, (int)bits);
}

static bool
spares_name(const char *word, const char *host)
{
	size_t	w, h = strlen(host);

	word += word[0] == '.';
	w = strlen(word);
	if (w > 0 && word[w - 1] == '.')
		w--;
	if (h > 0 && host[h - 1] == '.')
		h--;
	return w > 0 && w <= h && strncasecmp(host + h - w, word, w) == 0 &&
	    (w == h || host[h - w - 1] == '.');
}

/* word is changed. */
static bool
spares(char *word, const char *host, const struct number *number, int port)
{
	char		*slash = strchr(word, '/'), *name = NULL;
	struct number	 n;
	int		 only = 0;
	bool		 yes;

	if (slash != NULL || number_of(word, &n))
		return number != NULL && spares_number(word, number);
	if (net_split(word, 0, &name, &only, NULL) == -1)
		return false;
	yes = (only == 0 || only == port) && (number != NULL ?
	    spares_number(name, number) : spares_name(name, host));
	free(name);
	return yes;
}

bool
proxy_spared(const char *list, const char *host, int port)
{
	static const char	 between[] = ", \t";
	struct number		 n;
	const struct number	*number = number_of(host, &n) ? &n : NULL;
	char			*word;
	size_t			 len;
	bool			 found = false;

	if (str_eq(list, "*"))
		return true;
	for (list += strspn(list, between); *list != '\0' && !found;
	    list += strspn(list, between)) {
		len = strcspn(list, between);
		word = xstrndup(list, len);
		found = spares(word, host, number, port);
		free(word);
		list += len;
	}
	return found;
}

static const char *
from_env(const char *small, const char *large)
{
	const char	*s = getenv(small);

	if (s == NULL)
		s = getenv(large);
	return s != NULL ? s : "";
}

int
proxy_find(const char *address, struct proxy *p, struct err *e)
{
	const char	*url = from_env("https_proxy", "HTTPS_PROXY");
	char		*host;
	int		 port;
	bool		 spared;

	memset(p, 0, sizeof *p);
	if (url[0] == '\0' || str_starts(address, "unix:"))
		return 0;
	if (net_split(address, -1, &host, &port, e) == -1)
		return -1;
	spared = proxy_spared(from_env("no_proxy", "NO_PROXY"), host, port);
	free(host);
	if (spared)
		return 0;
	return proxy_parse(url, p, e) == 0 ? 1 : -1;
}

/* --- the words ---------------------------------------------------------------------- */

char *
proxy_request(const struct proxy *p, const char *target, struct err *e)
{
	const char	*c;
	struct str	 s = STR_INIT;

	for (c = target; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~') {
			err_set(e, "proxy %s: the name of the target cannot stand in a request",
			    p->address);
			return NULL;
		}
	}
	str_addf(&s, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target);
	if (p->credentials != NULL)
		str_addf(&s, "Proxy-Authorization: Basic %s\r\n", p->credentials);
	str_add(&s, "\r\n");
	return str_take(&s);
}

/* The end of the head, behind the empty line; NULL: not there yet. */
static const char *
head_end(const char *text, size_t len)
{
	const char	*nl = text;

	while ((nl = memchr(nl, '\n', len - (size_t)(nl - text))) != NULL) {
		nl++;
		if ((size_t)(nl - text) < len && *nl == '\n')
			return nl + 1;
		if ((size_t)(nl - text) + 1 < len && nl[0] == '\r' && nl[1] == '\n')
			return nl + 2;
	}
	return NULL;
}

/* "HTTP/1.x NNN[ REASON]": the status; -1: it is none. */
static int
status_of(const char *line, size_t len)
{
	const char	*n = line + 9;

	if (len < 12 || strncasecmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' ||
	    n[0] < '2' || n[0] > '5' || n[1] < '0' || n[1] > '9' || n[2] < '0' ||
	    n[2] > '9' || (len > 12 && n[3] != ' '))
		return -1;
	return (n[0] - '0') * 100 + (n[1] - '0') * 10 + n[2] - '0';
}

/* For people, so without what a terminal would obey. */
static void
reason(const char *s, size_t len, char *out)
{
	size_t	i;

	if (len > REASON_MAX)
		len = REASON_MAX;
	for (i = 0; i < len; i++)
		out[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
	out[len] = '\0';
}

int
proxy_answer(const struct proxy *p, const char *target, const char *text, size_t len,
    struct err *e)
{
	static const char	 begin[] = "HTTP/1.";
	const char		*end = head_end(text, len), *nl = memchr(text, '\n', len);
	size_t			 line, known = len < sizeof begin - 1 ? len : sizeof begin - 1;
	int			 status;
	char			 why[REASON_MAX + 1];

	if (strncasecmp(text, begin, known) != 0)
		return err_set(e, "proxy %s: does not answer in HTTP", p->address);
	if (end == NULL && len >= PROXY_HEAD_MAX)
		return err_set(e, "proxy %s: the head of its answer is too long", p->address);
	if (end == NULL || nl == NULL)
		return 0;
	line = (size_t)(nl - text);
	while (line > 0 && (text[line - 1] == '\r' || text[line - 1] == ' '))
		line--;
	if ((status = status_of(text, line)) == -1)
		return err_set(e, "proxy %s: does not answer in HTTP", p->address);
	if (status / 100 == 2)
		return (int)(end - text);
	reason(text + 9, line - 9, why);
	return err_set(e, "proxy %s refused CONNECT to %s: %s", p->address, target, why);
}
