/*
 * parse_response.c - fuzzes the parser of HTTP responses (lib/http/parse.c and
 * head.c, with llhttp below).
 *
 * Exercises: status lines, also with the lenient version, statuses without a
 * body, 101, framing by length, chunks and the end of the connection, trailers,
 * several responses after one another; and that the result does not depend on
 * how the bytes were cut.
 */
#include "lib_parse.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= 65536)
		parse_both_ways(data, size, true);
	return 0;
}
