/*
 * bclient.h - the HTTP client to one machine: keeps a few connections (a v2
 * pick-up is a whole TLS connection, a yamux stream a round trip), dials when
 * none is idle, and names the hop in every error: "POST /exec on machine NAME: why".
 *
 * A machine has one as long as it is connected (machine_client). Bodies are
 * never copied: the body of a client's request goes in, the response's body
 * comes out, back-pressure passes through (http/body.h).
 */
#ifndef COORDINATOR_BCLIENT_H
#define COORDINATOR_BCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/client.h"
#include "http/url.h"

struct bclient;
struct bclient_call;

#define BCLIENT_KEEP	 4	/* idle connections kept, */
#define BCLIENT_KEEP_MS	 60000	/* for so long; under the buildlet's own idle limit */
#define BCLIENT_CONNS	 512	/* at once; a call beyond fails */

/* err.code where it is ours, beside those of http/client.h. */
#define BCLIENT_CUT	 100	/* bclient_cut, or the machine went away */
#define BCLIENT_BUSY	 101	/* BCLIENT_CONNS */

/* Exactly one is called, deferred, unless bclient_cancel came before. With it
 * the call is over for you: its handle is dead. */
struct bclient_cb {
	/* resp as in http/client.h: its body (or, after a 101, its stream) is yours. */
	void (*head)(const struct http_resp *resp, void *arg);
	/* No response head: nothing, or something broken, came. */
	void (*fail)(const struct err *, void *arg);
};

/* Sends req over a kept or a new connection. Takes req->body, copies the rest
 * (host NULL: "buildlet").
 * Where a kept connection proves stale before the first byte of an answer, a
 * request without body is sent once more on a new one. */
struct bclient_call *bclient_send(struct bclient *, const struct http_request *req,
    const struct bclient_cb *, void *arg);
/* Nobody wants it any more: drops the connection; no callback. Before head or
 * fail only; afterwards body_close the response's body. */
void bclient_cancel(struct bclient_call *);

/* A small call: the form (NULL: none; borrowed) is the body of a POST; the
 * answer is read whole, at most 64 KiB. fn gets it once, deferred: the status
 * and the text, or status 0 and why. A status other than 2xx comes with why
 * filled too ("POST /removeall on machine NAME: 500: text"). ms: for all of it. */
typedef void (*bclient_fn)(int status, const char *text, size_t len,
    const struct err *why, void *arg);
void bclient_ask(struct bclient *, const char *method, const char *target,
    const struct form *, int64_t ms, bclient_fn fn, void *arg);

/* The same with more said and told. */
struct bclient_query {
	const char	*method, *target;
	const struct form *form;	/* borrowed; NULL: none */
	int64_t		 ms;
	size_t		 max;		/* bytes of the answer; 0: 64 KiB */
	const char	*header;	/* whose value is told too; a literal; NULL: none */
};
struct bclient_answer {			/* lives for the call */
	int		 status;	/* 0: none came, see why */
	const char	*text;
	size_t		 len;
	const char	*header;	/* NULL: it has none */
	const struct err *why;		/* NULL: 2xx came whole */
};
typedef void (*bclient_answer_fn)(const struct bclient_answer *, void *arg);
void bclient_query(struct bclient *, const struct bclient_query *, bclient_answer_fn,
    void *arg);

/* For machine.c. dial answers opened once, deferred, or never after bclient_free. */
typedef void (*bclient_opened_fn)(struct stream *, const struct err *why, void *arg);
typedef void (*bclient_dial_fn)(void *dial_arg, bclient_opened_fn opened, void *arg);
/* name: "machine NAME", copied. limits: borrowed for the call; NULL: defaults. */
struct bclient *bclient_new(struct loop *, const char *name, bclient_dial_fn,
    void *dial_arg, const struct http_limits *) MUST;
/* Ends all connections and calls: those without a head fail with why, bodies
 * under way break off. The client can be used on. A lease's end: nothing of it
 * may reach into the next. */
void bclient_cut(struct bclient *, const char *why);
/* What dial gives is another session from now on: no connection of before is kept
 * for a further call; those under way go on, and dials that fail are made again. */
void bclient_renew(struct bclient *);
void bclient_sweep(struct bclient *, int64_t now);	/* deadlines, idle connections */
size_t bclient_conns(const struct bclient *);		/* under way and kept */
uint64_t bclient_answers(const struct bclient *);	/* heads received so far: signs of life */
/* As cut; then no callback but those fails, which still come. NULL is fine. */
void bclient_free(struct bclient *, const char *why);

#endif
