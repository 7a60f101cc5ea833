/* file.c - PUT /write, by the helper `write` (roles.c, upload.h). */
#include "buildlet/file.h"

#include "base/str.h"
#include "buildlet/buildlet.h"
#include "buildlet/job.h"
#include "buildlet/param.h"
#include "buildlet/upload.h"

#define MODE_DEFAULT	0644

/* `mode` is decimal; stock clients send all of Go's mode word, of which the
 * permission bits count. -1: it is no number. */
static int64_t
mode_of(const char *text)
{
	int64_t	n;

	if (text == NULL || text[0] == '\0')
		return MODE_DEFAULT;
	if (str_int64(text, 0, UINT32_MAX, &n) == -1)
		return -1;
	return n & 0777;
}

void
file_put(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*path = param_path(r, "path");
	int64_t		 mode = mode_of(req_param(r, "mode"));
	const char	*argv[] = { "write", workdir_path(b->workdir), path,
			    req_printf(r, "%lld", (long long)mode), NULL };
	struct job_spec	 spec = { .argv = argv, .ok = "OK",
			    .confirmed = true, .ring = true };

	if (path == NULL)
		return;
	if (str_eq(path, ".")) {
		reply_error(r, 400, "invalid 'path' parameter: it names no file");
		return;
	}
	if (mode == -1) {
		reply_error(r, 400, "bad mode");
		return;
	}
	if (!work_may(b, r))
		return;
	spec.input = req_take_body(r);
	if (spec.input == NULL)
		spec.input = body_of(b->loop, NULL);
	spec.input = upload_frames(b->loop, spec.input);
	job_start(b, r, &spec);
}
