/* lib_parse.c - see lib_parse.h. */
#include "lib_parse.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/buf.h"

static void
tell_fields(struct str *t, const char *what, const struct headers *h)
{
	const char	*name, *value;
	size_t		 i;

	for (i = 0; h != NULL && i < headers_len(h); i++) {
		headers_at(h, i, &name, &value);
		str_addf(t, "%s%s=%s ", what, name, value);
	}
}

static void
tell_head(struct str *t, struct parse *p, bool responses, bool fields)
{
	const struct parse_head	*h = parse_head(p);

	if (responses)
		str_addf(t, "%d", h->status);
	else
		str_addf(t, "%s %s", h->method, h->target);
	str_addf(t, " 1.%d len=%lld%s%s%s%s%s ", h->minor, (long long)h->length,
	    h->chunked ? " chunked" : "", h->has_body ? " body" : "",
	    h->keep_alive ? " keep" : "", h->upgrade ? " upgrade" : "",
	    h->expect_continue ? " expect" : "");
	if (fields)
		tell_fields(t, "", h->headers);
}

char *
fed_text(const char *text, size_t len, const struct feeding *f)
{
	struct parse		*p = parse_new(f->responses, f->limits);
	struct evbuffer		*in = buf_new(), *out = buf_new();
	struct err		 e = ERR_INIT;
	struct str		 t = STR_INIT;
	size_t			 step = f->step != 0 ? f->step : len, at = 0;
	size_t			 room = f->room != 0 ? f->room : 1000000;
	enum parse_result	 r;
	bool			 eof = false;
	char			*body;

	parse_lenient_version(p, f->lenient);
	for (;;) {
		r = parse_feed(p, in, out, room, &e);
		if (r == PARSE_MORE && at < len) {
			if (step > len - at)
				step = len - at;
			buf_add(in, text + at, step);
			at += step;
		} else if (r == PARSE_MORE && !eof) {
			eof = true;
			r = parse_eof(p, &e);
			if (r == PARSE_MORE)
				break;
		} else if (r == PARSE_MORE) {
			break;
		} else if (r == PARSE_HEAD) {
			tell_head(&t, p, f->responses, f->fields);
			if (f->is_head)
				parse_no_body(p);
		}
		if (r == PARSE_END || r == PARSE_BAD) {
			if (buf_len(out) > 0) {
				body = buf_string(out, NULL);
				str_addf(&t, "[%s] ", body);
				free(body);
			}
		}
		if (r == PARSE_BAD) {
			str_addf(&t, "BAD %d", e.code);
			ck_assert_str_ne(e.msg, "");
			break;
		}
		if (r == PARSE_END) {
			tell_fields(&t, "~", parse_trailers(p));
			str_add(&t, "END ");
			parse_reset(p);
		}
		ck_assert(r != PARSE_FULL);
	}
	parse_free(p);
	buf_free(in);
	buf_free(out);
	return str_take(&t);
}

void
fed_check(const char *text, const struct feeding *f, const char *want)
{
	struct feeding	 g = *f;
	size_t		 steps[] = { 0, 1, 3, 7 };
	size_t		 i;
	char		*got;

	for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		g.step = steps[i];
		g.room = steps[i] == 7 ? 2 : 0;
		got = fed_text(text, strlen(text), &g);
		ck_assert_msg(strcmp(got, want) == 0,
		    "step %zu\n%s\ngave \"%s\"\nnot  \"%s\"", steps[i], text, got,
		    want);
		free(got);
	}
}
