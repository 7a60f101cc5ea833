/* parse.c - HTTP messages out of bytes: what is taken, what is refused, where
 * a message ends. Each text is fed whole and byte by byte, with equal result. */
#include "http/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/buf.h"
#include "lib_io.h"
#include "lib_parse.h"
#include "unit.h"

/* --- requests ---------------------------------------------------------------------- */

static const struct { const char *text, *want; } requests[] = {
	{ "GET / HTTP/1.1\r\n" H "\r\n", "GET / 1.1 len=0 keep END " },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / 1.1 len=0 keep END " },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / 1.1 len=0 keep END " },
	{ "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 len=0 END " },
	{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
	    "GET / 1.0 len=0 keep END " },
	{ "GET / HTTP/1.1\r\n" H "Connection: x, close\r\n\r\n",
	    "GET / 1.1 len=0 END " },
	{ "GET http://a/b?c HTTP/1.1\r\n" H "\r\n",
	    "GET http://a/b?c 1.1 len=0 keep END " },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * 1.1 len=0 keep END " },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello",
	    "POST /x 1.1 len=5 body keep [hello] END " },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length:  05 \r\n\r\nhello",
	    "POST /x 1.1 len=5 body keep [hello] END " },
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
	    "POST /x 1.1 len=0 keep END " },
	/* Pipelined: what follows is not eaten. */
	{ "POST /x HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc"
	    "GET /y HTTP/1.1\r\n" H "\r\nGET /z HTTP/1.0\r\n\r\n",
	    "POST /x 1.1 len=3 body keep [abc] END GET /y 1.1 len=0 keep END "
	    "GET /z 1.0 len=0 END " },
	{ "PUT /x HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"
	    "5\r\nhello\r\n0A;ext=\"q\"\r\n0123456789\r\n0\r\n\r\n"
	    "GET /y HTTP/1.1\r\n" H "\r\n",
	    "PUT /x 1.1 len=-1 chunked body keep [hello0123456789] END "
	    "GET /y 1.1 len=0 keep END " },
	{ "PUT /x HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	    "2\r\nhi\r\n0\r\nProcess-State: exit status 2 \r\nB:\r\n\r\n",
	    "PUT /x 1.1 len=-1 chunked body keep [hi] "
	    "~Process-State=exit status 2 ~B= END " },
	{ "PUT /x HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "PUT /x 1.1 len=-1 chunked body keep END " },
	{ "PUT /x HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na",
	    "PUT /x 1.1 len=1 body keep expect [a] END " },
	{ "GET /x HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n",
	    "GET /x 1.1 len=0 keep END " },
	/* Upgrades are ordinary requests. */
	{ "GET /x HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: ssh\r\n\r\n"
	    "GET /y HTTP/1.1\r\n" H "\r\n",
	    "GET /x 1.1 len=0 keep END GET /y 1.1 len=0 keep END " },
	{ "POST /x HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: ssh\r\n"
	    "Content-Length: 2\r\n\r\nhiGET /y HTTP/1.1\r\n" H "\r\n",
	    "POST /x 1.1 len=2 body keep [hi] END GET /y 1.1 len=0 keep END " },
	{ "POST /x HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: h2c\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
	    "GET /y HTTP/1.1\r\n" H "\r\n",
	    "POST /x 1.1 len=-1 chunked body keep [hi] END "
	    "GET /y 1.1 len=0 keep END " },
	{ "CONNECT a:1 HTTP/1.1\r\n" H "\r\nGET /y HTTP/1.1\r\n" H "\r\n",
	    "CONNECT a:1 1.1 len=0 keep END GET /y 1.1 len=0 keep END " },
};

START_TEST(test_requests)
{
	struct feeding	 f = { 0 };

	fed_check(requests[_i].text, &f, requests[_i].want);
}
END_TEST

/* --- what is refused ------------------------------------------------------------------ */

static const struct { int code; const char *text; } refused[] = {
	/* Lengths that two parsers may read differently. */
	{ 400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
	{ 400, POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
	{ 400, POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" },
	{ 400, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" },
	{ 400, POST "Content-Length: 5, 5\r\n\r\nhello" },
	{ 400, POST "Content-Length: +5\r\n\r\nhello" },
	{ 400, POST "Content-Length: -5\r\n\r\nhello" },
	{ 400, POST "Content-Length: 0x5\r\n\r\nhello" },
	{ 400, POST "Content-Length: 5 5\r\n\r\nhello" },
	{ 400, POST "Content-Length:\r\n\r\nhello" },
	{ 400, POST "Content-Length: \t\r\n\r\nhello" },
	{ 400, POST "Content-Length: 99999999999999999999\r\n\r\nhello" },
	{ 400, POST "Content-Length: 9223372036854775808\r\n\r\nhello" },
	{ 400, POST "Content-Length : 5\r\n\r\nhello" },
	{ 400, POST "Content-Length\t: 5\r\n\r\nhello" },
	{ 400, POST "Content-Length: 5\r\n Transfer-Encoding: chunked\r\n\r\nhello" },
	{ 400, POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" },
	{ 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
	{ 501, POST "Transfer-Encoding: gzip\r\n\r\n" },
	{ 501, POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
	{ 501, POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
	{ 400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
	{ 400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" },
	{ 400, POST "Transfer-Encoding:\x0b chunked\r\n\r\n0\r\n\r\n" },
	/* Lines. */
	{ 400, "GET / HTTP/1.1\nHost: a\n\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a\r\n\n" },
	{ 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\rHost: a\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X:\r\n \r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n X: folded\r\n" H "\r\n" },
	{ 400, " GET / HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET  / HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /  HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET / x HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /\tx HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /caf\xc3\xa9 HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET x HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET ftp://a/ HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET * HTTP/1.1\r\n" H "\r\n" },
	{ 400, "get / HTTP/1.1\r\n" H "\r\n" },
	{ 400, "FROB / HTTP/1.1\r\n" H "\r\n" },
	{ 505, "GET / HTTP/1.1 \r\n" H "\r\n" },
	{ 400, "OPTIONS / RTSP/1.0\r\n" H "\r\n" },
	{ 400, "SOURCE / ICE/1.0\r\n" H "\r\n" },
	{ 400, "\x16\x03\x01\x02\x01\x01\xfc\x03\x03" },
	/* Fields. */
	{ 400, "GET / HTTP/1.1\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X y: z\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H ": z\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "nocolon\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X(y): z\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X: a\x01z\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X: a\x7fz\r\n\r\n" },
	{ 417, POST "Expect: a-miracle\r\nContent-Length: 1\r\n\r\na" },
	{ 417, "GET / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n" },
	{ 400, "CONNECT  HTTP/1.1\r\n" H "\r\n" },
	{ 400, "CONNECT a:1 HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc" },
	{ 400, "CONNECT a:1 HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
	/* Versions. */
	{ 505, "GET / HTTP/1.2\r\n" H "\r\n" },
	{ 505, "GET / HTTP/2.0\r\n" H "\r\n" },
	{ 505, "GET / HTTP/0.9\r\n" H "\r\n" },
	{ 505, "GET / HTTP/0.0\r\n" H "\r\n" },
	{ 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
};

START_TEST(test_refused)
{
	struct feeding	 f = { 0 };
	char		*got, want[16];
	size_t		 step;

	snprintf(want, sizeof want, "BAD %d", refused[_i].code);
	for (step = 0; step < 4; step++) {
		f.step = step;
		got = fed_text(refused[_i].text, strlen(refused[_i].text), &f);
		ck_assert_msg(strcmp(got, want) == 0, "%s\ngave %s, not %s",
		    refused[_i].text, got, want);
		free(got);
	}
}
END_TEST

START_TEST(test_nul)
{
	static const char *const where[] = {
		"GET / HTTP/1.1\r\n" H "X: a@b\r\n\r\n",
		"GET / HTTP/1.1\r\n" H "X@: a\r\n\r\n",
		"GET /@ HTTP/1.1\r\n" H "\r\n", "G@ET / HTTP/1.1\r\n" H "\r\n",
	};
	struct feeding	 f = { 0 };
	char		*got, text[100];
	size_t		 len = strlen(where[_i]);

	memcpy(text, where[_i], len);
	*(char *)memchr(text, '@', len) = '\0';
	for (f.step = 0; f.step < 2; f.step++) {
		got = fed_text(text, len, &f);
		ck_assert_str_eq(got, "BAD 400");
		free(got);
	}
}
END_TEST

static const char *const bad_chunks[] = {
	"5\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
	" 5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
	"+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
	"\r\n5\r\nhello\r\n0\r\n\r\n", "g\r\n",
	"ffffffffffffffff1\r\n", "ffffffffffffffff\r\n", "8000000000000000\r\n",
	"5;a\nb\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n",
	"5;a\x01\r\nhello\r\n0\r\n\r\n",
	";a\r\nhello\r\n0\r\n\r\n",
};

START_TEST(test_bad_chunks)
{
	struct feeding	 f = { 0 };
	char		*got, *text, *want;

	(void)!asprintf(&text, "%s%s", CHUNKED, bad_chunks[_i]);
	want = "POST / 1.1 len=-1 chunked body keep BAD 400";
	for (f.step = 0; f.step < 3; f.step++) {
		got = fed_text(text, strlen(text), &f);
		ck_assert_msg(strcmp(got, want) == 0, "%s\ngave %s", text, got);
		free(got);
	}
	free(text);
}
END_TEST

/* The data before the break is still delivered. */
static const char *const broken_chunks[] = {
	"5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhelloXY0\r\n\r\n",
	"5\r\nhelloXY\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhelloX",
	"5\r\nhello\r0\r\n\r\n", "5\r\nhello\rX0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
	"5\r\nhello\r0\r\n\r\n", "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n",
	"5\r\nhello\r\n0\r\nA: b\n\r\n", "5\r\nhello\r\n0\r\n A: b\r\n\r\n",
	"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
	"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
	"5\r\nhello\r\n0\r\nHost: b\r\n\r\n", "5\r\nhello\r\n0\r\nA b: c\r\n\r\n",
	"5\r\nhello\r\n0\r\nA: \x02\r\n\r\n",
	"5\r\nhello\r\n0\r\n\n",
	/* the end of the connection */
	"5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n",
	"5\r\nhello\r\n0\r\nA: b\r\n", "6\r\nhello",
};

START_TEST(test_broken_chunks)
{
	struct feeding	 f = { 0 };
	char		*text;

	(void)!asprintf(&text, "%s%s", CHUNKED, broken_chunks[_i]);
	fed_check(text, &f,
	    "POST / 1.1 len=-1 chunked body keep [hello] BAD 400");
	free(text);
}
END_TEST

START_TEST(test_ended_early)
{
	struct feeding	 f = { 0 };
	struct parse	*p = parse_new(false, NULL);
	struct evbuffer	*in = buf_new(), *out = buf_new();
	struct err	 e = ERR_INIT;

	fed_check(POST "Content-Length: 9\r\n\r\nhello", &f,
	    "POST / 1.1 len=9 body keep [hello] BAD 400");
	fed_check("GET / HTT", &f, "BAD 400");
	fed_check("", &f, "");
	buf_adds(in, POST "Content-Length: 9\r\n\r\nhello");
	ck_assert_int_eq(parse_feed(p, in, out, 100, &e), PARSE_HEAD);
	ck_assert_int_eq(parse_feed(p, in, out, 100, &e), PARSE_BODY);
	ck_assert_int_eq(parse_eof(p, &e), PARSE_BAD);
	ck_assert_str_eq(e.msg, "ended in the middle of the body, 4 of 9 bytes missing");
	parse_free(p);
	buf_free(in);
	buf_free(out);
}
END_TEST

/* --- limits --------------------------------------------------------------------------- */

static char *
repeat(const char *before, const char *unit, size_t n, const char *after)
{
	struct str	 s = STR_INIT;

	str_add(&s, before);
	while (n-- > 0)
		str_add(&s, unit);
	str_add(&s, after);
	return str_take(&s);
}

static void
expect_limited(char *text, const struct http_limits *l, const char *want)
{
	struct feeding	 f = { .limits = l };

	fed_check(text, &f, want);
	free(text);
}

START_TEST(test_limit_head)
{
	struct http_limits	 l = { .head_max = 100, .headers_max = 5 };
	const char		*get = "GET / HTTP/1.1\r\n" H;	/* 25 bytes */

	expect_limited(repeat("GET / HTTP/1.1\r\n" H "A:", "x", 69, "\r\n\r\n"),
	    &l, "GET / 1.1 len=0 keep END ");	/* 100 bytes */
	expect_limited(repeat("GET / HTTP/1.1\r\n" H "A:", "x", 70, "\r\n\r\n"),
	    &l, "BAD 431");
	expect_limited(repeat(get, "x", 200, ""), &l, "BAD 431");
	expect_limited(repeat("GET /", "x", 200, ""), &l, "BAD 431");
	expect_limited(repeat("", "\r\n", 200, ""), &l, "BAD 431");
	expect_limited(repeat(get, "a:b\r\n", 4, "\r\n"), &l,
	    "GET / 1.1 len=0 keep END ");
	expect_limited(repeat(get, "a:b\r\n", 5, "\r\n"), &l, "BAD 431");
}
END_TEST

START_TEST(test_limit_trailers)
{
	struct http_limits	 l = { .head_max = 100, .headers_max = 5 };
	const char		*begin = CHUNKED "0\r\n";

	expect_limited(repeat(begin, "a:b\r\n", 5, "\r\n"), &l,
	    "POST / 1.1 len=-1 chunked body keep ~a=b ~a=b ~a=b ~a=b ~a=b END ");
	expect_limited(repeat(begin, "a:b\r\n", 6, "\r\n"), &l,
	    "POST / 1.1 len=-1 chunked body keep BAD 431");
	expect_limited(repeat(begin, "x", 200, ""), &l,
	    "POST / 1.1 len=-1 chunked body keep BAD 431");
}
END_TEST

START_TEST(test_limit_chunk_line)
{
	struct feeding	 f = { 0 };
	char		*text, *got;

	text = repeat(CHUNKED "5;", "x", 2000, "\r\nhello\r\n0\r\n\r\n");
	got = fed_text(text, strlen(text), &f);
	ck_assert_str_eq(got, "POST / 1.1 len=-1 chunked body keep BAD 400");
	free(text);
	free(got);
	/* The limit is for each chunk. */
	text = repeat(CHUNKED, "1;"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n", 100,
	    "0\r\n\r\n");
	got = fed_text(text, strlen(text), &f);
	ck_assert(str_ends(got, "] END "));
	free(text);
	free(got);
}
END_TEST

/* --- responses -------------------------------------------------------------------------- */

static const struct { const char *text, *want; } responses[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
	    "200 1.1 len=2 body keep [hi] END " },
	{ "HTTP/1.1 200 OK\r\n\r\nto the end", "200 1.1 len=-1 body [to the end] END " },
	{ "HTTP/1.0 200 OK\r\n\r\nto the end", "200 1.0 len=-1 body [to the end] END " },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
	    "200 1.0 len=2 body keep [hi] END " },
	{ "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\n"
	    "Content-Length: 7\r\n\r\nHTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	    "204 1.1 len=0 keep END 304 1.1 len=0 keep END 200 1.1 len=0 keep END " },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na",
	    "100 1.1 len=0 keep END 200 1.1 len=1 body keep [a] END " },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nP: ok\r\n\r\n",
	    "200 1.1 len=-1 chunked body keep [a] ~P=ok END " },
	{ "HTTP/1.1 101 Switching Protocols\r\n\r\n", "101 1.1 len=0 keep upgrade END " },
	{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
	    "101 1.1 len=0 keep upgrade END " },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "BAD 400" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", "BAD 501" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
	    "200 1.1 len=9 body keep [hi] BAD 400" },
	{ "HTTP/1.1 099 Eh\r\n\r\n", "BAD 400" },
	{ "HTTP/1.1 20 Eh\r\n\r\n", "BAD 400" },
	{ "HTTP/1.1 2000 Eh\r\n\r\n", "BAD 400" },
	{ "HTTP/1.1  200 OK\r\n\r\n", "BAD 400" },
	{ "HTTP/2.0 200 OK\r\n\r\n", "BAD 505" },
	{ "HTTP/0.0 101 Switching Protocols\r\n\r\n", "BAD 505" },
	{ "ICY 200 OK\r\n\r\n", "BAD 400" },
	{ "GET / HTTP/1.1\r\n\r\n", "BAD 400" },
};

START_TEST(test_responses)
{
	struct feeding	 f = { .responses = true };

	fed_check(responses[_i].text, &f, responses[_i].want);
}
END_TEST

START_TEST(test_lenient_version)
{
	struct feeding	 f = { .responses = true, .lenient = true };

	fed_check("HTTP/0.0 101 Switching Protocols\r\n\r\n", &f,
	    "101 1.1 len=0 keep upgrade END ");
	fed_check("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &f,
	    "200 1.1 len=0 keep END ");
	fed_check("HTTP/0.0 200 OK\r\n\r\n", &f, "BAD 505");
	fed_check("HTTP/3.0 101 OK\r\n\r\n", &f, "BAD 505");
}
END_TEST

START_TEST(test_head_answer)
{
	struct feeding	 f = { .responses = true, .is_head = true };

	fed_check("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &f,
	    "200 1.1 len=500 body keep END 200 1.1 len=-1 chunked body keep END ");
}
END_TEST

START_TEST(test_fields)
{
	struct feeding	 f = { .fields = true };

	fed_check("GET / HTTP/1.1\r\nHost:a:80\r\nX-Long:   two  words \t \r\n"
	    "x-EMPTY:\r\nx-empty: \r\nU: \xc3\xa9\r\n\r\n", &f,
	    "GET / 1.1 len=0 keep Host=a:80 X-Long=two  words x-EMPTY= x-empty= "
	    "U=\xc3\xa9 END ");
}
END_TEST

/* --- room, and what is kept ---------------------------------------------------------------- */

START_TEST(test_room)
{
	struct parse	*p = parse_new(false, NULL);
	struct evbuffer	*in = buf_new(), *out = buf_new();
	struct err	 e = ERR_INIT;
	struct headers	*h;

	ck_assert(!parse_begun(p));
	buf_adds(in, _i == 0 ? POST "Content-Length: 10\r\n\r\n0123456789G" :
	    CHUNKED "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\nG");
	ck_assert_int_eq(parse_feed(p, in, out, 0, &e), PARSE_HEAD);
	ck_assert(parse_begun(p));
	h = parse_take_headers(p);
	ck_assert_int_eq(parse_feed(p, in, out, 0, &e), PARSE_FULL);
	ck_assert_int_eq(parse_feed(p, in, out, 3, &e), PARSE_BODY);
	ck_assert_uint_eq(buf_len(out), 3);
	ck_assert_int_eq(parse_feed(p, in, out, 5, &e), PARSE_BODY);
	ck_assert_uint_eq(buf_len(out), 8);
	ck_assert_int_eq(parse_feed(p, in, out, 0, &e), PARSE_FULL);
	ck_assert_int_eq(parse_feed(p, in, out, 5, &e), PARSE_BODY);
	ck_assert_uint_eq(buf_len(out), 10);
	ck_assert_int_eq(parse_feed(p, in, out, 5, &e), PARSE_END);
	ck_assert_uint_eq(buf_len(in), 1);	/* the next request's */
	ck_assert_int_eq(memcmp(buf_pullup(out, 10), "0123456789", 10), 0);
	ck_assert_str_eq(headers_get(h, "host"), "a");
	parse_reset(p);
	ck_assert(!parse_begun(p));
	ck_assert_int_eq(parse_feed(p, in, out, 5, &e), PARSE_MORE);
	ck_assert(parse_begun(p));
	headers_free(h);
	parse_free(p);
	buf_free(in);
	buf_free(out);
}
END_TEST

/* Long bodies in odd pieces come out unchanged. */
START_TEST(test_long)
{
	struct parse		*p = parse_new(false, NULL);
	struct evbuffer		*in = buf_new(), *out = buf_new();
	struct err		 e = ERR_INIT;
	const size_t		 total = 3000000;
	size_t			 sent = 0, got = 0, n, room = 1;
	enum parse_result	 r;
	bool			 chunked = _i == 1;

	if (chunked)
		buf_adds(in, CHUNKED);
	else
		buf_addf(in, POST "Content-Length: %zu\r\n\r\n", total);
	for (;;) {
		r = parse_feed(p, in, out, room, &e);
		room = room * 7 % 200003 + 1;
		n = check_pattern(out, got);
		ck_assert_uint_eq(buf_len(out), 0);
		got += n;
		if (r == PARSE_END)
			break;
		ck_assert_int_ne(r, PARSE_BAD);
		if (r != PARSE_MORE)
			continue;
		ck_assert_uint_lt(sent, total);
		n = room < total - sent ? room : total - sent;
		if (chunked)
			buf_addf(in, "%zx\r\n", n);
		fill_pattern(in, sent, n);
		sent += n;
		if (chunked)
			buf_adds(in, sent == total ? "\r\n0\r\n\r\n" : "\r\n");
	}
	ck_assert_uint_eq(got, total);
	parse_free(p);
	buf_free(in);
	buf_free(out);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("parse");
	TCase	*t = tcase_create("parse");

#define LOOP(fn, table) tcase_add_loop_test(t, fn, 0, \
	(int)(sizeof table / sizeof table[0]))
	LOOP(test_requests, requests);
	LOOP(test_refused, refused);
	tcase_add_loop_test(t, test_nul, 0, 4);
	LOOP(test_bad_chunks, bad_chunks);
	LOOP(test_broken_chunks, broken_chunks);
	tcase_add_test(t, test_ended_early);
	tcase_add_test(t, test_limit_head);
	tcase_add_test(t, test_limit_trailers);
	tcase_add_test(t, test_limit_chunk_line);
	LOOP(test_responses, responses);
	tcase_add_test(t, test_lenient_version);
	tcase_add_test(t, test_head_answer);
	tcase_add_test(t, test_fields);
	tcase_add_loop_test(t, test_room, 0, 2);
	tcase_add_loop_test(t, test_long, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
