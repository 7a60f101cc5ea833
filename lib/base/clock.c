/* clock.c - the time, and how times and durations are written. */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define DAY_MS		86400000
#define NS_PER_MS	1000000
#define NS_PER_S	1000000000
#define DURATION_MAX_NS	((int64_t)87600 * 3600 * NS_PER_S)	/* 10 years */

/* The years that RFC 3339 can write: 0000-01-01 to 9999-12-31. */
#define WALL_MIN	(-62167219200000)
#define WALL_MAX	253402300799999

static int64_t
clock_read(clockid_t id, const struct clock *c)
{
	struct timespec	 ts;

	if (clock_gettime(id, &ts) == -1)
		fatal("clock_gettime");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / NS_PER_MS + c->skew_ms;
}

int64_t
clock_mono(const struct clock *c)
{
	return clock_read(CLOCK_MONOTONIC, c);
}

int64_t
clock_wall(const struct clock *c)
{
	return clock_read(CLOCK_REALTIME, c);
}

void
clock_advance(struct clock *c, int64_t ms)
{
	c->skew_ms += ms;
}

/* Splits, rounding down; times that cannot be written become the nearest. */
static unsigned
wall_split(int64_t wall_ms, struct tm *tm)
{
	int64_t	 ms;
	time_t	 s;

	if (wall_ms < WALL_MIN)
		wall_ms = WALL_MIN;
	if (wall_ms > WALL_MAX)
		wall_ms = WALL_MAX;
	ms = wall_ms % 1000;
	if (ms < 0)
		ms += 1000;
	s = (time_t)((wall_ms - ms) / 1000);
	if (gmtime_r(&s, tm) == NULL)
		fatal("gmtime_r");
	return (unsigned)ms;
}

char *
clock_rfc3339(int64_t wall_ms, int frac, char *buf)
{
	struct tm	 tm;
	unsigned	 ms = wall_split(wall_ms, &tm);
	size_t		 at;

	at = (size_t)snprintf(buf, CLOCK_TEXT_MAX,
	    "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (frac)
		snprintf(buf + at, CLOCK_TEXT_MAX - at, ".%03uZ", ms);
	else
		snprintf(buf + at, CLOCK_TEXT_MAX - at, "Z");
	return buf;
}

/* Names of our own and not strftime's: the locale must not matter. */
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

char *
clock_http_date(int64_t wall_ms, char *buf)
{
	static const char	 days[] = "SunMonTueWedThuFriSat";
	struct tm		 tm;

	(void)wall_split(wall_ms, &tm);
	snprintf(buf, CLOCK_TEXT_MAX, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return buf;
}

/* Exactly n digits at *s, which moves on; the value is from min to max. */
static bool
digits_take(const char **s, int n, int min, int max, int *out)
{
	int	 v = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (**s - '0');
	}
	*out = v;
	return v >= min && v <= max;
}

static bool
char_take(const char **s, char a, char b)
{
	if (**s == '\0' || (**s != a && **s != b))
		return false;
	(*s)++;
	return true;
}

static bool
year_is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int
month_days(int y, int m)
{
	static const int	 days[] =
	    { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[m - 1] + (m == 2 && year_is_leap(y));
}

/* Days from 1970-01-01 to that day; the year is from 0 to 9999. */
static int64_t
date_days(int y, int m, int d)
{
	int64_t	 n = (int64_t)y * 365 - 719528;
	int	 i;

	if (y > 0)	/* leap days of the years 0 to y-1; year 0 is one */
		n += (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400 + 1;
	for (i = 1; i < m; i++)
		n += month_days(y, i);
	return n + d - 1;
}

static bool
date_take(const char **s, int64_t *days)
{
	int	 y, m, d;

	if (!digits_take(s, 4, 0, 9999, &y) || !char_take(s, '-', '-') ||
	    !digits_take(s, 2, 1, 12, &m) || !char_take(s, '-', '-') ||
	    !digits_take(s, 2, 1, month_days(y, m), &d))
		return false;
	*days = date_days(y, m, d);
	return true;
}

/* "hh:mm:ss" and perhaps a fraction; ss may be 60. */
static bool
time_take(const char **s, int64_t *ms)
{
	int	 hour, min, sec, scale;

	if (!digits_take(s, 2, 0, 23, &hour) || !char_take(s, ':', ':') ||
	    !digits_take(s, 2, 0, 59, &min) || !char_take(s, ':', ':') ||
	    !digits_take(s, 2, 0, 60, &sec))
		return false;
	*ms = (((int64_t)hour * 60 + min) * 60 + sec) * 1000;
	if (!char_take(s, '.', '.'))
		return true;
	if (**s < '0' || **s > '9')
		return false;
	for (scale = 100; **s >= '0' && **s <= '9'; (*s)++, scale /= 10)
		*ms += (**s - '0') * scale;
	return true;
}

static bool
zone_take(const char **s, int64_t *ms)
{
	int	 hour, min, sign;

	*ms = 0;
	if (char_take(s, 'Z', 'z'))
		return true;
	sign = **s == '-' ? -1 : 1;
	if (!char_take(s, '+', '-') || !digits_take(s, 2, 0, 23, &hour) ||
	    !char_take(s, ':', ':') || !digits_take(s, 2, 0, 59, &min))
		return false;
	*ms = (int64_t)sign * (hour * 60 + min) * 60 * 1000;
	return true;
}

int
clock_parse_rfc3339(const char *s, int64_t *wall_ms)
{
	const char	*sec;
	int64_t		 days, ms, zone, t;

	if (!date_take(&s, &days) || !char_take(&s, 'T', 't'))
		return -1;
	sec = s;
	if (!time_take(&s, &ms) || !zone_take(&s, &zone) || *s != '\0')
		return -1;
	t = days * DAY_MS + ms - zone;
	/* A leap second ends a day of UTC and counts as the next day's first. */
	if (memcmp(sec + 6, "60", 2) == 0 &&
	    (t % DAY_MS + DAY_MS) % DAY_MS >= 1000)
		return -1;
	*wall_ms = t;
	return 0;
}

/* Rearranged as RFC 3339; what then is not written again as it was is none. */
int
clock_parse_http_date(const char *s, int64_t *wall_ms)
{
	char	text[CLOCK_TEXT_MAX], again[CLOCK_TEXT_MAX];
	int64_t	t;
	int	month;

	if (strlen(s) != 29)
		return -1;
	for (month = 0; month < 12; month++)
		if (memcmp(months + 3 * month, s + 8, 3) == 0)
			break;
	snprintf(text, sizeof text, "%.4s-%02d-%.2sT%.8sZ", s + 12, month + 1,
	    s + 5, s + 17);
	if (clock_parse_rfc3339(text, &t) == -1 ||
	    strcmp(clock_http_date(t, again), s) != 0)
		return -1;
	*wall_ms = t;
	return 0;
}

static const struct unit {
	const char	*name;
	int64_t		 ns;
} units[] = {	/* "ms" before "m": the longer name is tried first */
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\302\265s", 1000 },		/* U+00B5, the micro sign */
	{ "\316\274s", 1000 },		/* U+03BC, the Greek letter */
	{ "ms", NS_PER_MS },
	{ "s", NS_PER_S },
	{ "m", (int64_t)60 * NS_PER_S },
	{ "h", (int64_t)3600 * NS_PER_S },
};

/* The unit that *s stands at, which moves on; NULL if there is none. */
static const struct unit *
unit_take(const char **s)
{
	size_t	 i, len;

	for (i = 0; i < nitems(units); i++) {
		len = strlen(units[i].name);
		if (strncmp(*s, units[i].name, len) == 0) {
			*s += len;
			return &units[i];
		}
	}
	return NULL;
}

/* A number at s in that unit, in ns; -1 if over the limit. */
static int64_t
number_ns(const char *s, int64_t unit)
{
	int64_t	 whole = 0, ns;

	for (; *s >= '0' && *s <= '9'; s++) {
		whole = whole * 10 + (*s - '0');
		if (whole > DURATION_MAX_NS / unit)
			return -1;
	}
	ns = whole * unit;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++) {
			unit /= 10;
			ns += (*s - '0') * unit;
		}
	return ns;
}

/* One "12.5m" at *s, which moves on; bare: a unit may be missing. -1: wrong. */
static int64_t
part_take(const char **s, bool bare)
{
	const char		*number = *s;
	size_t			 whole, frac = 0;
	const struct unit	*u;

	whole = strspn(*s, "0123456789");
	*s += whole;
	if (char_take(s, '.', '.')) {
		frac = strspn(*s, "0123456789");
		*s += frac;
	}
	if (whole + frac == 0)
		return -1;
	if (bare && **s == '\0')
		return number_ns(number, NS_PER_S);
	if ((u = unit_take(s)) == NULL)
		return -1;
	return number_ns(number, u->ns);
}

int
clock_parse_duration(const char *s, int64_t *ms)
{
	int64_t	 ns = 0, part;
	bool	 first = true;

	if (*s == '+')
		s++;
	do {
		part = part_take(&s, first);
		if (part == -1 || part > DURATION_MAX_NS - ns)
			return -1;
		ns += part;
		first = false;
	} while (*s != '\0');
	*ms = (ns + NS_PER_MS - 1) / NS_PER_MS;
	return 0;
}

char *
clock_duration(int64_t ms, char *buf)
{
	const char	*sign = ms < 0 ? "-" : "";
	uint64_t	 n = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	unsigned	 frac = (unsigned)(n % 1000);
	uint64_t	 s = n / 1000;
	size_t		 at;

	if (n == 0)
		snprintf(buf, CLOCK_TEXT_MAX, "0s");
	else if (n < 1000)
		snprintf(buf, CLOCK_TEXT_MAX, "%s%ums", sign, frac);
	if (n < 1000)
		return buf;
	if (s >= 3600)
		at = (size_t)snprintf(buf, CLOCK_TEXT_MAX, "%s%lluh%um%u", sign,
		    (unsigned long long)(s / 3600), (unsigned)(s / 60 % 60),
		    (unsigned)(s % 60));
	else if (s >= 60)
		at = (size_t)snprintf(buf, CLOCK_TEXT_MAX, "%s%um%u", sign,
		    (unsigned)(s / 60), (unsigned)(s % 60));
	else
		at = (size_t)snprintf(buf, CLOCK_TEXT_MAX, "%s%u", sign,
		    (unsigned)s);
	if (frac != 0) {
		at += (size_t)snprintf(buf + at, CLOCK_TEXT_MAX - at, ".%03u",
		    frac);
		while (buf[at - 1] == '0')
			at--;
	}
	snprintf(buf + at, CLOCK_TEXT_MAX - at, "s");
	return buf;
}
