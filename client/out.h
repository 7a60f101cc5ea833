/*
 * out.h - bytes of an answer to stdout or a file. These block, as a program
 * may that has nothing else to do: a slow reader slows the sender down.
 */
#ifndef CLIENT_OUT_H
#define CLIENT_OUT_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct evbuffer;

/* All of it, also where fd is non-blocking; -1 and errno. */
int out_write(int fd, const void *p, size_t len) MUST;
/* After a write that failed: until fd takes more; -1 and errno where that was
 * not the reason. */
int out_wait(int fd) MUST;
/* All that is in b, which is empty then. name is for e: "write NAME: why". */
int out_buf(int fd, struct evbuffer *b, const char *name, struct err *e) MUST;
/* What was printed through stdio; "write stdout: why". */
int out_flush(struct err *e) MUST;

#endif
