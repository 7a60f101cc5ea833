/*
 * routes.h - the buildlet API (PROTOCOL 1, man/buildlet-api.7): who answers
 * what, and who must know the password. The server calls it for each request,
 * whichever way the connection came.
 */
#ifndef BUILDLET_ROUTES_H
#define BUILDLET_ROUTES_H

#include "http/req.h"

void routes_serve(struct http_req *, void *buildlet);

#endif
