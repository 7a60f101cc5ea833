/* param.c - checks paths in parameters and answers for wrong ones. */
#include "buildlet/param.h"

#include <stdlib.h>

#include "base/path.h"

const char *
param_path_check(struct http_req *r, const char *name, const char *value)
{
	struct err	 e = ERR_INIT;
	char		*clean;
	const char	*kept;

	if (path_check(value, &e) == -1) {
		reply_error(r, 400, "invalid '%s' parameter: %s", name, e.msg);
		return NULL;
	}
	clean = path_clean(value);
	kept = req_strdup(r, clean);
	free(clean);
	return kept;
}

const char *
param_path(struct http_req *r, const char *name)
{
	const char	*value = req_param(r, name);

	return param_path_check(r, name, value != NULL ? value : "");
}
