/* head.c - the meaning of a complete head: strict start lines, body framing. */
#include "http/head.h"

#include <string.h>

#include "base/str.h"

/* --- fields ------------------------------------------------------------------ */

static int
head_length(struct parse_head *h, enum framing *f, struct err *e)
{
	const char	*text = headers_get(h->headers, "Content-Length");
	int64_t		 len;

	if (headers_count(h->headers, "Content-Length") > 1)
		return err_code(e, 400, "more than one Content-Length");
	if (text[0] < '0' || text[0] > '9' ||
	    str_int64(text, 0, INT64_MAX, &len) == -1)
		return err_code(e, 400, "Content-Length is not a length");
	h->length = len;
	*f = len > 0 ? FRAMING_LENGTH : FRAMING_NONE;
	return 0;
}

/* Any coding but chunked alone would have to be undone by us. HTTP/1.0 knows
 * none, so there it is an attempt to disagree with a proxy (section 6.1). */
static int
head_coding(struct parse_head *h, enum framing *f, struct err *e)
{
	if (h->minor == 0)
		return err_code(e, 400, "Transfer-Encoding in HTTP/1.0");
	if (headers_count(h->headers, "Transfer-Encoding") > 1 ||
	    !str_ieq(headers_get(h->headers, "Transfer-Encoding"), "chunked"))
		return err_code(e, 501,
		    "Transfer-Encoding other than \"chunked\"");
	h->chunked = true;
	h->length = -1;
	*f = FRAMING_CHUNKED;
	return 0;
}

/* otherwise: what holds if neither field is there. */
static int
head_framing(struct parse_head *h, enum framing otherwise, enum framing *f,
    struct err *e)
{
	bool	 length = headers_get(h->headers, "Content-Length") != NULL;
	bool	 coding = headers_get(h->headers, "Transfer-Encoding") != NULL;

	if (length && coding)
		return err_code(e, 400,
		    "both Content-Length and Transfer-Encoding");
	if (coding)
		return head_coding(h, f, e);
	if (length)
		return head_length(h, f, e);
	*f = otherwise;
	h->length = otherwise == FRAMING_CLOSE ? -1 : 0;
	return 0;
}

static bool
head_keeps_alive(const struct parse_head *h)
{
	if (headers_has_token(h->headers, "Connection", "close"))
		return false;
	return h->minor >= 1 ||
	    headers_has_token(h->headers, "Connection", "keep-alive");
}

/* --- requests ---------------------------------------------------------------- */

static int
request_version(struct parse_head *h, const char *version, struct err *e)
{
	if (str_eq(version, "HTTP/1.1"))
		h->minor = 1;
	else if (str_eq(version, "HTTP/1.0"))
		h->minor = 0;
	else if (str_starts(version, "HTTP/"))
		return err_code(e, 505, "HTTP version other than 1.0 and 1.1");
	else
		return err_code(e, 400, "not an HTTP request");
	return 0;
}

/* RFC 9112 section 3.2: origin, absolute, asterisk and authority form. */
static int
request_target(const struct parse_head *h, struct err *e)
{
	const unsigned char	*p = (const unsigned char *)h->target;

	for (; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return err_code(e, 400,
			    "a character that must be escaped in the target");
	if (h->target[0] == '/' || str_starts(h->target, "http://") ||
	    str_starts(h->target, "https://") ||
	    (str_eq(h->method, "CONNECT") && h->target[0] != '\0') ||
	    (str_eq(h->target, "*") && str_eq(h->method, "OPTIONS")))
		return 0;
	return err_code(e, 400, "target is neither a path nor a URL");
}

static int
request_line(struct parse_head *h, char *line, struct err *e)
{
	char	*first = strchr(line, ' '), *last = strrchr(line, ' ');

	if (first == NULL || last == first)
		return err_code(e, 400, "malformed request line");
	*first = '\0';
	*last = '\0';
	h->method = line;
	h->target = first + 1;
	if (request_version(h, last + 1, e) == -1)
		return -1;
	return request_target(h, e);
}

/* Stock Go programs send "Host:" without a value (PROTOCOL 2). */
static int
request_host(const struct parse_head *h, struct err *e)
{
	const char	*host = headers_get(h->headers, "Host");

	if (host == NULL)
		return h->minor == 0 ? 0 : err_code(e, 400, "no Host field");
	if (headers_count(h->headers, "Host") > 1)
		return err_code(e, 400, "more than one Host field");
	if (host[strcspn(host, " \t/\\?#@,\"<>")] != '\0')
		return err_code(e, 400, "Host is not a host name");
	return 0;
}

static int
request_expect(struct parse_head *h, struct err *e)
{
	const char	*expect = headers_get(h->headers, "Expect");

	if (expect == NULL || h->minor == 0)
		return 0;
	if (!str_ieq(expect, "100-continue"))
		return err_code(e, 417, "Expect other than \"100-continue\"");
	h->expect_continue = h->has_body;
	return 0;
}

int
head_request(struct parse_head *h, char *line, enum framing *f, struct err *e)
{
	if (request_line(h, line, e) == -1 || request_host(h, e) == -1 ||
	    head_framing(h, FRAMING_NONE, f, e) == -1)
		return -1;
	h->has_body = *f != FRAMING_NONE;
	if (h->has_body && str_eq(h->method, "CONNECT"))
		return err_code(e, 400, "CONNECT with a body");
	h->keep_alive = head_keeps_alive(h);
	return request_expect(h, e);
}

/* --- responses --------------------------------------------------------------- */

/* "HTTP/1.1 200 OK"; the reason, and the space before it, may be missing. */
static int
status_line(struct parse_head *h, const char *line, bool lenient, struct err *e)
{
	size_t	 len = strlen(line);
	char	 digits[4];
	int64_t	 status;

	if (len < 12 || line[8] != ' ' || (len > 12 && line[12] != ' '))
		return err_code(e, 400, "malformed status line");
	memcpy(digits, line + 9, 3);
	digits[3] = '\0';
	if (digits[0] < '1' || str_int64(digits, 100, 999, &status) == -1)
		return err_code(e, 400, "malformed status line");
	h->status = (int)status;
	if (strncmp(line, "HTTP/1.1", 8) == 0 ||
	    (lenient && status == 101 && strncmp(line, "HTTP/0.0", 8) == 0))
		h->minor = 1;
	else if (strncmp(line, "HTTP/1.0", 8) == 0)
		h->minor = 0;
	else
		return err_code(e, 505, "HTTP version other than 1.0 and 1.1");
	return 0;
}

int
head_response(struct parse_head *h, char *line, bool lenient, enum framing *f,
    struct err *e)
{
	if (status_line(h, line, lenient, e) == -1)
		return -1;
	if (h->status / 100 == 1 || h->status == 204 || h->status == 304) {
		/* Section 6.3: no body whatever the fields say. */
		*f = FRAMING_NONE;
		h->length = 0;
	} else if (head_framing(h, FRAMING_CLOSE, f, e) == -1)
		return -1;
	h->has_body = *f != FRAMING_NONE;
	h->upgrade = h->status == 101;
	h->keep_alive = *f != FRAMING_CLOSE && head_keeps_alive(h);
	return 0;
}
