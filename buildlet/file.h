/* file.h - PUT /write: a body becomes a file. */
#ifndef BUILDLET_FILE_H
#define BUILDLET_FILE_H

#include "http/req.h"

void file_put(struct http_req *, void *buildlet);

#endif
