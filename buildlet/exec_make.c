/* exec_make.c - POST /execs: what the form asks for, made or found. */
#include "buildlet/exec_api.h"

#include <string.h>

#include "api/api.h"
#include "api/types.h"
#include "base/path.h"
#include "buildlet/buildlet.h"
#include "buildlet/execs.h"
#include "buildlet/execspec.h"
#include "buildlet/param.h"

#define TIMEOUT_MAX_MS	(10LL * 366 * 24 * 60 * 60 * 1000)
#define LOG_LIMIT_MIN	(64 * 1024)
#define LOG_LIMIT_MAX	(1LL << 50)

/* True: go on; false: r is answered. */
static bool
wish_stdin(struct http_req *r, struct exec_wish *w)
{
	const char	*how = req_param(r, "stdin"), *file;

	if (how == NULL || how[0] == '\0')
		return true;
	if (str_eq(how, "open")) {
		w->stdin_open = true;
		return true;
	}
	if (!str_eq(how, "file")) {
		reply_error(r, 400, "buildlet: invalid 'stdin' parameter: neither open "
		    "nor file: %.40s", how);
		return false;
	}
	file = req_param(r, "stdinFile");
	if (file == NULL || file[0] == '\0') {
		reply_error(r, 400, "buildlet: requires 'stdinFile' parameter");
		return false;
	}
	w->stdin_file = param_path_check(r, "stdinFile", file);
	return w->stdin_file != NULL;
}

static bool
wish_numbers(struct http_req *r, struct exec_wish *w)
{
	int64_t	rows, cols, limit;

	if (exec_api_number(r, "rows", 1, UINT16_MAX, 0, &rows) == -1 ||
	    exec_api_number(r, "cols", 1, UINT16_MAX, 0, &cols) == -1 ||
	    exec_api_number(r, "timeout", 0, TIMEOUT_MAX_MS, 0, &w->timeout_ms) == -1 ||
	    exec_api_number(r, "logLimit", LOG_LIMIT_MIN, LOG_LIMIT_MAX, 0, &limit) == -1)
		return false;
	w->rows = (uint16_t)rows;
	w->cols = (uint16_t)cols;
	w->log_limit = (uint64_t)limit;
	return true;
}

static bool
wish_make(struct http_req *r, struct exec_wish *w)
{
	w->id = req_param(r, "id");
	if (w->id != NULL && !api_exec_id_ok(w->id)) {
		reply_error(r, 400, "buildlet: invalid 'id' parameter: not %d to %d of "
		    "[0-9a-z]", API_EXEC_ID_MIN, API_EXEC_ID_MAX);
		return false;
	}
	w->pty = execspec_true(req_param(r, "pty"));
	w->merge = execspec_true(req_param(r, "merge"));
	w->followed = execspec_true(req_param(r, "follow"));
	return wish_stdin(r, w) && wish_numbers(r, w);
}

static void
answer(struct buildlet *b, struct http_req *r, struct exec *x, int status)
{
	reply_header(r, API_H_EXEC_ID, exec_id(x));
	if (execspec_true(req_param(r, "follow")))
		exec_api_log(b, r, x);
	else
		exec_api_answer(r, status, x);
}

static void
make(struct buildlet *b, struct http_req *r, const struct exec_wish *w)
{
	struct execspec	 spec = EXECSPEC_INIT;
	struct err	 e = ERR_INIT;
	struct exec	*x = NULL;

	if (execspec_make(&spec, req_form(r), workdir_path(b->workdir), &b->env, &e) == 0)
		x = exec_start(b->execs, &spec, w, &e);
	execspec_release(&spec);
	if (x == NULL)
		reply_error(r, e.code, "buildlet: %s", e.msg);
	else
		answer(b, r, x, 201);
}

void
exec_api_make(struct http_req *r, void *buildlet)
{
	struct buildlet		*b = buildlet;
	struct exec_wish	 w = { .id = NULL };
	struct exec		*x;

	if (!wish_make(r, &w))
		return;
	x = w.id != NULL ? exec_find(b->execs, w.id) : NULL;
	if (x != NULL)
		answer(b, r, x, 200);
	else if (work_may(b, r))
		make(b, r, &w);
}
