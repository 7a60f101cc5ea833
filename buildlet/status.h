/* status.h - GET /status, and the short answers: /, /healthz, /workdir, /debug/x. */
#ifndef BUILDLET_STATUS_H
#define BUILDLET_STATUS_H

#include "http/req.h"

void status_get(struct http_req *, void *buildlet);
void status_root(struct http_req *, void *buildlet);
void status_healthz(struct http_req *, void *buildlet);
void status_workdir(struct http_req *, void *buildlet);
void status_debug(struct http_req *, void *buildlet);

#endif
