/* xmalloc.c - allocation that ends the program instead of failing. */
#include "base/xmalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

#define LARGE_PAGE	((size_t)2 * 1024 * 1024)

void *
xmalloc(size_t size)
{
	void	*p = malloc(size != 0 ? size : 1);

	if (p == NULL)
		fatal("allocate %zu bytes", size);
	return p;
}

void *
xlarge(size_t size)
{
#ifdef MADV_HUGEPAGE
	void	*p;

	if (size >= LARGE_PAGE && posix_memalign(&p, LARGE_PAGE, size) == 0) {
		if (madvise(p, size & ~(LARGE_PAGE - 1), MADV_HUGEPAGE) == -1) {
			/* Then they are small. */
		}
		return p;
	}
#endif
	return xmalloc(size);
}

void *
xcalloc(size_t n, size_t size)
{
	void	*p = n != 0 && size != 0 ? calloc(n, size) : calloc(1, 1);

	if (p == NULL)
		fatal("allocate %zu times %zu bytes", n, size);
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	void	*q;

	if (size != 0 && n > SIZE_MAX / size)
		fatalx("allocate %zu times %zu bytes: too much", n, size);
	q = realloc(p, n * size != 0 ? n * size : 1);
	if (q == NULL)
		fatal("allocate %zu times %zu bytes", n, size);
	return q;
}

void *
xmemdup(const void *p, size_t len)
{
	void	*q = xmalloc(len);

	if (len != 0)
		memcpy(q, p, len);
	return q;
}

char *
xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *
xstrndup(const char *s, size_t max)
{
	size_t	 len = strnlen(s, max);
	char	*q = xmalloc(len + 1);

	memcpy(q, s, len);
	q[len] = '\0';
	return q;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list	 ap;
	char	*s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	va_list	 again;
	char	*s;
	int	 len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		fatal("format \"%s\"", fmt);
	s = xmalloc((size_t)len + 1);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	return s;
}
