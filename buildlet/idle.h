/*
 * idle.h - an idle buildlet is small: most machines wait most of the time.
 *
 * When nothing has been under way for a while, the pages of programs and
 * libraries that starting up has touched are given back; the system maps them
 * in again, without reading the disk, when they are next used. Where the
 * system cannot do this, nothing happens.
 */
#ifndef BUILDLET_IDLE_H
#define BUILDLET_IDLE_H

struct buildlet;
struct idle;

struct idle *idle_start(struct buildlet *);
void idle_free(struct idle *);			/* NULL is fine */

#endif
