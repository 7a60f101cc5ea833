/*
 * lib_parse.h - for the tests of the HTTP parser: its whole life as one text.
 */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/parse.h"

#define H "Host: a\r\n"
#define POST "POST / HTTP/1.1\r\n" H
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

struct feeding {
	bool	 responses, lenient, is_head, fields;
	size_t	 step;		/* bytes at a time; 0: all */
	size_t	 room;		/* 0: plenty */
	const struct http_limits *limits;
};

/* Feeds text, then the end of the connection; gives what the parser told,
 * malloc'ed. The body is told once in brackets, however it was cut. */
char *fed_text(const char *text, size_t len, const struct feeding *);
/* Feeds it whole and in pieces of several sizes: each time want must come. */
void fed_check(const char *text, const struct feeding *, const char *want);

#endif
