/*
 * awake.h - while a push waits for what others do, or for what takes long, nothing
 * else would keep its instance from ending as unused.
 */
#ifndef CLIENT_AWAKE_H
#define CLIENT_AWAKE_H

#include "base/attr.h"

struct awake;
struct push;

/* From the loop, now and then, the instance is asked how it is. Where that cannot be
 * it goes without. */
struct awake *awake_new(struct push *) MUST;
void awake_free(struct awake *);	/* NULL is fine */

#endif
