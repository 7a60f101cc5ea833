/*
 * str.c - fuzzes the text decoders that see what peers send.
 *
 * Exercises str_base64_decode, str_unhex, str_int64, str_size, str_utf8,
 * str_quote, str_human_size and str_name_ok. Base64 and hex that are taken
 * must encode to the same text; a quoted word has only visible characters.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
check_base64(const char *s)
{
	size_t	 len;
	char	*bytes = str_base64_decode(s, &len), *text;

	if (bytes == NULL)
		return;
	require(bytes[len] == '\0');
	text = str_base64_encode(bytes, len);
	require(str_eq(text, s));
	free(text);
	free(bytes);
}

static void
check_hex(const char *s)
{
	size_t	 len = strlen(s) / 2;
	char	*bytes = xmalloc(len), *text = xmalloc(2 * len + 1);

	if (str_unhex(s, bytes, len) == 0) {
		str_hex(bytes, len, text);
		require(str_ieq(text, s));
	}
	free(text);
	free(bytes);
}

static void
check_numbers(const char *s)
{
	char		 buf[32];
	int64_t		 n;
	uint64_t	 u;

	if (str_int64(s, -1000, 1000, &n) == 0)
		require(n >= -1000 && n <= 1000 && n == strtol(s, NULL, 10));
	if (str_size(s, &u) == 0)
		require(strlen(str_human_size(u, buf)) < sizeof buf);
}

static void
check_quote(const char *s)
{
	char		*q = str_quote(s);
	size_t		 len = strlen(q), i, n;
	uint32_t	 cp;

	require(len >= 2 && q[0] == '"' && q[len - 1] == '"');
	for (i = 0; i < len; i += n) {
		n = str_utf8(q + i, len - i, &cp);
		require(n != 0 && cp >= 0x20 && (cp < 0x7f || cp >= 0xa0));
	}
	free(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*s = xstrndup((const char *)data, size);

	check_base64(s);
	check_hex(s);
	check_numbers(s);
	check_quote(s);
	if (str_name_ok(s, 40))
		require(strlen(s) <= 40 && s[0] != '.' && s[0] != '-');
	free(s);
	return 0;
}
