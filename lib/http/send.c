/* send.c - bodies onto streams. */
#include "http/send.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "http/bytes.h"
#include "http/client.h"
#include "io/buf.h"

#define SEND_PIECE	(256 * 1024)	/* chunks are about this long in bulk */

static void	on_data(struct body *, void *);

void
send_field(struct str *head, const char *name, const char *value)
{
	if (!headers_valid(name, value)) {
		log_warn("http: header field \"%.60s\" left out: malformed",
		    name);
		return;
	}
	str_add(head, name);
	str_addn(head, ": ", 2);
	str_add(head, value);
	str_addn(head, "\r\n", 2);
}

static bool
is_ours(const char *name)
{
	return str_ieq(name, "Content-Length") || str_ieq(name, "Host") ||
	    str_ieq(name, "Transfer-Encoding") || str_ieq(name, "Expect");
}

/* Methods whose requests usually have a body say so when there is none (RFC
 * 9110 section 8.6). */
static bool
wants_length(const char *method)
{
	return str_eq(method, "POST") || str_eq(method, "PUT") ||
	    str_eq(method, "PATCH");
}

static bool
target_ok(const char *target)
{
	const unsigned char	*p = (const unsigned char *)target;

	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return false;
	return true;
}

int
send_request_head(struct str *h, const struct http_request *q)
{
	const char	*name, *value;
	size_t		 i, n = q->headers != NULL ? headers_len(q->headers) : 0;

	if (!headers_valid(q->method, "") || !target_ok(q->target))
		return -1;
	str_addf(h, "%s %s HTTP/1.1\r\n", q->method, q->target);
	send_field(h, "Host", q->host != NULL ? q->host : "");
	for (i = 0; i < n; i++) {
		headers_at(q->headers, i, &name, &value);
		if (!is_ours(name))
			send_field(h, name, value);
	}
	if (q->body != NULL && body_length(q->body) < 0)
		str_add(h, "Transfer-Encoding: chunked\r\n");
	else if (q->body != NULL || wants_length(q->method))
		str_addf(h, "Content-Length: %lld\r\n",
		    q->body != NULL ? (long long)body_length(q->body) : 0LL);
	str_add(h, "\r\n");
	return 0;
}

void
sender_start(struct sender *tx, struct stream *s, struct body *b,
    enum send_framing framing)
{
	tx->stream = s;
	tx->body = b;
	tx->framing = framing;
	tx->left = body_length(b);
	body_on_data(b, on_data, tx);
}

void
sender_stop(struct sender *tx)
{
	struct body	*b = tx->body;

	tx->body = NULL;
	if (b != NULL)
		body_close(b);
}

static void
sender_finish(struct sender *tx, const struct err *why)
{
	struct err	 copy = ERR_INIT;

	if (why != NULL)
		copy = *why;	/* it dies with the body */
	sender_stop(tx);
	tx->done(why != NULL ? &copy : NULL, tx->arg);
}

/* Moves the next piece; -1 if there are more bytes than announced. */
static int
sender_piece(struct sender *tx, struct evbuffer *from, struct err *e)
{
	struct evbuffer	*out = stream_out(tx->stream);
	size_t		 n = bytes_whole(from, SEND_PIECE);
	char		 line[24];

	if (tx->framing == SEND_LENGTH) {
		if ((uint64_t)tx->left < n)
			return err_set(e, "body is longer than announced");
		tx->left -= (int64_t)n;
	}
	if (tx->framing == SEND_CHUNKED) {
		snprintf(line, sizeof line, "%zx\r\n", n);
		bytes_add(out, line, strlen(line));
	}
	bytes_move(out, from, n);
	if (tx->framing == SEND_CHUNKED)
		bytes_add(out, "\r\n", 2);
	return 0;
}

static void
sender_tail(struct sender *tx)
{
	const struct headers	*t = body_trailers(tx->body);
	const char		*name, *value;
	struct str		 tail = STR_INIT;
	size_t			 i;

	if (tx->framing != SEND_CHUNKED)
		return;
	str_add(&tail, "0\r\n");
	for (i = 0; t != NULL && i < headers_len(t); i++) {
		headers_at(t, i, &name, &value);
		send_field(&tail, name, value);
	}
	str_add(&tail, "\r\n");
	bytes_add(stream_out(tx->stream), tail.s, tail.len);
	str_release(&tail);
}

/* All the bytes that will come have been moved. */
static void
sender_ended(struct sender *tx)
{
	struct err	 e = ERR_INIT;

	if (tx->framing == SEND_LENGTH && tx->left > 0) {
		err_set(&e, "body is %lld bytes shorter than announced",
		    (long long)tx->left);
		sender_finish(tx, &e);
		return;
	}
	sender_tail(tx);
	stream_wrote(tx->stream);
	sender_finish(tx, NULL);
}

static void
sender_pump(struct sender *tx)
{
	struct evbuffer	*from = body_buf(tx->body);
	struct err	 e = ERR_INIT;
	bool		 moved = false;

	while (buf_len(from) > 0 && !stream_full(tx->stream)) {
		if (sender_piece(tx, from, &e) == -1) {
			sender_finish(tx, &e);
			return;
		}
		moved = true;
	}
	if (moved) {
		stream_wrote(tx->stream);
		body_took(tx->body);
	}
	if (buf_len(from) > 0)
		return;
	if (body_error(tx->body) != NULL)
		sender_finish(tx, body_error(tx->body));
	else if (body_done(tx->body))
		sender_ended(tx);
}

static void
on_data(struct body *b, void *arg)
{
	(void)b;
	sender_pump(arg);
}

void
sender_drained(struct sender *tx)
{
	if (tx->body != NULL)
		sender_pump(tx);
}
