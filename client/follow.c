/*
 * follow.c - an exec followed (follow.h). Each try is one request, whose answer
 * is read until it ends or breaks:
 *
 *	POST /execs (repeated until it is answered: the id makes it the same one)
 *	GET /execs/ID/log?follow=true&offset=N, from where the last one broke
 */
#include "client/follow.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/patience.h"

/* Of an exec that says nothing comes an ALIVE every 15 s. */
#define SILENCE_MS	(45 * 1000)
#define ANSWER_MAX	(1024 * 1024)

#define H_WHY	"Exec-Why"
#define H_LEFT	"Exec-Left"

struct follow {
	const struct follow_how	*how;
	struct call		*call;
	struct patience		*patience;
	char			*path;		/* "/execs/ID/log" */
	struct form		*start;		/* with id and how it is to be answered */
	bool			 begun;		/* it is there, as an answer has shown */
	bool			 sent;		/* a request may have arrived */
	bool			 placed;	/* show knows where in the log it stands */
};

enum attempt {
	DONE,
	AGAIN,		/* it broke, or the way there is not open now */
	FAILED,		/* for good */
};

/* --- one attempt ------------------------------------------------------------ */

static int
on_output(struct evbuffer *b, void *arg, struct err *e)
{
	struct follow	*f = arg;

	patience_sign(f->patience);
	return show_take(f->how->show, b, e);
}

static struct form *
log_query(const struct follow *f)
{
	struct form	*query = form_new();
	const char	*name, *value;
	size_t		 i;

	form_add(query, "follow", f->how->once ? "false" : "true");
	if (f->placed || f->how->query == NULL) {
		form_addf(query, "offset", "%llu",
		    (unsigned long long)show_offset(f->how->show));
		return query;
	}
	for (i = 0; i < form_len(f->how->query); i++) {
		form_at(f->how->query, i, &name, &value);
		form_add(query, name, value);
	}
	return query;
}

/* An answer has begun. The first one tells where it stands, since the question
 * may have been for the last lines. */
static int
follow_answered(struct follow *f, struct err *e)
{
	const char	*at = call_field(f->call, API_H_EXEC_OFFSET);
	int64_t		 offset = 0;

	if (!f->placed) {
		if (f->how->query != NULL && (at == NULL ||
		    str_int64(at, 0, INT64_MAX, &offset) == -1))
			return err_set(e, "buildlet: %s: the answer does not tell "
			    "where it begins", f->how->doing);
		show_start(f->how->show, (uint64_t)offset);
	} else
		show_resume(f->how->show);
	f->placed = f->begun = f->sent = true;
	patience_back(f->patience);
	if (f->how->attached != NULL)
		f->how->attached(f->how->arg);
	return 0;
}

/* Sends; on 0 the answer is to be read (if detached, it is not needed). */
static int
follow_ask(struct follow *f, struct err *e)
{
	struct call_request	 q = { .method = "POST", .path = "/execs",
		.form = f->start, .doing = f->how->doing, .stall_ms = SILENCE_MS,
		.builder_env = f->how->builder_env };
	struct form		*query = NULL;
	int			 ret;

	if (f->how->detached)
		return call_text(f->call, &q, ANSWER_MAX, NULL, e);
	if (f->begun || f->start == NULL) {
		query = log_query(f);
		q.method = "GET";
		q.path = f->path;
		q.form = NULL;
		q.query = query;
	}
	ret = call_send(f->call, &q, e);
	form_free(query);
	return ret;
}

/* It was not sent, or refused. */
static enum attempt
follow_refused(struct follow *f, struct err *e)
{
	/* Else there was no connection, or there is a plain no. */
	f->sent = f->sent || e->code == CALL_LOST || e->code == CALL_CUT;
	switch (patience_judge(call_status(f->call), e, f->begun)) {
	case PATIENCE_AGAIN:
		return AGAIN;
	case PATIENCE_GONE:
		if (f->start != NULL && !f->begun)
			return FAILED;
		err_code(e, FOLLOW_GONE, "%s", patience_gone_why(e));
		break;
	case PATIENCE_OVER:
		if (call_status(f->call) == 404 && !f->begun && f->start != NULL)
			err_code(e, FOLLOW_NO_EXECS, "%s: %s: the buildlet of this "
			    "machine has no exec objects", call_hop(f->call),
			    f->how->doing);
		break;
	}
	return FAILED;
}

static char *
trailer(const struct follow *f, const char *name)
{
	const char	*value = call_trailer(f->call, name);

	return xstrdup(value == NULL ? "" : value);
}

/* The answer, to its end. */
static enum attempt
follow_read(struct follow *f, struct follow_end *end, struct err *e)
{
	if (call_read(f->call, on_output, f, e) == -1)
		return e->code == CALL_LOST ? AGAIN : FAILED;
	if (call_trailer(f->call, API_H_PROCESS_STATE) != NULL)
		end->state = trailer(f, API_H_PROCESS_STATE);
	else if (!f->how->once) {
		err_code(e, CALL_LOST, "%s: %s: connection lost: the output ended "
		    "without the command's exit status", call_hop(f->call),
		    f->how->doing);
		return AGAIN;
	}
	end->why = trailer(f, H_WHY);
	end->left = trailer(f, H_LEFT);
	return show_finish(f->how->show, e) == -1 ? FAILED : DONE;
}

static enum attempt
follow_try(struct follow *f, struct follow_end *end, struct err *e)
{
	if (follow_ask(f, e) == -1)
		return follow_refused(f, e);
	if (f->how->detached)
		return DONE;
	if (follow_answered(f, e) == -1)
		return FAILED;
	return follow_read(f, end, e);
}

/* --- all of them ------------------------------------------------------------ */

/* What has come is shown. Where that fails it is why we were stopped. */
static int
follow_over(struct follow *f, struct err *e)
{
	struct err	why = ERR_INIT;

	if (f->how->show != NULL && show_finish(f->how->show, &why) == -1)
		*e = why;
	return -1;
}

int
follow_run(struct follow *f, struct follow_end *end, struct err *e)
{
	struct err	why = ERR_INIT;

	memset(end, 0, sizeof *end);
	for (;;) {
		switch (follow_try(f, end, &why)) {
		case DONE:
			return 0;
		case AGAIN:
			if (patience_wait(f->patience, &why, e) == 0)
				continue;
			break;
		case FAILED:
			*e = why;
			break;
		}
		follow_end_release(end);
		return follow_over(f, e);
	}
}

static void
on_show_failed(void *arg)
{
	follow_stop(arg);
}

static void
on_show_room(void *arg)
{
	struct follow	*f = arg;

	call_again(f->call);
}

void
follow_stop(struct follow *f)
{
	if (f->how->show != NULL)
		show_stop(f->how->show);
	patience_stop(f->patience);
	call_cut(f->call);
}

bool
follow_sent(const struct follow *f)
{
	return f->sent || f->start == NULL;
}

void
follow_end_release(struct follow_end *end)
{
	free(end->state);
	free(end->why);
	free(end->left);
	memset(end, 0, sizeof *end);
}

/* --- life ------------------------------------------------------------------- */

static struct form *
start_form(const struct follow_how *how)
{
	struct form	*form = form_new();
	const char	*name, *value;
	size_t		 i;

	for (i = 0; i < form_len(how->start); i++) {
		form_at(how->start, i, &name, &value);
		form_add(form, name, value);
	}
	form_add(form, "id", how->id);
	if (!how->detached)
		form_add(form, "follow", "true");
	return form;
}

struct follow *
follow_new(struct gomote *g, const struct follow_how *how, struct err *e)
{
	struct call	*call = cmd_call(g, how->instance, e);
	struct follow	*f;

	if (call == NULL)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->how = how;
	f->call = call;
	f->patience = patience_new(g->loop, how->give_up_ms);
	f->path = xasprintf("/execs/%s/log", how->id);
	f->start = how->start == NULL ? NULL : start_form(how);
	if (how->show != NULL)
		show_on(how->show, on_show_room, on_show_failed, f);
	return f;
}

void
follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	if (f->how->show != NULL)
		show_on(f->how->show, NULL, NULL, NULL);
	call_free(f->call);
	patience_free(f->patience);
	form_free(f->start);
	free(f->path);
	free(f);
}
