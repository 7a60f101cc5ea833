/*
 * canned.c - a server whose answers stand in files, for regress scripts about
 * servers that say what ours do not: older ones, newer ones, broken ones.
 *
 *	canned PORT-FILE DIR
 *
 * Listens on a free port of 127.0.0.1, plain HTTP, and writes it to PORT-FILE.
 * GET /a/b?c=d is answered with the file DIR/_a_b?c=d, or else DIR/_a_b, or else
 * 404; with the status that stands in the same name with ".status" behind it,
 * and the Date that stands in DIR/date, where there are such. Where the same name
 * with ".hold" behind it is there that is removed, and the request never answered.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "http/req.h"
#include "http/server.h"
#include "io/loop.h"
#include "io/net.h"

#define ANSWER_MAX	(16 * 1024 * 1024)

struct canned {
	struct loop		*loop;
	struct http_server	*server;
	const char		*dir;
};

/* Of the file NAME, whose slashes count as '_'. malloc'ed. */
static char *
path_of(const struct canned *c, const char *name, const char *suffix)
{
	char	*path = xasprintf("%s/%s%s", c->dir, name, suffix), *p;

	for (p = path + strlen(c->dir) + 1; *p != '\0'; p++)
		if (*p == '/')
			*p = '_';
	return path;
}

/* NULL: there is none. */
static char *
file_of(const struct canned *c, const char *name, const char *suffix)
{
	char	*path = path_of(c, name, suffix), *text;

	text = file_read_trimmed(path, ANSWER_MAX, NULL);
	free(path);
	return text;
}

static bool
is_held(const struct canned *c, const char *name)
{
	char	*path = path_of(c, name, ".hold");
	bool	 held = unlink(path) == 0;

	free(path);
	return held;
}

static int64_t
status_of(const struct canned *c, const char *name)
{
	char	*text = file_of(c, name, ".status");
	int64_t	 status = 200;

	if (text != NULL && str_int64(text, 200, 599, &status) == -1)
		fatalx("%s: no status", text);
	free(text);
	return status;
}

static void
on_request(struct http_req *r, void *arg)
{
	const struct canned	*c = arg;
	const char		*name = req_target(r);
	char			*text, *date;

	if (is_held(c, req_path(r)))
		return;
	text = file_of(c, name, "");
	if (text == NULL) {
		name = req_path(r);
		text = file_of(c, name, "");
	}
	date = file_of(c, "date", "");
	if (date != NULL)
		reply_header(r, "Date", date);
	if (text == NULL)
		reply_error(r, 404, "there is no %s", req_path(r));
	else
		reply_text(r, (int)status_of(c, name), req_strdup(r, text));
	free(text);
	free(date);
}

static void
on_accept(struct stream *s, void *arg)
{
	struct canned	*c = arg;

	http_server_serve(c->server, s);
}

static void
on_term(void *arg)
{
	struct canned	*c = arg;

	loop_stop(c->loop);
}

int
main(int argc, char **argv)
{
	struct canned		 c;
	struct err		 e = ERR_INIT;
	struct net_listen	 n = { .address = "127.0.0.1:0" };
	struct listener		*l;
	char			 port[16];

	if (argc != 3) {
		fprintf(stderr, "usage: canned PORT-FILE DIR\n");
		return 2;
	}
	log_init("canned", LOG_WARN);
	c.dir = argv[2];
	if ((c.loop = loop_new(&e)) == NULL ||
	    (l = net_listen(c.loop, &n, on_accept, &c, &e)) == NULL)
		fatalx("%s", e.msg);
	c.server = http_server_new(c.loop, NULL, on_request, &c);
	loop_signal(c.loop, SIGTERM, on_term, &c);
	snprintf(port, sizeof port, "%d\n", listener_port(l));
	if (file_write(argv[1], port, strlen(port), 0644, &e) == -1)
		fatalx("%s", e.msg);
	loop_run(c.loop);
	listener_free(l);
	http_server_free(c.server);
	loop_free(c.loop);
	return 0;
}
