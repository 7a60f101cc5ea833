/*
 * proxy.c - fuzzes what a proxy answers, its URL and who is spared (lib/io/proxy.c).
 *
 * Exercises: proxy_answer on anything, piece by piece: an answer that is whole
 * stays what it was when more bytes follow, ends within them, and one that is
 * refused has a reason of one line; proxy_parse and proxy_spared on anything,
 * and that an accepted URL gives an address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/proxy.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_answer(const char *data, size_t size)
{
	const struct proxy	 p = { .address = (char *)"p:1" };
	struct err		 e = ERR_INIT;
	size_t			 n;
	int			 r = 0;

	if (size > PROXY_HEAD_MAX)
		size = PROXY_HEAD_MAX;
	for (n = 0; n < size && r == 0; n += 1 + n / 64)
		r = proxy_answer(&p, "t:1", data, n, &e);
	if (r == 0)
		r = proxy_answer(&p, "t:1", data, size, &e);
	if (r > (int)size)
		abort();
	if (r > 0 && proxy_answer(&p, "t:1", data, size, &e) != r)
		abort();
	if (r == -1 && (e.msg[0] == '\0' || strpbrk(e.msg, "\r\n\033") != NULL))
		abort();
}

static void
check_texts(const char *text)
{
	struct proxy	p;
	struct err	e = ERR_INIT;

	if (proxy_parse(text, &p, &e) == 0) {
		if (p.address == NULL || strrchr(p.address, ':') == NULL)
			abort();
		proxy_release(&p);
	} else if (e.msg[0] == '\0')
		abort();
	(void)proxy_spared(text, "www.example.org", 443);
	(void)proxy_spared(text, "10.1.2.3", 443);
	(void)proxy_spared(text, "fd00::1", 443);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*text = xstrndup((const char *)data, size);

	check_answer((const char *)data, size);
	check_texts(text);
	free(text);
	return 0;
}
