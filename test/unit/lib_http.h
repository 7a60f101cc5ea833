/*
 * lib_http.h - for the tests of HTTP: a server whose client is the test itself,
 * byte by byte, over a stream pair.
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include "http/server.h"
#include "lib_io.h"

/* What requests and the usual answers consist of. */
#define H " HTTP/1.1\r\nHost: a\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n"
#define HI "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 3\r\n\r\nhi\n"
#define HI_CLOSE "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 3\r\n" \
	"Connection: close\r\n\r\nhi\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

struct web {
	struct loop		*loop;
	struct http_server	*server;	/* NULL once freed */
	struct rec		 peer;		/* the client's end */
	struct http_req		*held;		/* of /hold: answered by the test */
	int			 dones;		/* on_done calls */
	int			 requests;
	struct body		*body;		/* of /take: the reader's end */
	struct body		*out;		/* of /stream: the writer's end */
	struct stream		*upgraded;
	int			 upgrades;	/* calls of the upgrade function */
	char			 seen[200];	/* whatever a handler noted */
};

void web_open(struct web *, const struct http_limits *);
/* Another connection of the client in place of the old one (which is closed). */
void web_connect(struct web *);
void web_close(struct web *);
void web_say(struct web *, const char *text);
void web_turn(struct web *);	/* until nothing moves any more */
/* What came since the last call, without Date fields; borrowed till the next. */
const char *web_heard(struct web *);
/* Says text and checks that exactly want comes (Date fields apart). */
void web_check(struct web *, const char *text, const char *want);
bool web_ended(const struct web *);	/* the server closed */
/* What a handler's writer or reader of a body does. */
void web_put(struct body *, const char *text);
void web_end(struct body **);		/* body_end, and forgets it */
char *web_take(struct web *);		/* all that is in body, malloc'ed */
void web_later(struct web *, int64_t ms);	/* moves the clock */

#endif
