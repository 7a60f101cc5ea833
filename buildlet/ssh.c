/* ssh.c - a client's connection joined with an sshd of its own. */
#include "buildlet/ssh.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/sshrole.h"
#include "io/buf.h"
#include "io/proc.h"

#define LINE_LIMIT	1024
#define LINGER_MS	10000

struct ssh {
	struct work	 work;
	struct http_req	*r;		/* until it is answered */
	struct proc	*proc;
	struct stream	*client;	/* from the 101 on, until it is closed */
	struct timer	*limit;		/* until sshd has said something */
	char		*said;		/* last line of sshd's stderr */
	bool		 turning;	/* the 101 is under way */
	bool		 deaf;		/* sshd reads no more */
	bool		 ending;
	bool		 gone;
};

static void	on_gone(void *arg);

static void
ssh_try_free(struct ssh *x)
{
	if (x->turning || !x->gone)
		return;
	proc_free(x->proc);
	timer_free(x->limit);
	work_end(&x->work);
	free(x->said);
	free(x);
}

static void
on_tree_gone(void *arg)
{
	struct ssh	*x = arg;

	x->gone = true;
	ssh_try_free(x);
}

/* Whoever has not been answered is answered, and everything is killed. */
static void
ssh_end(struct ssh *x, int status, const char *why)
{
	if (x->ending)
		return;
	x->ending = true;
	log_info("ssh: ended: %s", why);
	if (x->r != NULL) {
		req_not_on_done(x->r, on_gone, x);
		reply_error(x->r, status, "buildlet: ssh: %s", why);
		x->r = NULL;
	}
	if (x->client != NULL)
		stream_close_soft(x->client, LINGER_MS);
	x->client = NULL;
	timer_stop(x->limit);
	proc_kill(x->proc, on_tree_gone, x);
}

static void
on_gone(void *arg)
{
	struct ssh	*x = arg;

	x->r = NULL;
	ssh_end(x, 0, "the client went away");
}

static void
on_cut(struct work *w, const char *why)
{
	ssh_end((struct ssh *)w, 503, why);
}

/* ---- bytes ---- */

static void
pass(struct stream *from, struct stream *to)
{
	if (buf_len(stream_in(from)) == 0 || stream_full(to))
		return;
	buf_move(stream_out(to), stream_in(from), SIZE_MAX);
	stream_consumed(from);
	stream_wrote(to);
}

static void
to_sshd(struct ssh *x)
{
	struct stream	*in = proc_in(x->proc);

	if (x->client == NULL)
		return;
	if (x->deaf) {
		buf_drain(stream_in(x->client), buf_len(stream_in(x->client)));
		stream_consumed(x->client);
		return;
	}
	pass(x->client, in);
	if (stream_at_eof(x->client))
		stream_shut(in);
}

static void
to_client(struct ssh *x)
{
	struct stream	*out = proc_out(x->proc);

	if (x->client == NULL)
		return;
	pass(out, x->client);
	if (stream_at_eof(out))
		ssh_end(x, 0, "sshd has ended");
}

static void
on_client(struct stream *s, void *arg)
{
	(void)s;
	to_sshd(arg);
}

static void
on_client_drained(struct stream *s, void *arg)
{
	(void)s;
	to_client(arg);
}

static void
on_client_error(struct stream *s, const struct err *why, void *arg)
{
	(void)s;
	ssh_end(arg, 0, why->msg);
}

static const struct stream_cb client_cb = {
	.read = on_client, .eof = on_client,
	.drained = on_client_drained, .error = on_client_error,
};

static void
on_in_drained(struct stream *s, void *arg)
{
	(void)s;
	to_sshd(arg);
}

static void
on_in_error(struct stream *s, const struct err *why, void *arg)
{
	struct ssh	*x = arg;

	(void)s;
	(void)why;
	x->deaf = true;
	to_sshd(x);
}

static const struct stream_cb in_cb = {
	.drained = on_in_drained, .error = on_in_error,
};

/* ---- turning the connection ---- */

static void
on_turned(struct stream *s, void *arg)
{
	struct ssh	*x = arg;

	x->turning = false;
	if (s == NULL || x->ending) {
		if (s != NULL)
			stream_close(s);
		ssh_end(x, 0, "the client went away");
		ssh_try_free(x);
		return;
	}
	x->client = s;
	stream_set_cb(s, &client_cb, x);
	stream_set_cb(proc_in(x->proc), &in_cb, x);
	to_client(x);
}

/* sshd speaks: it is well. */
static void
on_out(struct stream *s, void *arg)
{
	struct ssh	*x = arg;
	struct http_req	*r = x->r;

	(void)s;
	if (r == NULL || x->ending) {
		to_client(x);
		return;
	}
	timer_stop(x->limit);
	req_not_on_done(r, on_gone, x);
	x->r = NULL;
	x->turning = true;
	reply_header(r, "Upgrade", "ssh");
	reply_header(r, "Connection", "Upgrade");
	reply_upgrade(r, 101, on_turned, x);
}

static void
on_out_eof(struct stream *s, void *arg)
{
	struct ssh	*x = arg;

	(void)s;
	if (x->client != NULL)
		to_client(x);
	else if (x->r != NULL)
		ssh_end(x, 500, x->said != NULL ? x->said : "sshd said nothing");
}

static void
on_out_error(struct stream *s, const struct err *why, void *arg)
{
	(void)s;
	ssh_end(arg, 500, why->msg);
}

static const struct stream_cb out_cb = {
	.read = on_out, .eof = on_out_eof, .error = on_out_error,
};

static void
on_said(struct stream *s, void *arg)
{
	struct ssh	*x = arg;
	char		*line;
	int		 too_long = 0;

	while ((line = buf_line(stream_in(s), LINE_LIMIT, &too_long)) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		log_info("sshd: %s", line);
		free(x->said);
		x->said = line;
	}
	if (too_long)
		buf_drain(stream_in(s), buf_len(stream_in(s)));
	stream_consumed(s);
}

static const struct stream_cb said_cb = { .read = on_said };

/* ---- beginning ---- */

static void
on_limit(void *arg)
{
	ssh_end(arg, 504, "sshd did not answer in time");
}

/* The session's own process is no news: its output's end is. */
static void
on_end(struct proc *p, const struct proc_end *end, void *arg)
{
	struct ssh	*x = arg;

	(void)p;
	if (end->phase == PROC_UNSTARTED)
		ssh_end(x, 500, end->why);
}

static int
ssh_spawn(struct ssh *x, const char *user, const char *key, struct err *e)
{
	struct buildlet	*b = x->work.b;
#ifdef __linux__
	const char	*self = "/proc/self/exe";
#else
	const char	*self = b->argv0;
#endif
	const char	*argv[] = { b->argv0, "-x", "ssh", workdir_state(b->workdir),
			    workdir_path(b->workdir), user, key, NULL };
	struct proc_spec spec = { .path = self, .argv = (char *const *)argv,
			    .env = b->env.v, .input = true, .split = true };

	x->proc = proc_spawn(b->loop, &spec, on_end, x, e);
	if (x->proc == NULL)
		return -1;
	stream_set_cb(proc_out(x->proc), &out_cb, x);
	stream_set_cb(proc_err(x->proc), &said_cb, x);
	x->limit = timer_new(b->loop, on_limit, x);
	timer_set(x->limit, b->set->sshd_ms);
	return 0;
}

/* r is answered if it is not in order. */
static bool
ssh_check(const struct buildlet *b, struct http_req *r, const char *user,
    const char *key)
{
	if (user == NULL || !str_name_ok(user, SSH_USER_MAX))
		reply_error(r, 400, "requires a user name in " API_H_SSH_USER);
	else if (key == NULL || key[0] == '\0' || strlen(key) > SSH_KEY_MAX)
		reply_error(r, 400, "requires a public key in " API_H_SSH_KEY);
	else if (sshrole_sshd() == NULL)
		reply_error(r, 501, "buildlet: ssh: no sshd is installed on this machine");
	else if (workdir_state(b->workdir) == NULL)
		reply_error(r, 501, "buildlet: ssh: there is no directory for its keys");
	else
		return true;
	return false;
}

void
ssh_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*user = req_header(r, API_H_SSH_USER);
	const char	*key = req_header(r, API_H_SSH_KEY);
	struct err	 e = ERR_INIT;
	struct ssh	*x;

	if (!ssh_check(b, r, user, key))
		return;
	x = xcalloc(1, sizeof *x);
	if (!work_begin(b, &x->work, on_cut, r)) {
		free(x);
		return;
	}
	x->r = r;
	if (ssh_spawn(x, user, key, &e) == -1) {
		reply_error(r, 500, "buildlet: ssh: %s", e.msg);
		work_end(&x->work);
		free(x);
		return;
	}
	req_on_done(r, on_gone, x);
}
