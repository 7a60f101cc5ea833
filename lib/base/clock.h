/*
 * clock.h - the one clock.
 *
 * Deadlines are milliseconds of CLOCK_MONOTONIC; what people see is wall time.
 * Whoever needs the time has a `const struct clock *` (the loop owns one, see
 * loop_clock()); a test moves it with clock_advance, which moves both kinds.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/attr.h"

struct clock {
	int64_t skew_ms;	/* added to both; 0 outside of tests */
};

#define CLOCK_INIT { 0 }
#define CLOCK_TEXT_MAX 40

int64_t clock_mono(const struct clock *);	/* ms, for deadlines */
int64_t clock_wall(const struct clock *);	/* ms since 1970, UTC */
void    clock_advance(struct clock *, int64_t ms);

/* RFC 3339 in UTC: "2026-11-21T19:46:38.255Z"; without fraction where frac is
 * false. A time outside of the years 0 to 9999 is shown as the nearest inside.
 * buf holds CLOCK_TEXT_MAX, here and below; returns buf. */
char   *clock_rfc3339(int64_t wall_ms, int frac, char *buf);
/* -1 if s is not RFC 3339 (any offset, any fraction; what is finer than a
 * millisecond is cut off). */
int     clock_parse_rfc3339(const char *s, int64_t *wall_ms) MUST;
/* RFC 9110 section 5.6.7, IMF-fixdate: "Sat, 21 Nov 2026 19:13:20 GMT". */
char   *clock_http_date(int64_t wall_ms, char *buf);
/* -1 if s is not exactly that. */
int     clock_parse_http_date(const char *s, int64_t *wall_ms) MUST;

/* Durations as Go prints and reads them: "1h30m", "10m27.3s", "250ms", "0s".
 * A bare number is seconds. Negative or over 10 years (87600h): -1. What is
 * finer than a millisecond is rounded up, so that no wait becomes none. */
int     clock_parse_duration(const char *s, int64_t *ms) MUST;
char   *clock_duration(int64_t ms, char *buf);

#endif
