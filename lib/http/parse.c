/*
 * parse.c - HTTP/1.1 messages out of bytes.
 *
 * llhttp reads heads, chunk headers and trailers; every line of these is also
 * looked at here (line_scan), since llhttp takes some that we refuse. Bodies
 * never pass through it byte by byte: with a known length they are counted, and
 * in chunks llhttp is stopped before and after the data, so that both kinds
 * move from buffer to buffer.
 */
#include "http/parse.h"

#include <event2/buffer.h>
#include <llhttp.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "http/bytes.h"
#include "http/head.h"

#define CHUNK_LINE_MAX	1024	/* a chunk's size and extensions */
#define AFTER_DATA	(-1)	/* only CRLF may follow: llhttp does not look */
#define SCRATCH_KEEP	1024	/* longer scratch texts are freed between messages */

enum parse_state {
	AT_HEAD,
	AT_LENGTH,	/* in a body of which `left` bytes are missing */
	AT_CLOSE,	/* in a body that ends with the connection */
	AT_CHUNK_LINE,	/* before or in a chunk header */
	AT_CHUNK_DATA,	/* `left` bytes of the chunk are missing */
	AT_TRAILERS,
	AT_END,
	AT_BAD,
};

/* What llhttp stopped for. */
enum parse_stop { STOP_NONE, STOP_HEAD, STOP_CHUNK, STOP_DATA, STOP_END };

struct parse {
	llhttp_t		 ll;
	bool			 responses;
	bool			 lenient;
	size_t			 head_max, headers_max;
	enum parse_state	 state;
	enum parse_stop		 stop;
	struct parse_head	 head;
	struct headers		*trailers;
	struct str		 start;		/* the start line */
	struct str		 name, value;	/* the field under way */
	bool			 in_start;
	int			 last;		/* byte of the lines seen, or AFTER_DATA */
	size_t			 used;		/* bytes of this head, chunk line, trailers */
	int64_t			 left;
	struct err		 bad;		/* AT_BAD */
};

/* --- what llhttp tells ----------------------------------------------------------- */

static int
on_field(llhttp_t *ll, const char *p, size_t len)
{
	struct parse	*ps = ll->data;

	str_addn(&ps->name, p, len);
	return 0;
}

static int
on_value(llhttp_t *ll, const char *p, size_t len)
{
	struct parse	*ps = ll->data;

	str_addn(&ps->value, p, len);
	return 0;
}

/* Fields that would change where the message ends have no place in trailers
 * (RFC 9110 section 6.5.1). */
static bool
trailer_allowed(const char *name)
{
	return !str_ieq(name, "Content-Length") &&
	    !str_ieq(name, "Transfer-Encoding") && !str_ieq(name, "Host");
}

static int
on_value_complete(llhttp_t *ll)
{
	struct parse	*ps = ll->data;
	struct headers	*to = ps->head.headers;
	const char	*name = str_text(&ps->name);
	struct str	*v = &ps->value;

	while (v->len > 0 && strchr(" \t", v->s[v->len - 1]) != NULL)
		v->s[--v->len] = '\0';
	if (ps->state == AT_TRAILERS) {
		if (ps->trailers == NULL)
			ps->trailers = headers_new();
		to = ps->trailers;
	}
	if (ps->name.len != strlen(name) || v->len != strlen(str_text(v)) ||
	    !headers_valid(name, str_text(v)))
		return err_code(&ps->bad, 400, "malformed field name or value");
	if (ps->state == AT_TRAILERS && !trailer_allowed(name))
		return err_code(&ps->bad, 400, "field %s in the trailers", name);
	if (headers_len(to) >= ps->headers_max)
		return err_code(&ps->bad, 431, "more than %zu fields",
		    ps->headers_max);
	headers_add(to, name, str_text(v));
	str_clear(&ps->name);
	str_clear(v);
	return 0;
}

static int
stop_for(llhttp_t *ll, enum parse_stop why)
{
	struct parse	*ps = ll->data;

	ps->stop = why;
	return HPE_PAUSED;
}

static int
on_headers_complete(llhttp_t *ll)
{
	return stop_for(ll, STOP_HEAD);
}

static int
on_chunk_header(llhttp_t *ll)
{
	return stop_for(ll, STOP_CHUNK);
}

static int
on_body(llhttp_t *ll, const char *p, size_t len)
{
	(void)p;
	(void)len;
	return stop_for(ll, STOP_DATA);
}

static int
on_message_complete(llhttp_t *ll)
{
	return stop_for(ll, STOP_END);
}

static const llhttp_settings_t settings = {
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_chunk_header = on_chunk_header,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

/* --- life ---------------------------------------------------------------------------- */

struct parse *
parse_new(bool responses, const struct http_limits *limits)
{
	struct http_limits	 l = http_limits_of(limits);
	struct parse		*p = xcalloc(1, sizeof *p);

	p->responses = responses;
	p->head_max = l.head_max;
	p->headers_max = l.headers_max;
	llhttp_init(&p->ll, responses ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
	p->ll.data = p;
	parse_reset(p);
	return p;
}

static void
scratch_clear(struct str *s)
{
	if (s->cap > SCRATCH_KEEP)
		str_release(s);
	else
		str_clear(s);
}

void
parse_reset(struct parse *p)
{
	llhttp_reset(&p->ll);
	headers_free(p->head.headers);
	headers_free(p->trailers);
	p->trailers = NULL;
	memset(&p->head, 0, sizeof p->head);
	p->head.headers = headers_new();
	scratch_clear(&p->start);
	scratch_clear(&p->name);
	scratch_clear(&p->value);
	p->bad = (struct err)ERR_INIT;
	p->state = AT_HEAD;
	p->in_start = true;
	p->last = '\n';
	p->used = 0;
	p->left = 0;
}

void
parse_free(struct parse *p)
{
	if (p == NULL)
		return;
	headers_free(p->head.headers);
	headers_free(p->trailers);
	str_release(&p->start);
	str_release(&p->name);
	str_release(&p->value);
	free(p);
}

void
parse_lenient_version(struct parse *p, bool on)
{
	p->lenient = on;
	if (on)
		p->ll.lenient_flags |= LENIENT_VERSION;
	else
		p->ll.lenient_flags &= (uint8_t)~LENIENT_VERSION;
}

void
parse_no_body(struct parse *p)
{
	p->head.has_body = false;
	if (p->head.length == -1)
		p->head.length = 0;
	p->state = AT_END;
}

const struct parse_head *
parse_head(const struct parse *p)
{
	return &p->head;
}

struct headers *
parse_take_headers(struct parse *p)
{
	struct headers	*h = p->head.headers;

	p->head.headers = NULL;
	return h;
}

const struct headers *
parse_trailers(const struct parse *p)
{
	return p->trailers;
}

bool
parse_begun(const struct parse *p)
{
	return p->state != AT_HEAD || p->used > 0;
}

/* --- lines ----------------------------------------------------------------------------- */

/* Refuses in head, chunk lines and trailers what RFC 9112 forbids and parsers
 * disagree about: lines that do not end in CRLF, folded lines, control
 * characters. Keeps the start line. */
static int
line_scan(struct parse *p, const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		unsigned char	 c = (unsigned char)s[i];

		if (p->last == AFTER_DATA && c != '\r')
			return err_code(&p->bad, 400,
			    "chunk longer than announced");
		if (c == '\n') {
			if (p->last != '\r')
				return err_code(&p->bad, 400, "bare LF");
			if (p->start.len > 0)
				p->in_start = false;
		} else if (p->last == '\r')
			return err_code(&p->bad, 400, "bare CR");
		else if (p->last == '\n' && (c == ' ' || c == '\t'))
			return err_code(&p->bad, 400, "folded line");
		else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f)
			return err_code(&p->bad, 400, "control character");
		else if (p->in_start && c != '\r')
			str_addc(&p->start, (char)c);
		p->last = c;
	}
	return 0;
}

static size_t
line_limit(const struct parse *p)
{
	return p->state == AT_CHUNK_LINE ? CHUNK_LINE_MAX : p->head_max;
}

static int
line_too_long(struct parse *p)
{
	if (p->state == AT_CHUNK_LINE)
		return err_code(&p->bad, 400, "chunk header over %d bytes",
		    CHUNK_LINE_MAX);
	return err_code(&p->bad, 431, "%s over %zu bytes",
	    p->state == AT_HEAD ? "head" : "trailers", p->head_max);
}

/* llhttp's own verdict, unless a callback or line_scan gave one already. */
static void
parse_spoiled(struct parse *p, llhttp_errno_t why)
{
	const char	*reason = llhttp_get_error_reason(&p->ll);

	p->state = AT_BAD;
	if (p->bad.code != 0)
		return;
	if (why == HPE_INVALID_VERSION || why == HPE_PAUSED_H2_UPGRADE)
		err_code(&p->bad, 505, "HTTP version other than 1.0 and 1.1");
	else if (why == HPE_INVALID_METHOD || why == HPE_INVALID_CONSTANT)
		err_code(&p->bad, 400, p->responses ? "not an HTTP response" :
		    "not an HTTP request, or an unknown method");
	else
		err_code(&p->bad, 400, "%s", reason != NULL ? reason :
		    llhttp_errno_name(why));
}

/* Feeds a piece of lines. False: nothing there. */
static bool
parse_lines(struct parse *p, struct evbuffer *in)
{
	size_t		 len, used = 0, room = line_limit(p) + 1 - p->used;
	const char	*piece = bytes_piece(in, &len);
	llhttp_errno_t	 r;

	if (piece == NULL)
		return false;
	if (len > room)
		len = room;
	p->stop = STOP_NONE;
	r = llhttp_execute(&p->ll, piece, len);
	if (r != HPE_OK)	/* stopped before that byte, or failed at it */
		used = (size_t)(llhttp_get_error_pos(&p->ll) - piece);
	if (r == HPE_PAUSED && p->stop != STOP_NONE) {
		llhttp_resume(&p->ll);
		r = HPE_OK;
		len = used;
	} else if (r != HPE_OK && used < len)
		len = used + 1;
	if (p->bad.code != 0 || line_scan(p, piece, len) == -1 || r != HPE_OK) {
		parse_spoiled(p, r);
		return true;
	}
	evbuffer_drain(in, len);
	p->used += len;
	if (p->used > line_limit(p)) {
		(void)line_too_long(p);
		p->state = AT_BAD;
	}
	return true;
}

/* --- heads ------------------------------------------------------------------------------ */

static void
head_done(struct parse *p)
{
	enum framing	 f = FRAMING_NONE;
	int		 r;

	if (p->start.len == 0 || strlen(p->start.s) != p->start.len)
		r = err_code(&p->bad, 400, "malformed start line");
	else if (p->responses)
		r = head_response(&p->head, p->start.s, p->lenient, &f, &p->bad);
	else
		r = head_request(&p->head, p->start.s, &f, &p->bad);
	if (r == -1) {
		p->state = AT_BAD;
		return;
	}
	p->used = 0;
	p->left = p->head.length;
	switch (f) {
	case FRAMING_NONE: p->state = AT_END; break;
	case FRAMING_LENGTH: p->state = AT_LENGTH; break;
	case FRAMING_CHUNKED: p->state = AT_CHUNK_LINE; break;
	case FRAMING_CLOSE: p->state = AT_CLOSE; break;
	}
}

static enum parse_result
feed_head(struct parse *p, struct evbuffer *in)
{
	while (p->state == AT_HEAD) {
		if (!parse_lines(p, in))
			return PARSE_MORE;
		if (p->state == AT_HEAD && p->stop == STOP_HEAD) {
			head_done(p);
			if (p->state != AT_BAD)
				return PARSE_HEAD;
		}
	}
	return PARSE_BAD;
}

/* --- bodies ------------------------------------------------------------------------------ */

static enum parse_result
feed_plain(struct parse *p, struct evbuffer *in, struct evbuffer *out,
    size_t room)
{
	if (p->state == AT_LENGTH && (uint64_t)p->left < room)
		room = (size_t)p->left;
	if (evbuffer_get_length(in) == 0)
		return PARSE_MORE;
	if (room == 0)
		return PARSE_FULL;
	room = bytes_move(out, in, room);
	if (p->state == AT_LENGTH) {
		p->left -= (int64_t)room;
		if (p->left == 0)
			p->state = AT_END;
	}
	return PARSE_BODY;
}

/* Lets llhttp step over a piece of chunk data and moves it. 0: nothing there. */
static size_t
chunk_data(struct parse *p, struct evbuffer *in, struct evbuffer *out,
    size_t room)
{
	size_t		 len;
	const char	*piece = bytes_piece(in, &len);
	llhttp_errno_t	 r;

	if (piece == NULL)
		return 0;
	if (len > room)
		len = room;
	p->stop = STOP_NONE;
	r = llhttp_execute(&p->ll, piece, len);
	if (r != HPE_PAUSED || p->stop != STOP_DATA) {
		parse_spoiled(p, r);
		return 0;
	}
	len = (size_t)(llhttp_get_error_pos(&p->ll) - piece);
	llhttp_resume(&p->ll);
	bytes_move(out, in, len);
	p->left -= (int64_t)len;
	if (p->left == 0) {
		p->state = AT_CHUNK_LINE;
		p->last = AFTER_DATA;
	}
	return len;
}

/* A chunk header or the trailers stopped llhttp. */
static void
chunk_line_done(struct parse *p)
{
	if (p->stop == STOP_END)
		p->state = AT_END;
	if (p->stop != STOP_CHUNK)
		return;
	p->used = 0;
	p->left = (int64_t)p->ll.content_length;
	if (p->left < 0) {
		err_code(&p->bad, 400, "chunk of more than 2^63 bytes");
		p->state = AT_BAD;
	} else
		p->state = p->left > 0 ? AT_CHUNK_DATA : AT_TRAILERS;
}

/* Goes on over many chunks; what was moved is told before an end or error. */
static enum parse_result
feed_chunked(struct parse *p, struct evbuffer *in, struct evbuffer *out,
    size_t room)
{
	size_t	 moved = 0, n;

	for (;;) {
		if (p->state == AT_CHUNK_DATA) {
			if (moved == room)
				return moved > 0 ? PARSE_BODY : PARSE_FULL;
			n = chunk_data(p, in, out, room - moved);
			if (n == 0 && p->state != AT_BAD)
				return moved > 0 ? PARSE_BODY : PARSE_MORE;
			moved += n;
		} else if (p->state == AT_END || p->state == AT_BAD) {
			if (moved > 0)
				return PARSE_BODY;
			return p->state == AT_END ? PARSE_END : PARSE_BAD;
		} else {
			if (!parse_lines(p, in))
				return moved > 0 ? PARSE_BODY : PARSE_MORE;
			if (p->state != AT_BAD)
				chunk_line_done(p);
		}
	}
}

enum parse_result
parse_feed(struct parse *p, struct evbuffer *in, struct evbuffer *out,
    size_t room, struct err *e)
{
	enum parse_result	 r = PARSE_BAD;

	switch (p->state) {
	case AT_HEAD: r = feed_head(p, in); break;
	case AT_LENGTH:
	case AT_CLOSE: r = feed_plain(p, in, out, room); break;
	case AT_CHUNK_LINE:
	case AT_CHUNK_DATA:
	case AT_TRAILERS: r = feed_chunked(p, in, out, room); break;
	case AT_END: r = PARSE_END; break;
	case AT_BAD: break;
	}
	if (r == PARSE_BAD)
		err_code(e, p->bad.code, "%s", p->bad.msg);
	return r;
}

enum parse_result
parse_eof(struct parse *p, struct err *e)
{
	switch (p->state) {
	case AT_HEAD:
		if (p->used == 0)
			return PARSE_MORE;
		err_code(&p->bad, 400, "ended in the middle of the head");
		break;
	case AT_LENGTH:
		err_code(&p->bad, 400, "ended in the middle of the body, "
		    "%lld of %lld bytes missing", (long long)p->left,
		    (long long)p->head.length);
		break;
	case AT_CHUNK_LINE:
	case AT_CHUNK_DATA:
	case AT_TRAILERS:
		err_code(&p->bad, 400, "ended in the middle of the body");
		break;
	case AT_CLOSE:
		p->state = AT_END;
		return PARSE_END;
	case AT_END:
		return PARSE_END;
	case AT_BAD:
		break;
	}
	p->state = AT_BAD;
	err_code(e, p->bad.code, "%s", p->bad.msg);
	return PARSE_BAD;
}
