/*
 * tar.h - archives: PUT /writetgz unpacks the body, POST /writetgz fetches an
 * archive and unpacks it, GET /tgz packs.
 */
#ifndef BUILDLET_TAR_H
#define BUILDLET_TAR_H

#include "http/req.h"

void tar_put(struct http_req *, void *buildlet);
void tar_post(struct http_req *, void *buildlet);
void tar_get(struct http_req *, void *buildlet);

#endif
