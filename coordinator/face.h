/*
 * face.h - what the coordinator's HTTP faces share: the request handlers that
 * routes.c names get a struct face as their argument. Faces stand on the core
 * and never the other way round.
 */
#ifndef COORDINATOR_FACE_H
#define COORDINATOR_FACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/core.h"
#include "data/json.h"
#include "http/req.h"

struct health;
struct http_server;

struct face {
	struct core		*core;
	struct health		*health;
	struct http_server	*server;	/* for the number of connections */
	int64_t			 started;	/* wall ms */
	int64_t			 answer_ms;	/* for a machine's answer that comes at once */
};

#define FACE_FORM_MAX	(1024 * 1024)	/* bytes of a form */

/* Who asks; NULL on routes that need no login. */
const struct user *face_user(const struct http_req *);
/* ?mode=json */
bool face_wants_json(struct http_req *);
/* Pretty, with a newline at the end. Takes j. */
void face_reply_json(struct http_req *, int status, struct json *j);
/* Takes the page out of s. */
void face_reply_html(struct http_req *, struct str *s);
/* 401 with what a client needs to know to do better. */
void face_reply_denied(struct http_req *, const char *why);

/* "3m20s ago", "now"; "never" for 0. buf holds CLOCK_TEXT_MAX + 8. */
const char *face_ago(const struct face *, int64_t wall, char *buf);

#endif
