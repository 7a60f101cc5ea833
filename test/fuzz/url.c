/*
 * url.c - fuzzes URLs and escapes (lib/http/url.c).
 *
 * Exercises: url_parse on anything, and what it promises of an accepted URL (a
 * known scheme, a port in range, a host, a target that can stand in a request
 * line); url_unescape on anything, and that url_escape is undone by it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "http/url.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_url(const char *text)
{
	struct err	 e = ERR_INIT;
	struct url	 u;
	const char	*p;

	if (url_parse(&u, text, &e) == -1) {
		if (e.msg[0] == '\0')
			abort();
		return;
	}
	if (!str_eq(u.scheme, "http") && !str_eq(u.scheme, "https"))
		abort();
	if (u.port < 1 || u.port > 65535 || u.host[0] == '\0' ||
	    u.target[0] != '/')
		abort();
	for (p = u.target; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7f || *p == '#')
			abort();
	url_release(&u);
}

static void
check_escapes(const char *text, size_t size)
{
	char	*plain, *escaped, *back;
	int	 i;

	for (i = 0; i < 2; i++) {
		plain = url_unescape(text, size, i == 1);
		if (plain == NULL)
			continue;
		escaped = url_escape(plain, i == 1);
		back = url_unescape(escaped, strlen(escaped), false);
		if (back == NULL || strcmp(plain, back) != 0)
			abort();
		free(plain);
		free(escaped);
		free(back);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*text = xstrndup((const char *)data, size);

	check_url(text);
	check_escapes((const char *)data, size);
	free(text);
	return 0;
}
