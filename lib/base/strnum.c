/* strnum.c - numbers and sizes as text (str.h). */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* Digits up to the end of len bytes; false if none, another, or too big. */
static bool
digits_value(const char *s, size_t len, uint64_t *out)
{
	uint64_t	 v = 0, d;
	size_t		 i;

	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		d = (uint64_t)(s[i] - '0');
		if (v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return len != 0;
}

int
str_int64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool		 minus = s[0] == '-';
	uint64_t	 u;
	int64_t		 v;

	if (!digits_value(s + minus, strlen(s + minus), &u))
		return -1;
	if (u > (uint64_t)INT64_MAX + minus)
		return -1;
	/* Not -(int64_t)u: the smallest number has no opposite. */
	if (minus && u != 0)
		v = -(int64_t)(u - 1) - 1;
	else
		v = (int64_t)u;
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

int
str_size(const char *s, uint64_t *out)
{
	static const char	 letters[] = "KMGT";
	size_t			 len = strlen(s);
	const char		*l;
	unsigned		 shift = 0;
	uint64_t		 v;

	if (len != 0 && (l = strchr(letters, s[len - 1])) != NULL) {
		shift = 10 * (unsigned)(l - letters + 1);
		len--;
	}
	if (!digits_value(s, len, &v) || v > UINT64_MAX >> shift)
		return -1;
	*out = v << shift;
	return 0;
}

char *
str_human_size(uint64_t n, char *buf)
{
	static const char	 letters[] = "KMGTPE";
	unsigned		 i = 0;
	uint64_t		 tenths;

	if (n < 1024) {
		snprintf(buf, 32, "%u B", (unsigned)n);
		return buf;
	}
	/* n is brought to less than 1024 KiB of the unit below the one shown,
	 * so that n * 10 cannot overflow and rounding can still carry. */
	while (n >= (uint64_t)1024 * 1024) {
		n = n / 1024;
		i++;
	}
	tenths = (n * 10 + 512) / 1024;
	if (tenths >= 10240 && i + 1 < sizeof letters - 1) {
		tenths = 10;
		i++;
	}
	snprintf(buf, 32, "%u.%u %ciB", (unsigned)(tenths / 10),
	    (unsigned)(tenths % 10), letters[i]);
	return buf;
}
