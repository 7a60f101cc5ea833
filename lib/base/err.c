/* err.c - fills a caller's struct err with one line. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Longest prefix of msg, cut in the middle, that ends between characters. */
static size_t
text_cut(const char *msg, size_t len)
{
	size_t	 i = len, back = 0;

	while (i > 0 && back < 3 &&
	    ((unsigned char)msg[i - 1] & 0xc0) == 0x80) {
		i--;
		back++;
	}
	if (i > 0 && (unsigned char)msg[i - 1] >= 0xc0)
		return i - 1;
	return len;
}

/* The line: the formatted text, then ": " and tail unless that is NULL or "".
 * Put together aside, since an argument may be the old message. */
static void PRINTF(3, 0)
err_store(struct err *e, const char *tail, const char *fmt, va_list ap)
{
	char	 all[2 * ERR_MAX];
	size_t	 len, i;
	int	 n = vsnprintf(all, ERR_MAX, fmt, ap);

	len = n < 0 ? 0 : n < ERR_MAX ? (size_t)n : ERR_MAX - 1;
	all[len] = '\0';
	if (n >= ERR_MAX)
		len = text_cut(all, len);
	else if (tail != NULL && tail[0] != '\0') {
		n = snprintf(all + len, ERR_MAX + 1, ": %s", tail);
		len += (size_t)n <= ERR_MAX ? (size_t)n : ERR_MAX;
		if (len >= ERR_MAX)
			len = text_cut(all, ERR_MAX - 1);
	}
	for (i = 0; i < len; i++)
		e->msg[i] = all[i] == '\n' || all[i] == '\r' ? ' ' : all[i];
	e->msg[len] = '\0';
}

int
err_set(struct err *e, const char *fmt, ...)
{
	int	 saved = errno;
	va_list	 ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	err_store(e, NULL, fmt, ap);
	va_end(ap);
	e->code = 0;
	errno = saved;
	return -1;
}

int
err_code(struct err *e, int code, const char *fmt, ...)
{
	int	 saved = errno;
	va_list	 ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	err_store(e, NULL, fmt, ap);
	va_end(ap);
	e->code = code;
	errno = saved;
	return -1;
}

int
err_errno(struct err *e, const char *fmt, ...)
{
	int	 saved = errno;
	va_list	 ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	err_store(e, strerror(saved), fmt, ap);
	va_end(ap);
	e->code = saved;
	errno = saved;
	return -1;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	int	 saved = errno;
	va_list	 ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	err_store(e, e->msg, fmt, ap);
	va_end(ap);
	errno = saved;
	return -1;
}
