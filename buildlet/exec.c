/*
 * exec.c - POST /exec: a view of an exec that lives only as long as it is seen.
 *
 * The exec is transient (execs.h): a client that goes away, or a work directory
 * that is to be emptied, takes the whole tree of processes with it; so does
 * the end of the command.
 */
#include "buildlet/exec.h"

#include <stdlib.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execfollow.h"
#include "buildlet/execs.h"
#include "buildlet/execspec.h"
#include "io/buf.h"

struct view {
	struct work	 work;
	struct exec	*x;
	char		*cmd;		/* for the log */
	char		*end;		/* too; NULL: nothing of that */
	int64_t		 began;
};

/* Once its reply is gone: nobody waits for the log. */
static void
view_over(void *arg)
{
	struct view	*v = arg;

	if (v->end != NULL)
		log_info("exec %s: %s", v->cmd, v->end);
	free(v->cmd);
	free(v->end);
	free(v);
}

static void
on_followed(const struct err *why, void *arg)
{
	struct view	*v = arg;
	int64_t		 ms = loop_now(v->work.b->loop) - v->began;

	v->end = why != NULL ? xasprintf("killed: %s", why->msg) :
	    xasprintf("%s after %lld ms", exec_status(v->x), (long long)ms);
	work_end(&v->work);
	loop_after(v->work.b->loop, view_over, v);
}

static void
on_cut(struct work *w, const char *why)
{
	struct view	*v = (struct view *)w;
	struct err	 e = ERR_INIT;

	log_info("exec %s: killed: %s", v->cmd, why);
	if (exec_kill(v->x, 0, &e) == -1)
		log_debug("exec %s: %s", v->cmd, e.msg);
}

/* ---- beginning ---- */

/* As stock buildlets do, errors are chunked too and announce the trailer. */
static void
answer_error(struct http_req *r, const struct err *e)
{
	struct body	*reply;

	reply_header(r, "Content-Type", "text/plain; charset=utf-8");
	reply_header(r, "X-Content-Type-Options", "nosniff");
	reply = reply_stream(r, e->code, -1);
	buf_addf(body_buf(reply), "%s\n", e->msg);
	body_wrote(reply);
	body_end(reply, NULL);
}

/* The head is out: that there is no supervisor stands in the trailer. */
static void
view_unstarted(struct view *v, struct body *reply, const struct err *why)
{
	struct headers	*trailers = headers_new();

	log_error("exec %s: %s", v->cmd, why->msg);
	headers_add(trailers, API_H_PROCESS_STATE, why->msg);
	body_end(reply, trailers);
	headers_free(trailers);
	work_end(&v->work);
	view_over(v);
}

static void
view_start(struct view *v, struct http_req *r, const struct execspec *spec)
{
	static const struct exec_wish	 wish = { .transient = true, .merge = true,
					    .followed = true };
	static const struct follow_how	 how = { .end = UINT64_MAX, .raw = true };
	struct buildlet			*b = v->work.b;
	struct err			 e = ERR_INIT;
	struct body			*reply;

	v->cmd = xstrdup(spec->cmd);
	v->began = loop_now(b->loop);
	v->x = exec_start(b->execs, spec, &wish, &e);
	reply = reply_stream(r, 200, -1);
	if (v->x == NULL)
		view_unstarted(v, reply, &e);
	else
		follow_new(b, v->x, reply, &how, on_followed, v);
}

void
exec_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	struct execspec	 spec = EXECSPEC_INIT;
	struct err	 e = ERR_INIT;
	struct view	*v;

	if (req_http10(r)) {
		reply_error(r, 400, "HTTP/1.1 or higher required");
		return;
	}
	if (!work_may(b, r))
		return;
	reply_header(r, "Trailer", API_H_PROCESS_STATE);
	if (execspec_make(&spec, req_form(r), workdir_path(b->workdir), &b->env,
	    &e) == -1) {
		answer_error(r, &e);
		execspec_release(&spec);
		return;
	}
	v = xcalloc(1, sizeof *v);
	if (work_begin(b, &v->work, on_cut, r))
		view_start(v, r, &spec);
	else
		free(v);
	execspec_release(&spec);
}
