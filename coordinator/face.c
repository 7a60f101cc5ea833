/* face.c - what all faces need for answering. */
#include "coordinator/face.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct user *
face_user(const struct http_req *r)
{
	return req_data(r);
}

bool
face_wants_json(struct http_req *r)
{
	return str_eq(req_param(r, "mode"), "json");
}

void
face_reply_json(struct http_req *r, int status, struct json *j)
{
	char		*text = json_text(j, true);
	struct str	 s = STR_INIT;

	str_add(&s, text);
	if (!str_ends(text, "\n"))
		str_addc(&s, '\n');
	reply_data(r, status, "application/json; charset=utf-8", str_text(&s), s.len);
	str_release(&s);
	free(text);
	json_free(j);
}

void
face_reply_html(struct http_req *r, struct str *s)
{
	reply_header(r, "Cache-Control", "no-store");
	/* Pages run no script and load nothing from elsewhere. */
	reply_header(r, "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
	reply_data(r, 200, "text/html; charset=utf-8", str_text(s), s->len);
	str_release(s);
}

void
face_reply_denied(struct http_req *r, const char *why)
{
	reply_header(r, "WWW-Authenticate", "Basic realm=\"gomote\"");
	reply_error(r, 401, "coordinator: %s", why);
}

const char *
face_ago(const struct face *f, int64_t wall, char *buf)
{
	int64_t	ms = clock_wall(loop_clock(f->core->loop)) - wall;
	char	text[CLOCK_TEXT_MAX];

	if (wall == 0)
		return "never";
	if (ms < 1000)
		return "now";
	clock_duration(ms / 1000 * 1000, text);
	snprintf(buf, CLOCK_TEXT_MAX + 8, "%s ago", text);
	return buf;
}
