/* ls.h - GET /ls: what is in the work directory. */
#ifndef BUILDLET_LS_H
#define BUILDLET_LS_H

#include "http/req.h"

void ls_get(struct http_req *, void *buildlet);

#endif
