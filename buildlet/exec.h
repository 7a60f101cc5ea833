/* exec.h - POST /exec: a command, its output as it comes, its end in a trailer. */
#ifndef BUILDLET_EXEC_H
#define BUILDLET_EXEC_H

#include "http/req.h"

void exec_post(struct http_req *, void *buildlet);

#endif
