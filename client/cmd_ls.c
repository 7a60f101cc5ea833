/* cmd_ls.c - gomote ls */
#include <stdio.h>
#include <stdlib.h>

#include "api/types.h"
#include "base/clock.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/out.h"
#include "io/buf.h"

#define LINE_MAX_LEN	(64 * 1024)

struct ls {
	bool		 recursive, digest, json;
	bool		 whole;		/* lines as they come */
	struct asjson	 out;
	struct strs	 skip;
	const char	*instance, *dir;
};

static struct form *
ls_query(const struct ls *l)
{
	struct form	*f = form_new();
	struct strs	 parts = STRS_INIT;
	size_t		 i;

	form_add(f, "dir", l->dir);
	form_add(f, "recursive", l->recursive ? "true" : "false");
	form_add(f, "digest", l->digest ? "true" : "false");
	for (i = 0; i < l->skip.n; i++)
		strs_split(&parts, l->skip.v[i], ',', true);
	for (i = 0; i < parts.n; i++)
		form_add(f, "skip", parts.v[i]);
	strs_release(&parts);
	return f;
}

/* A line in another format than ours is shown as it is. */
static void
ls_print_name(const char *line)
{
	struct api_ls	l;

	if (api_ls_parse(&l, line, NULL) == -1) {
		printf("%s\n", line);
		return;
	}
	printf("%s\n", l.path);
	api_ls_release(&l);
}

static void
ls_print_json(struct ls *l, const char *line)
{
	struct json	*j = json_object();
	struct api_ls	 one;
	char		 time[CLOCK_TEXT_MAX];

	if (api_ls_parse(&one, line, NULL) == -1) {
		json_set_str(j, "Path", line);
		asjson_item(&l->out, j);
		json_free(j);
		return;
	}
	json_set_str(j, "Path", one.path);
	json_set_str(j, "Mode", one.mode);
	json_set_bool(j, "Dir", one.dir);
	if (one.regular) {
		json_set_int(j, "Size", one.size);
		json_set_str(j, "ModTime", clock_rfc3339(one.mtime, false, time));
	}
	if (one.sha1[0] != '\0')
		json_set_str(j, "SHA1", one.sha1);
	asjson_item(&l->out, j);
	json_free(j);
	api_ls_release(&one);
}

static int
ls_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct ls	*l = arg;
	char		*line;
	int		 too_long = 0;

	if (l->whole && !l->json)
		return out_buf(1, b, "stdout", e);
	while ((line = buf_line(b, LINE_MAX_LEN, &too_long)) != NULL) {
		if (l->json)
			ls_print_json(l, line);
		else
			ls_print_name(line);
		free(line);
	}
	return too_long ? err_set(e, "a line of the listing is too long") : 0;
}

static int
ls_ask(struct gomote *g, struct ls *l, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = "/ls",
	    .doing = "ls", .stall_ms = 10 * 60 * 1000 };
	struct form		*query;
	struct call		*c = cmd_call(g, l->instance, e);
	int			 ret;

	if (c == NULL)
		return -1;
	query = ls_query(l);
	q.query = query;
	if ((ret = call_send(c, &q, e)) == 0)
		ret = call_read(c, ls_sink, l, e);
	form_free(query);
	call_free(c);
	if (ret == -1)
		return -1;
	return l->json ? asjson_end(&l->out, e) : out_flush(e);
}

static int
ls_run(struct gomote *g, int argc, char **argv)
{
	struct ls		l = { .dir = ".", .out = ASJSON_INIT };
	const struct opt	opts[] = {
		{ "r", OPT_BOOL, &l.recursive, NULL, "all that is below, too" },
		{ "d", OPT_BOOL, &l.digest, NULL,
		    "with SHA-1 digests; lines as with -l" },
		{ "l", OPT_BOOL, &l.whole, NULL,
		    "mode, path, size and time, tabs between them" },
		{ "json", OPT_BOOL, &l.json, NULL,
		    "all that is told of each, as JSON" },
		{ "skip", OPT_STRINGS, &l.skip, "DIR,...",
		    "leave these directories out (relative to DIR)" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	fan = { .cmd = &cmd_ls, .opts = opts, .max = 1,
		.json = &l.json };
	struct err		e = ERR_INIT;
	int			i, status;

	if ((i = fan_in(g, &fan, argc, argv, &l.instance, &status)) == -1)
		goto out;
	if (i < argc)
		l.dir = argv[i];
	l.whole = l.whole || l.digest;
	status = ls_ask(g, &l, &e) == -1 ? cmd_fail(&e) : EXIT_OK;
out:
	strs_release(&l.skip);
	return status;
}

const struct cmd cmd_ls = { "ls",
	"[-r] [-l] [-d] [-json] [-skip DIR,...] [INSTANCE] [DIR]",
	"list a directory of an instance",
	"Lists DIR, a path relative to the work directory, or the work directory\n"
	"itself: names alone, or with -l and -d a line of fields.\n\n"
	"  gomote ls user-alice-linux-amd64-0\n"
	"  gomote ls -r -d -skip go/pkg,go/bin user-alice-linux-amd64-0",
	ls_run };
