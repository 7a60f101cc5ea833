/*
 * address.c - fuzzes net_split and net_is_loopback, on which flags,
 * configuration and direct mode stand: a port is in range, a host has no blank,
 * and what is put together again splits the same way.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "io/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*text = xstrndup((const char *)data, size);
	char	*host, *again, *host2;
	int	 port, port2;

	net_is_loopback(text);
	if (net_split(text, 80, &host, &port, NULL) == 0) {
		if (port < 0 || port > 65535 || strchr(host, ' ') != NULL)
			abort();
		again = strchr(host, ':') != NULL ?
		    xasprintf("[%s]:%d", host, port) : xasprintf("%s:%d", host, port);
		if (!str_starts(text, "unix:") &&
		    (net_split(again, -1, &host2, &port2, NULL) == -1 ||
		    port2 != port || !str_eq(host, host2)))
			abort();
		else if (!str_starts(text, "unix:"))
			free(host2);
		free(again);
		free(host);
	}
	free(text);
	return 0;
}
