/*
 * conn.h - the insides of the server, shared by server.c (all connections),
 * conn.c (one connection: requests come, bodies, deadlines, the end), req.c
 * (one request) and reply.c (its answer). Nobody else includes it.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "base/queue.h"
#include "http/parse.h"
#include "http/req.h"
#include "http/send.h"
#include "http/server.h"
#include "io/loop.h"

#define CONN_DROP_MAX	(256 * 1024)	/* of a body that nobody reads */
#define CONN_LINGER_MS	5000		/* for the client to read our last words */
#define FORM_FIELDS_MAX	10000

enum reply_state {
	REPLY_NONE,
	REPLY_BODY,	/* the head is out, the sender works */
	REPLY_UPGRADE,
	REPLY_SENT,	/* all of it is in the stream's out */
};

struct req_block;
struct req_done;

struct http_req {
	struct conn		*conn;
	const char		*method, *target, *path, *query;
	bool			 http10, is_head;
	bool			 has_body;
	struct headers		*headers;
	struct form		*query_form;
	struct form		*form;
	struct body		*body;		/* reader's end until taken */
	const char		*user, *password; /* decoded Authorization */
	void			*data;
	enum reply_state	 reply;
	struct headers		*fields;	/* from reply_header */
	void			(*upgrade)(struct stream *, void *);
	void			*upgrade_arg;
	int			 upgrade_status;
	bool			 upgrade_head;	/* it has been written */
	struct req_block	*blocks;
	struct req_done		*dones;		/* newest first */
};

/* What comes in. */
enum conn_in {
	IN_HEAD,	/* between requests, or in a head */
	IN_BODY,
	IN_OVER,	/* the request is in, or its body broken off */
};

struct conn {
	struct http_server	*server;	/* NULL once that was freed: we are dead */
	struct loop		*loop;
	struct stream		*stream;	/* NULL after an upgrade */
	struct parse		*parse;
	enum conn_in		 in;
	struct http_req		*req;		/* being handled */
	struct body		*body;		/* writer's end; NULL: drop */
	size_t			 dropped;
	struct sender		 tx;
	int64_t			 deadline;	/* for what comes in; 0: none */
	bool			 timing_head;	/* deadline is of a head, not idle */
	bool			 continue_due;	/* the client waits for our 100 */
	bool			 close_after;	/* this reply is the last */
	bool			 body_broke;	/* under its reader, who may still answer */
	bool			 eof;
	bool			 closing;	/* only flushes */
	bool			 dead;
	bool			 stepping, again, deferred;
	TAILQ_ENTRY(conn)	 entry;
};

TAILQ_HEAD(conn_list, conn);

struct http_server {
	struct loop		*loop;
	struct http_limits	 limits;
	http_handler		 handler;
	void			*arg;
	struct conn_list	 conns;
	size_t			 nconns;
	struct timer		*sweep;
	struct evbuffer		*dropbox;	/* for bytes nobody wants */
	bool			 draining;
	void			(*drained)(void *);
	void			*drained_arg;
	int64_t			 date_second;
	char			 date[64];	/* "Date: ...\r\n" of that second */
};

/* server.c */
const char *server_date(struct http_server *);
void server_conn_gone(struct http_server *, struct conn *);

/* conn.c */
void conn_new(struct http_server *, struct stream *);
void conn_expired(struct conn *);	/* its deadline has passed */
void conn_kick(struct conn *);		/* look again, soon */
void conn_close(struct conn *, const char *why);	/* now; memory later */
void conn_break(struct conn *);	/* ends after what was sent of the reply */
bool conn_idle(const struct conn *);
void conn_drain(struct conn *);		/* closes it if idle */

/* req.c: NULL and e->code for a target that cannot be read. Takes the
 * parser's headers. */
struct http_req *req_new(struct conn *, struct parse *, struct err *e) MUST;
void req_free(struct http_req *);	/* runs the done functions */
void req_set_form(struct http_req *, struct form *);	/* takes it */

/* reply.c */
/* A whole answer of our own for a request that was not even begun. */
void reply_refusal(struct conn *, int status, const char *text);
/* Goes on with an upgrade; true once the stream has been handed over. */
bool reply_upgrade_step(struct http_req *);

#endif
