/* ls.c - GET /ls, by the helper `ls` (roles.c, lswalk.h). */
#include "buildlet/ls.h"

#include "buildlet/buildlet.h"
#include "buildlet/job.h"
#include "buildlet/param.h"

#define SKIP_MAX	1000
#define ARGS_FIXED	4

static bool
is_on(struct http_req *r, const char *name)
{
	const char	*value = req_param(r, name);

	return str_eq(value, "true") || str_eq(value, "1");
}

static const char *
flags_of(struct http_req *r)
{
	return req_printf(r, "-%s%s%s", is_on(r, "recursive") ? "r" : "",
	    is_on(r, "digest") ? "d" : "", is_on(r, "links") ? "l" : "");
}

/* The `skip` parameters behind the fixed arguments; false: r is answered. */
static bool
skip_add(struct http_req *r, const char **argv)
{
	const struct form	*query = req_query(r);
	const char		*value;
	size_t			 it = 0, n = 0;

	while ((value = form_each(query, "skip", &it)) != NULL) {
		if (n == SKIP_MAX) {
			reply_error(r, 400, "invalid 'skip' parameter: over %d of them",
			    SKIP_MAX);
			return false;
		}
		argv[ARGS_FIXED + n] = param_path_check(r, "skip", value);
		if (argv[ARGS_FIXED + n++] == NULL)
			return false;
	}
	return true;
}

void
ls_get(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*dir = param_path(r, "dir");
	const char	**argv;
	struct job_spec	 spec = { .output = "text/plain; charset=utf-8" };

	if (dir == NULL)
		return;
	argv = req_alloc(r, (ARGS_FIXED + SKIP_MAX + 1) * sizeof *argv);
	argv[0] = "ls";
	argv[1] = workdir_path(b->workdir);
	argv[2] = dir;
	argv[3] = flags_of(r);
	spec.argv = argv;
	if (skip_add(r, argv))
		job_start(b, r, &spec);
}
