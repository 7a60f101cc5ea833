/* halt.h - POST /halt: the reply, then after a moment the end. */
#ifndef BUILDLET_HALT_H
#define BUILDLET_HALT_H

#include "http/req.h"

void halt_post(struct http_req *, void *buildlet);
/* Becomes the system's own program that powers this machine off; returns only
 * if there is none. For main, after everything has ended. */
void halt_machine(void);

#endif
