/*
 * exec_api.h - /execs (feature `execs`, buildlet-api(7)): commands as objects.
 * What comes below is in exec_make.c, exec_log.c and exec_input.c.
 */
#ifndef BUILDLET_EXEC_API_H
#define BUILDLET_EXEC_API_H

#include <stdint.h>

#include "http/req.h"

struct buildlet;
struct exec;

void exec_api_list(struct http_req *, void *buildlet);	/* GET /execs */
void exec_api_make(struct http_req *, void *buildlet);	/* POST /execs */
void exec_api_one(struct http_req *, void *buildlet);	/* ... /execs/ID... */

/* GET /execs/ID/log; also of POST /execs with follow. */
void exec_api_log(struct buildlet *, struct http_req *, struct exec *);
void exec_api_stdin(struct buildlet *, struct http_req *, struct exec *);

/* The object of x. */
void exec_api_answer(struct http_req *, int status, const struct exec *);
/* A whole number of that parameter, otherwise where it is missing; -1: out of
 * bounds or none, and r is answered with 400. */
int  exec_api_number(struct http_req *, const char *name, int64_t min, int64_t max,
    int64_t otherwise, int64_t *out) MUST;

#endif
