/* msg.c - header lists and reason phrases. */
#include "http/msg.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"

struct field {
	char	*name;		/* one block with the value */
	char	*value;
};

struct headers {
	struct field	*v;
	size_t		 n, cap;
};

struct http_limits
http_limits_of(const struct http_limits *from)
{
	struct http_limits	 l = { 0, 0, 0, 0, 0, 0, 0 };

	if (from != NULL)
		l = *from;
	if (l.head_max == 0)
		l.head_max = 32 * 1024;
	if (l.headers_max == 0)
		l.headers_max = 100;
	if (l.form_max == 0)
		l.form_max = 1024 * 1024;
	if (l.connections_max == 0)
		l.connections_max = 10000;
	if (l.head_ms == 0)
		l.head_ms = 10 * 1000;
	if (l.idle_ms == 0)
		l.idle_ms = 120 * 1000;
	if (l.stall_ms == 0)
		l.stall_ms = 60 * 1000;
	return l;
}

struct headers *
headers_new(void)
{
	return xcalloc(1, sizeof(struct headers));
}

void
headers_free(struct headers *h)
{
	size_t	 i;

	if (h == NULL)
		return;
	for (i = 0; i < h->n; i++)
		free(h->v[i].name);
	free(h->v);
	free(h);
}

static struct field
field_make(const char *name, const char *value)
{
	size_t		 nlen = strlen(name) + 1, vlen = strlen(value) + 1;
	struct field	 f;

	f.name = xmalloc(nlen + vlen);
	f.value = f.name + nlen;
	memcpy(f.name, name, nlen);
	memcpy(f.value, value, vlen);
	return f;
}

void
headers_add(struct headers *h, const char *name, const char *value)
{
	if (h->n == h->cap) {
		h->cap = h->cap != 0 ? h->cap * 2 : 8;
		h->v = xreallocarray(h->v, h->cap, sizeof *h->v);
	}
	h->v[h->n++] = field_make(name, value);
}

void
headers_set(struct headers *h, const char *name, const char *value)
{
	struct field	 f = field_make(name, value); /* value may be of h */

	headers_del(h, name);
	headers_add(h, f.name, f.value);
	free(f.name);
}

void
headers_del(struct headers *h, const char *name)
{
	size_t	 i, kept = 0;

	for (i = 0; i < h->n; i++) {
		if (str_ieq(h->v[i].name, name))
			free(h->v[i].name);
		else
			h->v[kept++] = h->v[i];
	}
	h->n = kept;
}

const char *
headers_get(const struct headers *h, const char *name)
{
	size_t	 i;

	for (i = 0; i < h->n; i++)
		if (str_ieq(h->v[i].name, name))
			return h->v[i].value;
	return NULL;
}

size_t
headers_count(const struct headers *h, const char *name)
{
	size_t	 i, n = 0;

	for (i = 0; i < h->n; i++)
		n += str_ieq(h->v[i].name, name);
	return n;
}

size_t
headers_len(const struct headers *h)
{
	return h->n;
}

void
headers_at(const struct headers *h, size_t i, const char **name, const char **value)
{
	*name = h->v[i].name;
	*value = h->v[i].value;
}

/* The next element of a comma list, white space cut off; false at the end. */
static bool
list_next(const char **s, const char **elem, size_t *len)
{
	const char	*p = *s, *end;

	p += strspn(p, " \t,");
	if (*p == '\0')
		return false;
	end = p + strcspn(p, ",");
	*s = end;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*elem = p;
	*len = (size_t)(end - p);
	return true;
}

static bool
list_has(const char *list, const char *token)
{
	const char	*elem;
	size_t		 len;
	char		 buf[128];

	while (list_next(&list, &elem, &len)) {
		if (len >= sizeof buf || len != strlen(token))
			continue;
		memcpy(buf, elem, len);
		buf[len] = '\0';
		if (str_ieq(buf, token))
			return true;
	}
	return false;
}

bool
headers_has_token(const struct headers *h, const char *name, const char *token)
{
	size_t	 i;

	for (i = 0; i < h->n; i++)
		if (str_ieq(h->v[i].name, name) &&
		    list_has(h->v[i].value, token))
			return true;
	return false;
}

struct headers *
headers_copy(const struct headers *from)
{
	struct headers	*h;
	size_t		 i;

	if (from == NULL)
		return NULL;
	h = headers_new();
	for (i = 0; i < from->n; i++)
		headers_add(h, from->v[i].name, from->v[i].value);
	return h;
}

static bool
hop_by_hop(const struct headers *h, const char *name)
{
	static const char *const names[] = {
		"Connection", "Keep-Alive", "Proxy-Authenticate",
		"Proxy-Authorization", "Proxy-Connection", "TE",
		"Transfer-Encoding", "Upgrade",
	};
	size_t	 i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_ieq(name, names[i]))
			return true;
	/* What "Connection: X" names; but not the fields that say where a
	 * message ends, whatever a peer says of them. */
	if (str_ieq(name, "Content-Length") || str_ieq(name, "Trailer"))
		return false;
	return headers_has_token(h, "Connection", name);
}

void
headers_copy_end_to_end(struct headers *to, const struct headers *from)
{
	size_t	 i;

	for (i = 0; i < from->n; i++)
		if (!hop_by_hop(from, from->v[i].name))
			headers_add(to, from->v[i].name, from->v[i].value);
}

/* RFC 9110 section 5.6.2. */
static bool
is_token(const char *s)
{
	static const char	 others[] = "!#$%&'*+-.^_`|~";

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr(others, *s) != NULL))
			return false;
	return true;
}

bool
headers_valid(const char *name, const char *value)
{
	const unsigned char	*p;

	if (!is_token(name))
		return false;
	for (p = (const unsigned char *)value; *p != '\0'; p++)
		if ((*p < 0x20 && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

static const struct reason {
	int		 status;
	const char	*text;
} reasons[] = {
	{ 200, "OK" },
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *
http_reason(int status)
{
	size_t	 i;

	for (i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Status";
}
