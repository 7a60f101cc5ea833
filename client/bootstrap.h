/*
 * bootstrap.h - the toolchain that a Go tree is built with: directory go1.4 on
 * the instance, from the place that the builder type names.
 */
#ifndef CLIENT_BOOTSTRAP_H
#define CLIENT_BOOTSTRAP_H

#include <stdbool.h>

#include "client/cmd.h"

/* c is the way to instance. A builder type without a toolchain is an error if
 * wanted, else nothing to do. Says what it did. */
int bootstrap_put(struct gomote *, struct call *c, const char *instance,
    bool wanted, struct err *e) MUST;

#endif
