/*
 * execspec.c - fuzzes the form of POST /exec from its bytes on: form_parse,
 * execspec_make (program, arguments, directory, environment, path) and
 * execspec_debug. What is accepted has an absolute program and directory and
 * names each variable once.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buildlet/execspec.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_once(const struct strs *env)
{
	size_t	i, j, n;

	for (i = 0; i < env->n && i < 40; i++)
		for (j = i + 1; j < env->n; j++) {
			n = strcspn(env->v[i], "=");
			if (env->v[i][n] == '=' && strncmp(env->v[i], env->v[j], n + 1) == 0)
				abort();
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form	*f = form_parse((const char *)data, size, 1000, NULL);
	struct execspec	 x = EXECSPEC_INIT;
	struct strs	 own = STRS_INIT;
	struct err	 e = ERR_INIT;

	if (f == NULL)
		return 0;
	strs_add(&own, "PATH=/usr/bin:/bin");
	strs_add(&own, "HOME=/root");
	if (execspec_make(&x, f, "/tmp", &own, &e) == 0) {
		if (x.cmd[0] != '/' || x.dir[0] != '/' || x.argv.n == 0)
			abort();
		check_once(&x.env);
		free(execspec_debug(&x));
	} else if (e.code != 400 && e.code != 422) {
		abort();
	}
	execspec_release(&x);
	strs_release(&own);
	form_free(f);
	return 0;
}
