/*
 * lib_client.h - for the tests of the HTTP client: one connection whose server
 * is the test itself, byte by byte. There is one at a time, in `asking`.
 */
#ifndef LIB_CLIENT_H
#define LIB_CLIENT_H

#include "http/client.h"
#include "lib_io.h"

struct asking {
	struct loop		*loop;
	struct http_conn	*conn;	/* NULL once freed */
	struct rec		 srv;	/* the server's end */
	int			 heads, fails, overs;	/* calls */
	bool			 reusable;	/* of the last over */
	int			 status;
	struct err		 why;	/* of the last fail */
	struct body		*body;	/* of the last response */
	struct stream		*upgraded;
	char			*text;	/* what body_collect gave */
	struct err		 text_why;
	bool			 do_collect, free_in_head, resend; /* what to do */
};

extern struct asking		 asking;
extern const struct http_client_cb ask_cb;

void ask_setup(void);
void ask_teardown(void);
void ask_turn(void);			/* until nothing moves any more */
void ask_later(int64_t ms);		/* moves the clock */
void ask(const char *method, const char *target, struct body *);
void ask_heard(const char *want);	/* what the server got since the last time */
void ask_says(const char *text);	/* the server does */
void ask_ends(void);
void ask_body_is(const char *want);	/* the response body since the last time */
void ask_close_body(void);

#endif
