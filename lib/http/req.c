/* req.c - a request being served: its memory and what came with it. */
#include "http/req.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "http/conn.h"

#define BLOCK_SIZE	1024

/* Memory is cut off the newest block; big requests get a block of their own. */
struct req_block {
	struct req_block	*next;
	size_t			 used, size;
	_Alignas(max_align_t) char data[];
};

struct req_done {
	struct req_done	*next;
	void		(*fn)(void *);
	void		*arg;
};

/* --- memory ------------------------------------------------------------------ */

static struct req_block *
block_new(size_t size)
{
	struct req_block	*b = xcalloc(1, sizeof *b + size);

	b->size = size;
	return b;
}

void *
req_alloc(struct http_req *r, size_t size)
{
	struct req_block	*b = r->blocks;
	size_t			 align = _Alignof(max_align_t);

	if (size > SIZE_MAX / 2)
		fatalx("request wants %zu bytes", size);
	size = (size + align - 1) / align * align;
	if (b == NULL || b->size - b->used < size) {
		b = block_new(size > BLOCK_SIZE / 2 ? size : BLOCK_SIZE);
		if (b->size != BLOCK_SIZE && r->blocks != NULL) {
			/* Full at once: leave the newest where it is. */
			b->next = r->blocks->next;
			r->blocks->next = b;
		} else {
			b->next = r->blocks;
			r->blocks = b;
		}
	}
	b->used += size;
	return b->data + b->used - size;
}

static char *
req_strndup(struct http_req *r, const char *s, size_t len)
{
	char	*copy = req_alloc(r, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *
req_strdup(struct http_req *r, const char *s)
{
	return req_strndup(r, s, strlen(s));
}

char *
req_printf(struct http_req *r, const char *fmt, ...)
{
	va_list	 ap;
	char	*text, *copy;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	copy = req_strdup(r, text);
	free(text);
	return copy;
}

void
req_on_done(struct http_req *r, void (*fn)(void *), void *arg)
{
	struct req_done	*d = req_alloc(r, sizeof *d);

	d->fn = fn;
	d->arg = arg;
	d->next = r->dones;
	r->dones = d;
}

void
req_not_on_done(struct http_req *r, void (*fn)(void *), void *arg)
{
	struct req_done	**p;

	for (p = &r->dones; *p != NULL; p = &(*p)->next)
		if ((*p)->fn == fn && (*p)->arg == arg) {
			*p = (*p)->next;
			return;
		}
}

/* --- life -------------------------------------------------------------------- */

/* The path of the target: in absolute form behind the authority, "/" if there
 * is none (RFC 9112 section 3.2.2). */
static const char *
target_path(const char *target)
{
	const char	*p;

	if (target[0] == '/' || (p = strstr(target, "://")) == NULL)
		return target;
	p += 3;
	p += strcspn(p, "/?");
	return p;
}

static int
req_split_target(struct http_req *r, struct err *e)
{
	const char	*path = target_path(r->target);
	size_t		 len = strcspn(path, "?");
	char		*text;

	text = url_unescape(path, len, false);
	if (text == NULL)
		return err_code(e, 400, "broken escape in the path");
	r->path = req_strdup(r, text[0] != '\0' ? text : "/");
	free(text);
	r->query = req_strdup(r, path[len] == '?' ? path + len + 1 : "");
	r->query_form = form_parse(r->query, strlen(r->query), FORM_FIELDS_MAX, e);
	if (r->query_form == NULL) {
		if (e != NULL)
			e->code = 400;
		return err_wrap(e, "query");
	}
	return 0;
}

struct http_req *
req_new(struct conn *c, struct parse *p, struct err *e)
{
	const struct parse_head	*h = parse_head(p);
	struct http_req		*r = xcalloc(1, sizeof *r);

	r->conn = c;
	r->method = req_strdup(r, h->method);
	r->target = req_strdup(r, h->target);
	r->http10 = h->minor == 0;
	r->is_head = strcmp(r->method, "HEAD") == 0;
	r->has_body = h->has_body;
	r->headers = parse_take_headers(p);
	if (req_split_target(r, e) == -1) {
		req_free(r);
		return NULL;
	}
	return r;
}

void
req_free(struct http_req *r)
{
	struct req_block	*b;
	struct req_done		*d;

	while ((d = r->dones) != NULL) {
		r->dones = d->next;
		d->fn(d->arg);
	}
	if (r->body != NULL)
		body_close(r->body);
	headers_free(r->headers);
	headers_free(r->fields);
	form_free(r->query_form);
	form_free(r->form);
	while ((b = r->blocks) != NULL) {
		r->blocks = b->next;
		free(b);
	}
	free(r);
}

/* --- what came --------------------------------------------------------------- */

const char *
req_method(const struct http_req *r)
{
	return r->method;
}

const char *
req_target(const struct http_req *r)
{
	return r->target;
}

const char *
req_path(const struct http_req *r)
{
	return r->path;
}

const char *
req_query_text(const struct http_req *r)
{
	return r->query;
}

const struct form *
req_query(struct http_req *r)
{
	return r->query_form;
}

const struct form *
req_form(struct http_req *r)
{
	return r->form;
}

void
req_set_form(struct http_req *r, struct form *f)
{
	form_free(r->form);
	r->form = f;
}

const char *
req_param(struct http_req *r, const char *name)
{
	const char	*value = NULL;

	if (r->form != NULL)
		value = form_get(r->form, name);
	return value != NULL ? value : form_get(r->query_form, name);
}

const char *
req_header(const struct http_req *r, const char *name)
{
	return headers_get(r->headers, name);
}

const struct headers *
req_headers(const struct http_req *r)
{
	return r->headers;
}

bool
req_http10(const struct http_req *r)
{
	return r->http10;
}

const char *
req_peer(const struct http_req *r)
{
	return r->conn->stream != NULL ? stream_peer(r->conn->stream) : "?";
}

bool
req_secure(const struct http_req *r)
{
	return r->conn->stream != NULL && stream_is_tls(r->conn->stream);
}

struct loop *
req_loop(const struct http_req *r)
{
	return r->conn->loop;
}

/* What follows the scheme's name in Authorization; NULL if it is another. */
static const char *
authorization(const struct http_req *r, const char *scheme)
{
	const char	*value = headers_get(r->headers, "Authorization");
	size_t		 len = strlen(scheme);
	char		 name[16];

	if (value == NULL || len >= sizeof name || strlen(value) <= len ||
	    value[len] != ' ')
		return NULL;
	memcpy(name, value, len);
	name[len] = '\0';
	if (!str_ieq(name, scheme))
		return NULL;
	value += len;
	return value + strspn(value, " ");
}

bool
req_basic_auth(struct http_req *r, const char **user, const char **password)
{
	const char	*text = authorization(r, "Basic");
	char		*plain, *colon;
	size_t		 len;

	if (text != NULL && r->user == NULL) {
		plain = str_base64_decode(text, &len);
		if (plain != NULL && strlen(plain) == len &&
		    (colon = strchr(plain, ':')) != NULL) {
			r->password = req_strdup(r, colon + 1);
			r->user = req_strndup(r, plain, (size_t)(colon - plain));
		}
		free(plain);
	}
	if (text == NULL || r->user == NULL)
		return false;
	*user = r->user;
	*password = r->password;
	return true;
}

const char *
req_bearer(struct http_req *r)
{
	const char	*token = authorization(r, "Bearer");

	return token != NULL && *token != '\0' ? token : NULL;
}

void
req_set_data(struct http_req *r, void *data)
{
	r->data = data;
}

void *
req_data(const struct http_req *r)
{
	return r->data;
}

struct body *
req_take_body(struct http_req *r)
{
	struct body	*b = r->body;

	r->body = NULL;
	return b;
}

bool
req_has_body(const struct http_req *r)
{
	return r->has_body;
}
