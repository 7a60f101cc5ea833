/*
 * rivals.h - two live machines under one name: each registration of the one cuts the
 * other, which registers again, and so on.
 *
 * That a machine registers again while it has a session is no sign of it: mostly the
 * session was dead, and a machine that was started anew is another process. But who
 * was cut off, and comes back after another had come, was alive all the time. Who it
 * is tells the boot in its status; a stock machine is known by its address alone, so
 * of two at the same address nothing is noticed.
 */
#ifndef COORDINATOR_RIVALS_H
#define COORDINATOR_RIVALS_H

#include <stdbool.h>
#include <stdint.h>

#define RIVALS_MAX	4

struct rival {
	char	*boot;		/* NULL: none was told */
	char	*host;		/* address without port */
	int64_t	 at;		/* mono: when it was cut off */
};

/* Of one name; all zeros at first. */
struct rivals {
	struct rival	v[RIVALS_MAX];	/* cut off, the latest first */
	unsigned	n;
	int64_t		met;		/* mono: last noticed; 0 never */
	int64_t		told;		/* mono: last logged; 0 never */
};

/* Another registration cuts off who was known by boot (or NULL) and peer. */
void rivals_cut(struct rivals *, const char *boot, const char *peer, int64_t now);
/* Who registered has told its boot (NULL: it has none). Says so in the log, now and
 * then, if it was cut off before and another came in between. */
void rivals_came(struct rivals *, const char *name, const char *boot, const char *peer,
    int64_t now);
/* "two machines use this name and evict each other" if that was noticed lately; else
 * NULL. */
const char *rivals_text(const struct rivals *, int64_t now);
void rivals_release(struct rivals *);

#endif
