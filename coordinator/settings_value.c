/* settings_value.c - values of coordinator.conf, taken from text and compared. */
#include "coordinator/settings_value.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/net.h"

static int
limit_parse(const char *text, int64_t *out)
{
	if (str_eq(text, "none")) {
		*out = -1;
		return 0;
	}
	return str_int64(text, 0, VALUE_COUNT_MAX, out);
}

static int
period_parse(const char *text, int64_t *out)
{
	int64_t	ms = 0;

	if (!str_eq(text, "none") && (clock_parse_duration(text, &ms) == -1 || ms == 0))
		return -1;
	*out = ms;
	return 0;
}

static int
space_parse(const char *text, int64_t *out)
{
	uint64_t	n;

	if (str_eq(text, "none")) {
		*out = -1;
		return 0;
	}
	if (str_size(text, &n) == -1 || n == 0 || n > INT64_MAX)
		return -1;
	*out = (int64_t)n;
	return 0;
}

static bool
is_address(const char *text)
{
	char	*host;
	int	 port, ret = net_split(text, -1, &host, &port, NULL);

	free(host);
	return ret == 0;
}

const char *
value_take(enum value_kind kind, void *at, const char *text)
{
	int64_t	n;

	switch (kind) {
	case VALUE_LIST:
		strs_add(at, text);
		return NULL;
	case VALUE_DURATION:
		return clock_parse_duration(text, at) == 0 && *(int64_t *)at > 0 ? NULL :
		    "not a duration such as 30m, 1h30m or 45s";
	case VALUE_PERIOD:
		return period_parse(text, at) == 0 ? NULL :
		    "neither \"none\" nor a duration such as 4h";
	case VALUE_LIMIT:
		return limit_parse(text, at) == 0 ? NULL :
		    "neither \"none\" nor a number up to 1000000";
	case VALUE_SPACE:
		return space_parse(text, at) == 0 ? NULL :
		    "neither \"none\" nor a size such as 512M or 4G";
	case VALUE_COUNT:
		if (str_int64(text, 0, VALUE_COUNT_MAX, &n) == -1)
			return "not a number from 0 to 1000000";
		*(size_t *)at = (size_t)n;
		return NULL;
	case VALUE_LEVEL:
		if (log_parse_level(text) == -1)
			return "there are error, warn, info and debug";
		break;
	case VALUE_ADDRESS:
		if (!is_address(text))
			return "not an address with a port such as 127.0.0.1:8119";
		/* FALLTHROUGH */
	case VALUE_TEXT:
		break;
	}
	free(*(char **)at);
	*(char **)at = xstrdup(text);
	return NULL;
}

bool
value_same(enum value_kind kind, const void *a, const void *b)
{
	const struct strs	*l = a, *m = b;
	size_t			 i;

	switch (kind) {
	case VALUE_TEXT:
	case VALUE_ADDRESS:
	case VALUE_LEVEL:
		return str_eq(*(char *const *)a, *(char *const *)b);
	case VALUE_COUNT:
		return *(const size_t *)a == *(const size_t *)b;
	case VALUE_DURATION:
	case VALUE_PERIOD:
	case VALUE_LIMIT:
	case VALUE_SPACE:
		return *(const int64_t *)a == *(const int64_t *)b;
	case VALUE_LIST:
		break;
	}
	for (i = 0; l->n == m->n && i < l->n; i++)
		if (!str_eq(l->v[i], m->v[i]))
			return false;
	return l->n == m->n;
}
