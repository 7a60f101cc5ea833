/*
 * route.h - a table of who answers what. An unknown path gets 404, a wrong
 * method 405 with Allow. HEAD is taken where GET is.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/server.h"

enum route_flags {
	ROUTE_FORM = 1,		/* read an application/x-www-form-urlencoded body first:
				 * the handler finds req_form() complete */
	ROUTE_PREFIX = 2,	/* path matches this and everything below */
	ROUTE_OPEN = 4,		/* for the guard: no authentication needed */
};

struct route {
	const char	*method;	/* NULL ends the table */
	const char	*path;
	unsigned	 flags;
	http_handler	 handler;
};

/* Looks r up and calls the handler with arg; if guard is not NULL it is called
 * first with the matched route: false means that it has replied already.
 * form_max: limit of forms (413 beyond). Path parameters: for ROUTE_PREFIX
 * req_path() tells. */
typedef bool (*route_guard)(struct http_req *, const struct route *, void *arg);
void route_dispatch(const struct route *table, struct http_req *r,
    route_guard guard, size_t form_max, void *arg);

#endif
