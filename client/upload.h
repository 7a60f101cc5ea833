/*
 * upload.h - a request whose body comes from a descriptor.
 */
#ifndef CLIENT_UPLOAD_H
#define CLIENT_UPLOAD_H

#include <stdbool.h>

#include "client/call.h"

/* How long a server may work on what it has got before it answers. */
#define UPLOAD_ANSWER_MS (15 * 60 * 1000)

/* Sends q with all of fd as its body and drops the answer. q->body is filled
 * in here. name of fd is for errors, which tell of fd where it is at fault. Unless
 * quiet a line on the terminal shows how far it is. */
int upload_fd(struct loop *, struct call *, struct call_request *q, int fd,
    const char *name, bool quiet, struct err *e) MUST;

#endif
