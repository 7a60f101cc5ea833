/*
 * clock.c - fuzzes the times and durations that come from outside.
 *
 * Exercises clock_parse_rfc3339, clock_parse_http_date and clock_parse_duration. What they take must
 * come back the same when it is written and read again, through
 * clock_rfc3339, clock_duration and clock_http_date.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_wall(const char *s)
{
	char	 buf[CLOCK_TEXT_MAX];
	int64_t	 ms, again;

	if (clock_parse_rfc3339(s, &ms) == -1)
		return;
	if (strlen(clock_http_date(ms, buf)) != 29)
		abort();
	/* An offset may lead out of the years that can be written. */
	if (ms < INT64_C(-62167219200000) || ms > INT64_C(253402300799999))
		return;
	if (clock_parse_rfc3339(clock_rfc3339(ms, 1, buf), &again) == -1 ||
	    again != ms)
		abort();
}

static void
check_http_date(const char *s)
{
	char	 buf[CLOCK_TEXT_MAX];
	int64_t	 ms;

	if (clock_parse_http_date(s, &ms) == 0 &&
	    strcmp(clock_http_date(ms, buf), s) != 0)
		abort();
}

static void
check_duration(const char *s)
{
	char	 buf[CLOCK_TEXT_MAX];
	int64_t	 ms, again;

	if (clock_parse_duration(s, &ms) == -1)
		return;
	if (ms < 0 || ms > INT64_C(87600) * 3600 * 1000)
		abort();
	if (clock_parse_duration(clock_duration(ms, buf), &again) == -1 ||
	    again != ms)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*s = xstrndup((const char *)data, size);

	check_wall(s);
	check_duration(s);
	check_http_date(s);
	free(s);
	return 0;
}
