/* remove.h - POST /removeall: trees go away. */
#ifndef BUILDLET_REMOVE_H
#define BUILDLET_REMOVE_H

#include "http/req.h"

void remove_post(struct http_req *, void *buildlet);

#endif
