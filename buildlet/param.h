/* param.h - request parameters that name something in the work directory. */
#ifndef BUILDLET_PARAM_H
#define BUILDLET_PARAM_H

#include "http/req.h"

/* The value of name, clean, "." if it is missing or empty; lives as long as
 * the request. NULL: it was not acceptable and r is answered with 400. */
const char *param_path(struct http_req *r, const char *name);
/* The same for a value from elsewhere. */
const char *param_path_check(struct http_req *r, const char *name,
    const char *value);

#endif
