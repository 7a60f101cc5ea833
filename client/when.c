/* when.c - times as people say them (when.h). */
#include "client/when.h"

#include "base/clock.h"
#include "base/xmalloc.h"
#include "data/json.h"

/* How much later than now that is; -1: it is not there. */
static int
later(const struct json *x, const char *key, int64_t *ms)
{
	struct clock	clock = CLOCK_INIT;

	if (clock_parse_rfc3339(json_str(x, key, ""), ms) == -1)
		return -1;
	*ms -= clock_wall(&clock);
	return 0;
}

char *
when_ago(const struct json *x, const char *key)
{
	int64_t	ms;
	char	buf[CLOCK_TEXT_MAX];

	if (later(x, key, &ms) == -1)
		return xstrdup("-");
	ms = ms > 0 ? 0 : -ms;
	ms = ms >= 60 * 60 * 1000 ? ms / 60000 * 60000 : ms / 1000 * 1000;
	return xasprintf("%s ago", clock_duration(ms, buf));
}

char *
when_in(const struct json *x, const char *key, int64_t *left_ms)
{
	char	buf[CLOCK_TEXT_MAX];

	*left_ms = 0;
	if (later(x, key, left_ms) == -1)
		return xstrdup("-");
	if (*left_ms <= 0)
		return xstrdup("over");
	return xstrdup(clock_duration((*left_ms + 999) / 1000 * 1000, buf));
}
