/* remove.c - POST /removeall, by the helper `rm` (roles.c). */
#include "buildlet/remove.h"

#include <string.h>

#include "buildlet/buildlet.h"
#include "buildlet/job.h"
#include "buildlet/param.h"
#include "buildlet/roles.h"
#include "io/buf.h"

/* All names into names, each with its NUL. How many; -1: r is answered. */
static int
names_add(struct http_req *r, const struct form *f, struct evbuffer *names)
{
	const char	*value, *clean;
	size_t		 it = 0;
	int		 n = 0;

	while (f != NULL && (value = form_each(f, "path", &it)) != NULL) {
		if (value[0] == '\0') {	/* not the same as ".": too easily said */
			reply_error(r, 400, "invalid 'path' parameter: it is empty");
			return -1;
		}
		clean = param_path_check(r, "path", value);
		if (clean == NULL)
			return -1;
		buf_add(names, clean, strlen(clean) + 1);
		n++;
	}
	return n;
}

void
remove_post(struct http_req *r, void *buildlet)
{
	struct buildlet		*b = buildlet;
	const char *const	 argv[] = { "rm", workdir_path(b->workdir), NULL };
	struct job_spec		 spec = { .argv = argv, .ok = "",
				    .ms = b->set->clean_ms };
	struct evbuffer		*names = buf_new();
	int			 n = names_add(r, req_form(r), names);

	if (n == 0)
		n = names_add(r, req_query(r), names);
	if (n == 0)
		reply_error(r, 400, "requires 'path' parameter");
	else if (buf_len(names) >= ROLE_NAMES_MAX)
		reply_error(r, 413, "too many paths");
	else if (n > 0 && work_may(b, r)) {
		spec.input = body_of(b->loop, names);
		job_start(b, r, &spec);
	}
	buf_free(names);
}
