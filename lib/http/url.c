/* url.c - URLs, escapes, query strings and forms. */
#include "http/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/xmalloc.h"

#define URL_MAX		8192
#define HOST_MAX	255

struct pair {
	char	*name;
	char	*value;
};

struct form {
	struct pair	*v;
	size_t		 n, cap;
};

/* --- URLs ------------------------------------------------------------------ */

static const char *
scheme_of(struct url *u, const char *text)
{
	static const struct { const char *prefix, *name; int port; } known[] = {
		{ "http://", "http", 80 }, { "https://", "https", 443 },
	};
	size_t	 i, len;

	for (i = 0; i < nitems(known); i++) {
		len = strlen(known[i].prefix);
		if (strncasecmp(text, known[i].prefix, len) == 0) {
			u->scheme = xstrdup(known[i].name);
			u->port = known[i].port;
			return text + len;
		}
	}
	return NULL;
}

static int
url_port(struct url *u, const char *digits, size_t len, struct err *e)
{
	char	 buf[8];
	int64_t	 port;

	if (len == 0)
		return 0;	/* "host:" is the default port, RFC 3986 3.2.3 */
	if (len < sizeof buf) {
		memcpy(buf, digits, len);
		buf[len] = '\0';
		if (str_int64(buf, 1, 65535, &port) == 0) {
			u->port = (int)port;
			return 0;
		}
	}
	return err_set(e, "port \"%.*s\" is not a number from 1 to 65535",
	    len > 20 ? 20 : (int)len, digits);
}

static bool
host_ok(const char *p, size_t len, bool v6)
{
	size_t	 i;

	if (len == 0 || len > HOST_MAX)
		return false;
	for (i = 0; i < len; i++) {
		unsigned char	 c = (unsigned char)p[i];

		if (v6 ? strchr("0123456789abcdefABCDEF:.%", c) == NULL :
		    strchr("/\\?#@[]<>\"^`{|}% :", c) != NULL || c <= 0x20 ||
		    c >= 0x7f)
			return false;
	}
	return true;
}

/* "host", "host:port", "[v6]:port"; end is where the target begins. */
static int
url_authority(struct url *u, const char *p, const char *end, struct err *e)
{
	const char	*host = p, *host_end, *rest;
	bool		 v6 = p < end && *p == '[';

	if (v6) {
		host = p + 1;
		host_end = memchr(host, ']', (size_t)(end - host));
		rest = host_end != NULL ? host_end + 1 : NULL;
	} else {
		host_end = memchr(host, ':', (size_t)(end - host));
		if (host_end == NULL)
			host_end = end;
		rest = host_end;
	}
	if (host_end == NULL || !host_ok(host, (size_t)(host_end - host), v6))
		return err_set(e, "no valid host in \"%.*s\"",
		    end - p > 80 ? 80 : (int)(end - p), p);
	u->host = xstrndup(host, (size_t)(host_end - host));
	if (rest == end)
		return 0;
	if (*rest != ':')
		return err_set(e, "unexpected text after the host");
	return url_port(u, rest + 1, (size_t)(end - rest - 1), e);
}

/* The target is sent as it stands, so it may hold nothing that ends a line or
 * a word of the request line. */
static int
url_target(struct url *u, const char *p, struct err *e)
{
	size_t	 len = strcspn(p, "#"), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)p[i] <= 0x20 || (unsigned char)p[i] >= 0x7f)
			return err_set(e, "a character that must be escaped");
	u->target = *p == '/' ? xstrndup(p, len) :
	    xasprintf("/%.*s", (int)len, p);
	return 0;
}

int
url_parse(struct url *u, const char *text, struct err *e)
{
	const char	*p, *end;

	*u = (struct url){ NULL, NULL, 0, NULL };
	if (strlen(text) > URL_MAX)
		return err_set(e, "URL: longer than %d bytes", URL_MAX);
	p = scheme_of(u, text);
	if (p == NULL) {
		err_set(e, "not an http:// or https:// URL");
		goto fail;
	}
	end = p + strcspn(p, "/?#");
	if (url_authority(u, p, end, e) == -1 || url_target(u, end, e) == -1)
		goto fail;
	return 0;
fail:
	url_release(u);
	return err_wrap(e, "URL \"%.100s\"", text);
}

void
url_release(struct url *u)
{
	free(u->scheme);
	free(u->host);
	free(u->target);
	*u = (struct url){ NULL, NULL, 0, NULL };
}

/* --- escapes ------------------------------------------------------------------ */

static bool
is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

static void
escape_add(struct str *out, const char *s, const char *keep, bool space_is_plus)
{
	static const char	 hex[] = "0123456789ABCDEF";

	for (; *s != '\0'; s++) {
		unsigned char	 c = (unsigned char)*s;

		if (is_unreserved(c) || strchr(keep, c) != NULL)
			str_addc(out, *s);
		else if (c == ' ' && space_is_plus)
			str_addc(out, '+');
		else {
			char	 esc[3] = { '%', hex[c >> 4], hex[c & 15] };

			str_addn(out, esc, 3);
		}
	}
}

char *
url_escape(const char *s, bool keep_slash)
{
	struct str	 out = STR_INIT;

	escape_add(&out, s, keep_slash ? "/" : "", false);
	return str_take(&out);
}

char *
url_unescape(const char *s, size_t len, bool plus_is_space)
{
	char	*out = xmalloc(len + 1);
	size_t	 i, n = 0;
	int	 hi, lo;

	for (i = 0; i < len; i++) {
		char	 c = s[i];

		if (c == '+' && plus_is_space)
			c = ' ';
		else if (c == '%') {
			if (len - i < 3)
				goto bad;
			hi = str_hex_value(s[i + 1]);
			lo = str_hex_value(s[i + 2]);
			if (hi == -1 || lo == -1)
				goto bad;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		if (c == '\0')
			goto bad;
		out[n++] = c;
	}
	out[n] = '\0';
	return out;
bad:
	free(out);
	return NULL;
}

/* --- forms ---------------------------------------------------------------------- */

struct form *
form_new(void)
{
	return xcalloc(1, sizeof(struct form));
}

void
form_free(struct form *f)
{
	size_t	 i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].value);
	}
	free(f->v);
	free(f);
}

static void
form_adopt(struct form *f, char *name, char *value)
{
	if (f->n == f->cap) {
		f->cap = f->cap != 0 ? f->cap * 2 : 8;
		f->v = xreallocarray(f->v, f->cap, sizeof *f->v);
	}
	f->v[f->n++] = (struct pair){ name, value };
}

static int
form_parse_field(struct form *f, const char *p, size_t len, struct err *e)
{
	const char	*eq = memchr(p, '=', len);
	size_t		 nlen = eq != NULL ? (size_t)(eq - p) : len;
	char		*name, *value;

	name = url_unescape(p, nlen, true);
	value = eq != NULL ? url_unescape(eq + 1, len - nlen - 1, true) :
	    xstrdup("");
	if (name == NULL || value == NULL) {
		free(name);
		free(value);
		return err_set(e, "form: broken escape or NUL in \"%.*s\"",
		    len > 60 ? 60 : (int)len, p);
	}
	form_adopt(f, name, value);
	return 0;
}

struct form *
form_parse(const char *text, size_t len, size_t max_fields, struct err *e)
{
	struct form	*f = form_new();
	const char	*p = text, *end = text + len, *amp;
	size_t		 flen;

	for (; p < end; p += flen + 1) {
		amp = memchr(p, '&', (size_t)(end - p));
		flen = (size_t)((amp != NULL ? amp : end) - p);
		if (flen == 0 || memchr(p, ';', flen) != NULL)
			continue;
		if (f->n >= max_fields) {
			err_set(e, "form: more than %zu fields", max_fields);
			goto fail;
		}
		if (form_parse_field(f, p, flen, e) == -1)
			goto fail;
	}
	return f;
fail:
	form_free(f);
	return NULL;
}

void
form_add(struct form *f, const char *name, const char *value)
{
	form_adopt(f, xstrdup(name), xstrdup(value));
}

void
form_addf(struct form *f, const char *name, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	form_adopt(f, xstrdup(name), xvasprintf(fmt, ap));
	va_end(ap);
}

const char *
form_each(const struct form *f, const char *name, size_t *it)
{
	while (*it < f->n) {
		const struct pair	*p = &f->v[(*it)++];

		if (strcmp(p->name, name) == 0)
			return p->value;
	}
	return NULL;
}

const char *
form_get(const struct form *f, const char *name)
{
	size_t	 it = 0;

	return form_each(f, name, &it);
}

size_t
form_len(const struct form *f)
{
	return f->n;
}

void
form_at(const struct form *f, size_t i, const char **name, const char **value)
{
	*name = f->v[i].name;
	*value = f->v[i].value;
}

char *
form_encode(const struct form *f)
{
	struct str	 out = STR_INIT;
	size_t		 i;

	for (i = 0; i < f->n; i++) {
		if (i != 0)
			str_addc(&out, '&');
		/* As the WHATWG serializer: '*' stays, '~' does not; '~'
		 * unescaped is equally read by all. */
		escape_add(&out, f->v[i].name, "*", true);
		str_addc(&out, '=');
		escape_add(&out, f->v[i].value, "*", true);
	}
	return str_take(&out);
}
