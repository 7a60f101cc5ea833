/*
 * routes.h - who answers what on the coordinator's TLS port: the whole table is
 * in routes.c. A request with API_H_PROXY goes to that instance whatever its
 * path; all others by the table.
 */
#ifndef COORDINATOR_ROUTES_H
#define COORDINATOR_ROUTES_H

#include "http/req.h"

/* The http_handler of the port; arg is the struct face. */
void routes_handle(struct http_req *, void *face);

/* The handlers; arg is the struct face. */
void api_create(struct http_req *, void *);		/* api_create.c */
void api_list(struct http_req *, void *);		/* api_buildlet.c */
void api_proxy(struct http_req *, void *);		/* api_proxy.c */
void api_reverse(struct http_req *, void *);		/* api_reverse.c */
void api_revdial(struct http_req *, void *);
void api_v1_version(struct http_req *, void *);		/* api_v1.c */
void api_v1_builders(struct http_req *, void *);
void api_instances(struct http_req *, void *);		/* api_instances.c */
void api_instances_post(struct http_req *, void *);
void api_groups(struct http_req *, void *);		/* api_groups.c */
void api_execs(struct http_req *, void *);		/* api_execs.c */
void api_uploads(struct http_req *, void *);		/* api_uploads.c */
void api_uploads_post(struct http_req *, void *);
void api_uploads_put(struct http_req *, void *);
void page_status(struct http_req *, void *);		/* page_status.c */
void page_builders(struct http_req *, void *);		/* page_builders.c */
void page_health(struct http_req *, void *);		/* health.c */

#endif
