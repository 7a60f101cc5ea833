/* job.c - joins a request, a helper, and the pumps between them. */
#include "buildlet/job.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/roles.h"
#include "http/pump.h"
#include "io/helper.h"

struct job {
	struct work	 work;
	struct http_req	*r;		/* NULL once the client is gone or answered */
	struct helper	*helper;
	struct pump	*in, *out;
	struct body	*reply;		/* NULL: not begun, or ended */
	const char	*role;		/* for the log; a literal */
	const char	*type;		/* r's */
	const char	*ok;
	bool		 fed;		/* the whole input went in */
	bool		 input;
	bool		 confirmed;	/* see job.h */
};

static void	on_gone(void *arg);

/* The reply, if one is open, ends here. */
static void
job_close(struct job *j, const struct err *why)
{
	pump_free(j->in);
	pump_free(j->out);
	if (j->reply != NULL && why != NULL)
		body_fail(j->reply, why);
	else if (j->reply != NULL)
		body_end(j->reply, NULL);
	if (j->r != NULL)
		req_not_on_done(j->r, on_gone, j);
	helper_free(j->helper);
	work_end(&j->work);
	free(j);
}

static int
status_of(int status)
{
	switch (status) {
	case HELPER_BAD:
		return 400;
	case ROLE_ABSENT:
		return 404;
	case ROLE_NOSPACE:
		return 507;
	case ROLE_CONFLICT:
		return 409;
	case ROLE_STALE:
		return 412;
	default:
		return 500;
	}
}

static void
job_answer(struct job *j, int status, const char *text)
{
	if (j->r == NULL || j->reply != NULL)
		return;
	if (status != HELPER_OK)
		reply_error(j->r, status_of(status), "%s", text[0] != '\0' ? text :
		    "the helper ended without a word");
	/* A helper that ends at once closes its pipe, perhaps before we have
	 * heard that the last bytes went in. */
	else if (j->input && !j->fed && !j->confirmed)
		reply_error(j->r, 500, "the helper ended before its input");
	else if (j->type != NULL)
		reply_data(j->r, 200, j->type, "", 0);
	else
		reply_text(j->r, 200, j->ok);
}

static void
on_end(struct helper *h, int status, const char *text, void *arg)
{
	struct job	*j = arg;
	struct err	 why = ERR_INIT;

	(void)h;
	if (status != HELPER_OK) {
		err_set(&why, "%s", text);
		log_info("%s: %s", j->role, text);
	}
	job_answer(j, status, text);
	job_close(j, status != HELPER_OK ? &why : NULL);
}

static void
on_input_passed(const struct err *why, void *arg)
{
	struct job	*j = arg;

	j->fed = why == NULL;
	/* Broken off: the helper sees an end that nobody confirmed. */
	if (why != NULL)
		stream_shut(helper_in(j->helper));
}

static void
on_output_passed(const struct err *why, void *arg)
{
	struct job	*j = arg;

	if (why != NULL)
		job_close(j, why);
}

/* The first bytes of output: the answer is 200 from here on. */
static void
on_output(struct stream *s, void *arg)
{
	struct job	*j = arg;

	reply_header(j->r, "Content-Type", j->type);
	j->reply = reply_stream(j->r, 200, -1);
	j->out = pump_from_stream(s, j->reply, on_output_passed, j);
}

static const struct stream_cb output_cb = { .read = on_output };

/* The client is gone, or the answer is out. */
static void
on_gone(void *arg)
{
	struct job	*j = arg;

	j->r = NULL;
	if (j->input && !j->fed) {
		pump_free(j->in);
		j->in = NULL;
		j->fed = true;		/* nobody is left to be told otherwise */
		stream_shut(helper_in(j->helper));
		return;
	}
	if (j->reply == NULL && j->type == NULL)
		return;			/* it ends soon, by itself */
	job_close(j, &(struct err){ 0, "the client went away" });
}

static void
on_cut(struct work *w, const char *why)
{
	struct job	*j = (struct job *)w;
	struct err	 e = ERR_INIT;

	err_set(&e, "%s", why);
	if (j->r != NULL && j->reply == NULL)
		reply_error(j->r, 503, "%s", why);
	job_close(j, &e);
}

static void
job_join(struct job *j, const struct job_spec *spec)
{
	if (spec->input != NULL)
		j->in = pump_to_stream(spec->input, helper_in(j->helper),
		    on_input_passed, j);
	if (spec->output != NULL)
		stream_set_cb(helper_out(j->helper), &output_cb, j);
	req_on_done(j->r, on_gone, j);
}

void
job_start(struct buildlet *b, struct http_req *r, const struct job_spec *spec)
{
	const struct helper_spec hs = {
		.argv = spec->argv,
		.ms = spec->ms != 0 ? spec->ms : b->set->helper_ms,
		.input = spec->input != NULL,
		.output = spec->output != NULL,
		.ring = spec->ring,
	};
	struct job	*j = xcalloc(1, sizeof *j);
	struct err	 e = ERR_INIT;

	if (!work_begin(b, &j->work, on_cut, r)) {
		free(j);
		if (spec->input != NULL)
			body_close(spec->input);
		return;
	}
	j->r = r;
	j->role = spec->argv[0];
	j->type = spec->output != NULL ? req_strdup(r, spec->output) : NULL;
	j->ok = req_strdup(r, spec->ok != NULL ? spec->ok : "");
	j->input = spec->input != NULL;
	j->confirmed = spec->confirmed;
	j->helper = helper_start(b->loop, &hs, on_end, j, &e);
	if (j->helper != NULL) {
		job_join(j, spec);
		return;
	}
	if (spec->input != NULL)
		body_close(spec->input);
	reply_error(r, 500, "%s", e.msg);
	work_end(&j->work);
	free(j);
}
