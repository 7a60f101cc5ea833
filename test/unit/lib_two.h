/*
 * lib_two.h - for the tests of streams: a loop and the two ends that a test is
 * about, fresh for each.
 */
#ifndef LIB_TWO_H
#define LIB_TWO_H

#include "lib_io.h"

extern struct loop *l;
extern struct rec a, b;

/* A checked fixture: the loop, and no ends yet; what there is goes. */
void two_setup(void);
void two_teardown(void);
/* They become the two of a pair. */
void two_pair(void);

#endif
