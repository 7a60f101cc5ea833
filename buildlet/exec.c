/*
 * exec.c - one command for one request.
 *
 * The reply ends when the command has ended *and* its output is drained. A
 * grandchild may hold the pipe: it gets a short grace, then the whole tree is
 * killed. The tree is killed too when the client goes away, when the work
 * directory is to be emptied, and after the end: nothing outlives its request.
 * The exec itself lives until the last process of the tree is gone.
 */
#include "buildlet/exec.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execspec.h"
#include "http/pump.h"
#include "io/buf.h"
#include "io/proc.h"

struct exec {
	struct work	 work;
	struct http_req	*r;		/* NULL once it is done */
	struct body	*reply;		/* NULL once it was ended */
	struct proc	*proc;
	struct pump	*pump;
	struct timer	*grace;
	struct proc_end	 end;
	char		*cmd;		/* for the log */
	int64_t		 began;
	bool		 ended;		/* the command */
	bool		 drained;	/* its output */
	bool		 killing;
	bool		 gone;		/* the whole tree */
};

static void	on_request_done(void *arg);

static void
exec_try_free(struct exec *x)
{
	if (x->reply != NULL || !x->gone)
		return;
	if (x->r != NULL)
		req_not_on_done(x->r, on_request_done, x);
	proc_free(x->proc);
	pump_free(x->pump);
	timer_free(x->grace);
	work_end(&x->work);
	free(x->cmd);
	free(x);
}

static void
trailer_send(struct body *reply, const char *state)
{
	struct headers	*trailers = headers_new();

	headers_add(trailers, API_H_PROCESS_STATE, state);
	body_end(reply, trailers);
	headers_free(trailers);
}

/* The reply is over: all of the output is in it. */
static void
exec_finish(struct exec *x)
{
	char	text[ERR_MAX];

	log_info("exec %s: %s after %lld ms", x->cmd, proc_end_text(&x->end, text),
	    (long long)(loop_now(x->work.b->loop) - x->began));
	trailer_send(x->reply, proc_end_text(&x->end, text));
	x->reply = NULL;
}

static void	exec_kill(struct exec *x);

static void
exec_try_finish(struct exec *x)
{
	if (x->reply == NULL || !x->ended || !x->drained)
		return;
	exec_finish(x);
	exec_kill(x);
	exec_try_free(x);
}

static void
on_tree_gone(void *arg)
{
	struct exec	*x = arg;

	x->gone = true;
	/* Somebody outside of the tree may hold the pipe: that is not waited for. */
	if (x->reply != NULL)
		timer_set(x->grace, x->work.b->set->grace_ms);
	exec_try_free(x);
}

static void
exec_kill(struct exec *x)
{
	if (x->killing)
		return;
	x->killing = true;
	proc_kill(x->proc, on_tree_gone, x);
}

/* The command ended, its pipe is still held. */
static void
on_grace(void *arg)
{
	struct exec	*x = arg;

	if (!x->killing) {
		exec_kill(x);
		return;
	}
	if (x->reply == NULL || !x->gone)
		return;
	exec_finish(x);
	exec_try_free(x);
}

static void
on_end(struct proc *p, const struct proc_end *end, void *arg)
{
	struct exec	*x = arg;

	(void)p;
	x->ended = true;
	x->end = *end;
	if (!x->drained && !x->killing)
		timer_set(x->grace, x->work.b->set->grace_ms);
	exec_try_finish(x);
}

/* Nobody reads any more. */
static void
exec_abandon(struct exec *x, const char *why)
{
	struct err	e = ERR_INIT;

	if (x->reply == NULL)
		return;
	log_info("exec %s: killed: %s", x->cmd, why);
	err_set(&e, "%s", why);
	pump_free(x->pump);
	x->pump = NULL;
	body_fail(x->reply, &e);
	x->reply = NULL;
	exec_kill(x);
	exec_try_free(x);
}

static void
on_output_passed(const struct err *why, void *arg)
{
	struct exec	*x = arg;

	if (why != NULL) {
		exec_abandon(x, why->msg);
		return;
	}
	x->drained = true;
	exec_try_finish(x);
}

static void
on_request_done(void *arg)
{
	struct exec	*x = arg;

	x->r = NULL;
	exec_abandon(x, "the client went away");
}

static void
on_cut(struct work *w, const char *why)
{
	struct exec	*x = (struct exec *)w;

	if (!x->killing)
		log_info("exec %s: killed: %s", x->cmd, why);
	exec_kill(x);
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

static void
exec_run(struct exec *x, const struct execspec *spec)
{
	const struct proc_spec	 ps = {
		.path = spec->cmd, .argv = spec->argv.v, .env = spec->env.v,
		.dir = spec->dir,
	};
	struct buildlet		*b = x->work.b;
	struct err		 e = ERR_INIT;

	x->proc = proc_spawn(b->loop, &ps, on_end, x, &e);
	if (x->proc == NULL) {
		log_error("exec %s: %s", x->cmd, e.msg);
		trailer_send(x->reply, e.msg);
		x->reply = NULL;
		x->gone = true;
		exec_try_free(x);
		return;
	}
	x->grace = timer_new(b->loop, on_grace, x);
	x->pump = pump_from_stream(proc_out(x->proc), x->reply,
	    on_output_passed, x);
	req_on_done(x->r, on_request_done, x);
}

static void
exec_start(struct exec *x, const struct execspec *spec)
{
	struct err	 e = ERR_INIT;
	char		*text;

	x->cmd = xstrdup(spec->cmd);
	x->began = loop_now(x->work.b->loop);
	/* Users remove these, and commands need them. */
	if (workdir_furnish(workdir_fd(x->work.b->workdir), &e) == -1)
		log_warn("exec %s: %s", x->cmd, e.msg);
	x->reply = reply_stream(x->r, 200, -1);
	if (spec->debug) {
		text = execspec_debug(spec);
		buf_adds(body_buf(x->reply), text);
		body_wrote(x->reply);
		free(text);
	}
	exec_run(x, spec);
}

void
exec_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	struct execspec	 spec = EXECSPEC_INIT;
	struct err	 e = ERR_INIT;
	struct exec	*x;

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
	x = xcalloc(1, sizeof *x);
	x->r = r;
	if (work_begin(b, &x->work, on_cut, r))
		exec_start(x, &spec);
	else
		free(x);
	execspec_release(&spec);
}
