/* route.c - a table of who answers what; forms are read here. */
#include "http/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "http/conn.h"
#include "io/buf.h"

struct form_read {		/* lives in the request */
	struct http_req		*r;
	const struct route	*route;
	struct body		*body;	/* NULL once closed */
	struct evbuffer		*kept;
	size_t			 max;
	void			*arg;
};

/* --- finding ------------------------------------------------------------------ */

/* 0: no match; else the longer the better, exact ones best of all. */
static size_t
path_match(const struct route *t, const char *path)
{
	size_t	 len = strlen(t->path);

	if (strcmp(t->path, path) == 0)
		return SIZE_MAX;
	if ((t->flags & ROUTE_PREFIX) == 0 || strncmp(t->path, path, len) != 0)
		return 0;
	if (len > 0 && t->path[len - 1] == '/')
		return len;
	return path[len] == '/' ? len + 1 : 0;
}

static bool
method_match(const struct route *t, const char *method)
{
	return strcmp(t->method, method) == 0 ||
	    (strcmp(method, "HEAD") == 0 && strcmp(t->method, "GET") == 0);
}

/* Sets *best to how well the best path matched; NULL if no method did. */
static const struct route *
route_find(const struct route *table, struct http_req *r, size_t *best)
{
	const struct route	*t, *found = NULL;
	size_t			 m;

	*best = 0;
	for (t = table; t->method != NULL; t++) {
		m = path_match(t, req_path(r));
		if (m > *best) {
			*best = m;
			found = NULL;
		}
		if (m != 0 && m == *best && found == NULL &&
		    method_match(t, req_method(r)))
			found = t;
	}
	return found;
}

static void
reply_not_allowed(const struct route *table, struct http_req *r, size_t best)
{
	const struct route	*t;
	struct str		 allow = STR_INIT;

	for (t = table; t->method != NULL; t++) {
		if (path_match(t, req_path(r)) != best)
			continue;
		if (allow.len != 0)
			str_add(&allow, ", ");
		str_add(&allow, t->method);
		if (strcmp(t->method, "GET") == 0)
			str_add(&allow, ", HEAD");
	}
	reply_header(r, "Allow", str_text(&allow));
	reply_error(r, 405, "%s is not for %s, but %s", req_path(r),
	    req_method(r), str_text(&allow));
	str_release(&allow);
}

/* --- forms -------------------------------------------------------------------- */

static void
form_read_drop(void *arg)
{
	struct form_read	*f = arg;

	if (f->body != NULL)
		body_close(f->body);
	f->body = NULL;
	buf_free(f->kept);
	f->kept = NULL;
}

static void
form_read_refuse(struct form_read *f, int status, const char *why)
{
	form_read_drop(f);
	reply_error(f->r, status, "%s", why);
}

static void
form_read_done(struct form_read *f)
{
	struct err	 e = ERR_INIT;
	struct form	*form;
	size_t		 len;
	char		*text = buf_string(f->kept, &len);

	form = form_parse(text, len, FORM_FIELDS_MAX, &e);
	free(text);
	if (form == NULL) {
		form_read_refuse(f, 400, e.msg);
		return;
	}
	form_read_drop(f);
	req_set_form(f->r, form);
	f->route->handler(f->r, f->arg);
}

static void
on_form_data(struct body *b, void *arg)
{
	struct form_read	*f = arg;

	buf_move(f->kept, body_buf(b), f->max + 1);
	if (buf_len(f->kept) > f->max) {
		form_read_refuse(f, 413, "the form is too long");
		return;
	}
	body_took(b);
	if (body_error(b) != NULL)
		form_read_refuse(f, 400, body_error(b)->msg);
	else if (body_done(b))
		form_read_done(f);
}

static bool
is_form_type(const char *type)
{
	static const char	 form[] = "application/x-www-form-urlencoded";
	char			*media;
	bool			 is;

	if (type == NULL)
		return false;
	media = xstrndup(type, strcspn(type, "; \t"));
	is = str_ieq(media, form);
	free(media);
	return is;
}

static void
form_read_start(struct http_req *r, const struct route *t, size_t max, void *arg)
{
	struct form_read	*f;

	if (!req_has_body(r)) {
		req_set_form(r, form_new());
		t->handler(r, arg);
		return;
	}
	if (!is_form_type(req_header(r, "Content-Type"))) {
		reply_error(r, 415, "the body must be a form "
		    "(application/x-www-form-urlencoded)");
		return;
	}
	f = req_alloc(r, sizeof *f);
	f->r = r;
	f->route = t;
	f->max = max;
	f->arg = arg;
	f->kept = buf_new();
	f->body = req_take_body(r);
	req_on_done(r, form_read_drop, f);
	if (body_length(f->body) > 0 && (uint64_t)body_length(f->body) > max)
		form_read_refuse(f, 413, "the form is too long");
	else
		body_on_data(f->body, on_form_data, f);
}

void
route_dispatch(const struct route *table, struct http_req *r,
    route_guard guard, size_t form_max, void *arg)
{
	size_t			 best;
	const struct route	*t = route_find(table, r, &best);

	if (best == 0) {
		reply_error(r, 404, "no such page: %s", req_path(r));
		return;
	}
	if (t == NULL) {
		reply_not_allowed(table, r, best);
		return;
	}
	if (guard != NULL && !guard(r, t, arg))
		return;
	if ((t->flags & ROUTE_FORM) != 0)
		form_read_start(r, t, form_max, arg);
	else
		t->handler(r, arg);
}
