/*
 * parse_request.c - fuzzes the parser of HTTP requests (lib/http/parse.c and
 * head.c, with llhttp below).
 *
 * Exercises: request lines in all forms, fields and their limits, framing by
 * Content-Length and Transfer-Encoding and their conflicts, chunk headers,
 * extensions and trailers, Expect, pipelining (what follows a message is the
 * next), the end of the connection anywhere; and that the result does not
 * depend on how the bytes were cut.
 */
#include "lib_parse.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= 65536)
		parse_both_ways(data, size, false);
	return 0;
}
