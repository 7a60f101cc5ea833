/*
 * superjob.c - fuzzes what a supervisor is told to run.
 *
 * Exercises superjob_parse: what is taken has a program, a place, as many
 * arguments and variables as it says, and all of them lie within what came.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buildlet/superjob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count(char *const *v, size_t *bytes)
{
	size_t	n;

	for (n = 0; v[n] != NULL; n++)
		*bytes += strlen(v[n]) + 1;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct superjob	job;
	int		fds[2] = { open("/dev/null", O_RDONLY), -1 };
	size_t		bytes;

	if (superjob_parse(&job, data, size, fds, 1)) {
		bytes = strlen(job.path) + strlen(job.where) + 2;
		if (job.says != NULL)
			bytes += strlen(job.says) + 1;
		if (job.set.argc == 0 || count(job.argv, &bytes) != job.set.argc ||
		    count(job.env, &bytes) != job.set.envc ||
		    bytes != size - sizeof job.set)
			abort();
	}
	superjob_release(&job);
	return 0;
}
