/*
 * push.h - GET, POST and PUT /push (man/buildlet-api.7, PUSH), by helpers
 * (pushrole.h). Only where there is a state directory, which is what the
 * feature `push` in /status says.
 */
#ifndef BUILDLET_PUSH_H
#define BUILDLET_PUSH_H

#include "http/req.h"

void push_get(struct http_req *, void *buildlet);
void push_post(struct http_req *, void *buildlet);
void push_put(struct http_req *, void *buildlet);

#endif
