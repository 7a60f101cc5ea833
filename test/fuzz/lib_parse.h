/*
 * lib_parse.h - what the two fuzzers of HTTP messages share: a text is parsed
 * whole and once more in small pieces with little room; both must tell the
 * same story, which is where parsers that keep state go wrong.
 */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "http/parse.h"
#include "io/buf.h"

/* Promises of the header about a head that was accepted. */
static inline void
check_head(const struct parse_head *h, bool responses)
{
	const char	*name, *value;
	size_t		 i;

	for (i = 0; i < headers_len(h->headers); i++) {
		headers_at(h->headers, i, &name, &value);
		if (!headers_valid(name, value))
			abort();
	}
	if (h->length < -1 || (h->length > 0 && !h->has_body))
		abort();
	if (responses)
		return;
	if (h->chunked && headers_get(h->headers, "Content-Length") != NULL)
		abort();
	if (h->upgrade || h->method[0] == '\0' || h->target[0] == '\0' ||
	    strpbrk(h->target, " \r\n\t") != NULL)
		abort();
}

static inline void
tell_message(struct str *story, struct parse *p, struct evbuffer *out,
    enum parse_result r)
{
	char	*body = NULL;
	size_t	 len;

	if (r == PARSE_HEAD)
		str_addf(story, "head %zu %d ",
		    headers_len(parse_head(p)->headers), parse_head(p)->minor);
	if (r != PARSE_END && r != PARSE_BAD)
		return;
	body = buf_string(out, &len);
	str_addf(story, "body %zu ", len);
	str_addn(story, body, len);
	free(body);
	str_addf(story, "%s ", r == PARSE_END ? "end" : "bad");
}

static inline char *
parse_story(const uint8_t *data, size_t size, bool responses, size_t step,
    size_t room, size_t *len)
{
	struct http_limits	 limits = { .head_max = 4096, .headers_max = 20 };
	struct parse		*p = parse_new(responses, &limits);
	struct evbuffer		*in = buf_new(), *out = buf_new();
	struct str		 story = STR_INIT;
	struct err		 e = ERR_INIT;
	enum parse_result	 r;
	size_t			 at = 0, n;

	parse_lenient_version(p, size > 0 && data[0] % 2 == 0);
	for (;;) {
		r = parse_feed(p, in, out, room, &e);
		if (r == PARSE_MORE && at < size) {
			n = step < size - at ? step : size - at;
			buf_add(in, data + at, n);
			at += n;
			continue;
		}
		if (r == PARSE_MORE)
			r = parse_eof(p, &e);
		if (r == PARSE_HEAD)
			check_head(parse_head(p), responses);
		if (r == PARSE_FULL)
			abort();	/* there always is room */
		tell_message(&story, p, out, r);
		if (r == PARSE_BAD && e.msg[0] == '\0')
			abort();
		if (r == PARSE_BAD || r == PARSE_MORE)
			break;
		if (r == PARSE_END) {
			parse_reset(p);
			if (at == size && buf_len(in) == 0)
				break;
		}
	}
	parse_free(p);
	buf_free(in);
	buf_free(out);
	*len = story.len;
	return str_take(&story);
}

static inline void
parse_both_ways(const uint8_t *data, size_t size, bool responses)
{
	size_t	 len, len2;
	char	*whole = parse_story(data, size, responses, SIZE_MAX, SIZE_MAX, &len);
	char	*pieces = parse_story(data, size, responses, 3, 2, &len2);

	if (len != len2 || memcmp(whole, pieces, len) != 0)
		abort();
	free(whole);
	free(pieces);
}

#endif
