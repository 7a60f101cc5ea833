/* reply.c - answers: heads, framing, bodies, upgrades. */
#include "http/req.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "http/bytes.h"
#include "http/conn.h"
#include "io/buf.h"

/* --- heads -------------------------------------------------------------------- */

/* Fields that say where the message ends, or what becomes of the connection,
 * are ours to write. */
static bool
is_framing(const char *name)
{
	return str_ieq(name, "Content-Length") ||
	    str_ieq(name, "Transfer-Encoding") ||
	    str_ieq(name, "Connection") || str_ieq(name, "Keep-Alive");
}

static const char *
field_of(const struct http_req *r, const char *name)
{
	return r->fields != NULL ? headers_get(r->fields, name) : NULL;
}

static void
head_fields(const struct http_req *r, struct str *h, bool all)
{
	const char	*name, *value;
	size_t		 i, n = r->fields != NULL ? headers_len(r->fields) : 0;

	for (i = 0; i < n; i++) {
		headers_at(r->fields, i, &name, &value);
		if (all || !is_framing(name))
			send_field(h, name, value);
	}
}

static void
head_status(struct str *h, int status)
{
	char	 line[64];

	snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status,
	    http_reason(status));
	str_add(h, line);
}

static bool
status_has_body(int status)
{
	return status / 100 != 1 && status != 204 && status != 304;
}

/* Is there so much of an unread request body still to come that the connection
 * ends after the reply? Then the head can say so. */
static bool
unread_is_long(const struct http_req *r)
{
	int64_t	 left;

	if (r->body == NULL || r->conn->in != IN_BODY)
		return false;
	left = body_length(r->body) - (int64_t)buf_len(body_buf(r->body));
	return left > CONN_DROP_MAX;
}

static void
head_connection(struct http_req *r, struct str *h)
{
	struct conn	*c = r->conn;

	if (c->continue_due || c->server->draining || unread_is_long(r) ||
	    (r->fields != NULL &&
	    headers_has_token(r->fields, "Connection", "close")))
		c->close_after = true;
	if (c->close_after)
		str_add(h, "Connection: close\r\n");
	else if (r->http10)
		str_add(h, "Connection: keep-alive\r\n");
}

/* len: of the body, -1 if not known. */
static void
head_length(const struct http_req *r, struct str *h, int status, int64_t len)
{
	const char	*given = field_of(r, "Content-Length");
	char		 line[48];

	if (status_has_body(status) && !r->is_head)
		given = NULL;	/* only the length of what we do not send is theirs */
	if (given != NULL && status != 204)
		send_field(h, "Content-Length", given);
	else if (!status_has_body(status))
		return;
	else if (len >= 0) {
		snprintf(line, sizeof line, "Content-Length: %lld\r\n",
		    (long long)len);
		str_add(h, line);
	} else if (!r->http10)
		str_add(h, "Transfer-Encoding: chunked\r\n");
}

static void
reply_head(struct http_req *r, int status, const char *type, int64_t len)
{
	struct str	 h = STR_INIT;
	struct conn	*c = r->conn;

	if (len < 0 && r->http10 && !r->is_head && status_has_body(status))
		c->close_after = true;
	head_status(&h, status);
	if (field_of(r, "Date") == NULL)
		str_add(&h, server_date(c->server));
	head_fields(r, &h, false);
	if (type != NULL && field_of(r, "Content-Type") == NULL)
		send_field(&h, "Content-Type", type);
	head_length(r, &h, status, len);
	head_connection(r, &h);
	str_add(&h, "\r\n");
	bytes_add(stream_out(c->stream), h.s, h.len);
	str_release(&h);
}

/* False: nobody is there any more to be answered. */
static bool
reply_possible(const struct http_req *r)
{
	if (r->reply != REPLY_NONE)
		fatalx("http: %s %s answered twice", r->method, r->target);
	return !r->conn->dead;
}

static void
reply_complete(struct http_req *r)
{
	r->reply = REPLY_SENT;
	stream_wrote(r->conn->stream);
	conn_kick(r->conn);
}

/* --- whole replies ------------------------------------------------------------ */

void
reply_header(struct http_req *r, const char *name, const char *value)
{
	if (r->fields == NULL)
		r->fields = headers_new();
	headers_add(r->fields, name, value);
}

void
reply_data(struct http_req *r, int status, const char *type, const void *p,
    size_t len)
{
	if (!reply_possible(r))
		return;
	reply_head(r, status, type, (int64_t)len);
	if (!r->is_head && status_has_body(status))
		bytes_add(stream_out(r->conn->stream), p, len);
	reply_complete(r);
}

void
reply_text(struct http_req *r, int status, const char *text)
{
	reply_data(r, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* One line, whatever it was made of; malloc'ed. */
static char *
line_of(const char *text)
{
	char	*line = xasprintf("%s\n", text), *p;

	for (p = line; p[0] != '\0' && p[1] != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return line;
}

void
reply_error(struct http_req *r, int status, const char *fmt, ...)
{
	va_list	 ap;
	char	*text, *line;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	line = line_of(text);
	reply_header(r, "X-Content-Type-Options", "nosniff");
	reply_text(r, status, line);
	free(line);
	free(text);
}

void
reply_refusal(struct conn *c, int status, const char *text)
{
	struct str	 h = STR_INIT;
	char		*line = line_of(text);

	head_status(&h, status);
	str_add(&h, server_date(c->server));
	str_addf(&h, "Content-Type: text/plain; charset=utf-8\r\n"
	    "X-Content-Type-Options: nosniff\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n%s", strlen(line), line);
	stream_write(c->stream, h.s, h.len);
	str_release(&h);
	free(line);
}

/* --- streamed replies --------------------------------------------------------- */

/* A reply that breaks must not look complete. With a length or chunks the
 * client sees that something is missing; where only the end of the connection
 * ends the body (HTTP/1.0) the best that can be done is to cut it, with
 * whatever was not sent yet. */
static void
reply_broken(struct http_req *r, const struct err *why)
{
	struct conn	*c = r->conn;

	log_info("%s: http: reply to %s %s broken off: %s",
	    stream_peer(c->stream), r->method, r->path, why->msg);
	if (c->tx.framing == SEND_CLOSE) {
		conn_close(c, "reply broken off");
		return;
	}
	conn_break(c);
}

static void
on_sent(const struct err *why, void *arg)
{
	struct http_req	*r = arg;

	if (why != NULL)
		reply_broken(r, why);
	else
		reply_complete(r);
}

void
reply_body(struct http_req *r, int status, struct body *b)
{
	struct conn		*c = r->conn;
	enum send_framing	 framing = SEND_LENGTH;

	if (!reply_possible(r)) {
		body_close(b);
		return;
	}
	reply_head(r, status, NULL, body_length(b));
	if (r->is_head || !status_has_body(status)) {
		body_close(b);
		reply_complete(r);
		return;
	}
	if (body_length(b) < 0)
		framing = r->http10 ? SEND_CLOSE : SEND_CHUNKED;
	r->reply = REPLY_BODY;
	stream_wrote(c->stream);
	c->tx.done = on_sent;
	c->tx.arg = r;
	sender_start(&c->tx, c->stream, b, framing);
}

struct body *
reply_stream(struct http_req *r, int status, int64_t length)
{
	struct body	*b = body_new(r->conn->loop, length);

	reply_body(r, status, b);
	return b;
}

/* --- upgrades ----------------------------------------------------------------- */

void
reply_upgrade(struct http_req *r, int status,
    void (*fn)(struct stream *, void *arg), void *arg)
{
	struct body	*b = req_take_body(r);

	(void)reply_possible(r);	/* if not, conn_reap tells fn */
	if (b != NULL)
		body_close(b);
	r->upgrade = fn;
	r->upgrade_arg = arg;
	r->upgrade_status = status;
	r->reply = REPLY_UPGRADE;
	conn_kick(r->conn);
}

/* The head must share a TLS record neither with an earlier answer nor with the
 * first bytes of the new owner: both times wait until all has left. */
bool
reply_upgrade_step(struct http_req *r)
{
	static const struct stream_cb	 none;
	struct conn			*c = r->conn;
	struct stream			*s = c->stream;
	struct str			 h = STR_INIT;
	void				(*fn)(struct stream *, void *);

	if (stream_unsent(s) != 0)
		return false;
	if (!r->upgrade_head) {
		r->upgrade_head = true;
		head_status(&h, r->upgrade_status);
		head_fields(r, &h, true);
		str_add(&h, "\r\n");
		stream_write(s, h.s, h.len);
		str_release(&h);
		return false;
	}
	c->stream = NULL;
	stream_timeout(s, 0, 0);
	stream_set_cb(s, &none, NULL);
	fn = r->upgrade;
	r->upgrade = NULL;
	fn(s, r->upgrade_arg);
	return true;
}

bool
req_replied(const struct http_req *r)
{
	return r->reply != REPLY_NONE;
}

bool
req_sent(const struct http_req *r)
{
	return r->reply == REPLY_SENT;
}

void
req_abort(struct http_req *r, const char *why)
{
	conn_close(r->conn, why);
}
