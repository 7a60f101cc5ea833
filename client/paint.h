/*
 * paint.h - colours, sparingly: on a terminal only, and not where NO_COLOR is
 * set or the terminal is a dumb one.
 */
#ifndef CLIENT_PAINT_H
#define CLIENT_PAINT_H

#include <stdbool.h>

enum paint { PAINT_PLAIN, PAINT_RED, PAINT_YELLOW, PAINT_GREEN, PAINT_BOLD };

/* May what is written to fd be coloured? */
bool paint_wanted(int fd);
/* What begins a colour, and what ends any; "" where wanted is false. */
const char *paint_on(bool wanted, enum paint);
const char *paint_off(bool wanted, enum paint);

#endif
