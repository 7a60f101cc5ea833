/* push.c - the requests of pushes: parameters in, a helper started. */
#include "buildlet/push.h"

#include <string.h>

#include "buildlet/buildlet.h"
#include "buildlet/job.h"
#include "buildlet/param.h"
#include "buildlet/roles.h"
#include "io/buf.h"

#define ASKS_MAX	64		/* ids and paths of one GET */
#define WAIT_MAX_MS	60000
#define ARGS_FIXED	5
#define BYTES		"application/octet-stream"

/* The arguments that all roles have, and room for ASKS_MAX more; NULL: r is
 * answered. */
static const char **
args(struct buildlet *b, struct http_req *r, const char *role)
{
	const char	**argv = req_alloc(r, (ARGS_FIXED + ASKS_MAX + 1) *
			    sizeof *argv);
	const char	 *dir = param_path(r, "dir"), *wait = req_param(r, "wait");
	int64_t		  ms = 0;

	if (dir == NULL)
		return NULL;
	if (workdir_state(b->workdir) == NULL) {
		reply_error(r, 404, "pushes are not remembered here");
		return NULL;
	}
	if (wait != NULL && str_int64(wait, 0, WAIT_MAX_MS, &ms) == -1) {
		reply_error(r, 400, "invalid 'wait' parameter: at most %d ms",
		    WAIT_MAX_MS);
		return NULL;
	}
	argv[0] = role;
	argv[1] = workdir_path(b->workdir);
	argv[2] = workdir_state(b->workdir);
	argv[3] = dir;
	argv[4] = req_printf(r, "%lld", (long long)ms);
	return argv;
}

/* The values of a repeatable parameter behind those that are there. */
static bool
args_add(struct http_req *r, const char **argv, const char *name, bool path)
{
	const char	*value;
	size_t		 it = 0, n = ARGS_FIXED;

	while (argv[n] != NULL)
		n++;
	while ((value = form_each(req_query(r), name, &it)) != NULL) {
		if (n == ARGS_FIXED + ASKS_MAX) {
			reply_error(r, 400, "invalid '%s' parameter: over %d of "
			    "them", name, ASKS_MAX);
			return false;
		}
		if (path && (value = param_path_check(r, name, value)) == NULL)
			return false;
		argv[n++] = req_printf(r, "%s=%s", name, value);
		argv[n] = NULL;
	}
	return true;
}

void
push_get(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	**argv = args(b, r, "pushcheck");
	struct job_spec	 spec = { .argv = argv, .output = BYTES };

	if (argv != NULL && args_add(r, argv, "id", false) &&
	    args_add(r, argv, "look", true))
		job_start(b, r, &spec);
}

void
push_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	**argv = args(b, r, "pushguests"), *value;
	struct job_spec	 spec = { .argv = argv, .output = BYTES };
	struct evbuffer	*names;
	size_t		 it = 0;

	if (argv == NULL)
		return;
	names = buf_new();
	while (req_form(r) != NULL &&
	    (value = form_each(req_form(r), "path", &it)) != NULL)
		buf_add(names, value, strlen(value) + 1);
	if (buf_len(names) >= ROLE_NAMES_MAX)
		reply_error(r, 413, "too many paths");
	else if (work_may(b, r)) {
		spec.input = body_of(b->loop, names);
		job_start(b, r, &spec);
	}
	buf_free(names);
}

void
push_put(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	**argv = args(b, r, "pushput");
	struct job_spec	 spec = { .argv = argv, .ok = "OK",
			    .confirmed = true, .ring = true };

	if (argv == NULL)
		return;
	if (!req_has_body(r)) {
		reply_error(r, 400, "requires a body");
		return;
	}
	spec.input = req_take_body(r);
	job_start(b, r, &spec);
}
