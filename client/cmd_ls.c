/* cmd_ls.c - gomote ls */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/types.h"
#include "base/clock.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/out.h"
#include "io/buf.h"

#define LINE_MAX_LEN	(64 * 1024)
#define MODE_LEN	10	/* "-rw-r--r--" */

struct ls {
	bool		 recursive, digest, json;
	bool		 whole;		/* lines as they come */
	bool		 tame;		/* on a terminal, which heeds control characters */
	struct str	 begun;		/* of a line whose name holds a newline */
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

static void
ls_put(const struct ls *l, const char *text)
{
	for (; *text != '\0'; text++)
		putchar(l->tame && ((unsigned char)*text < ' ' || *text == 0x7f) &&
		    (*text != '\t' || !l->whole) ? '?' : *text);
	putchar('\n');
}

static void
ls_print_json(struct ls *l, const struct api_ls *one)
{
	struct json	*j = json_object();
	char		 time[CLOCK_TEXT_MAX];

	json_set_str(j, "Path", one->path);
	json_set_str(j, "Mode", one->mode);
	json_set_bool(j, "Dir", one->dir);
	if (one->regular) {
		json_set_int(j, "Size", one->size);
		json_set_str(j, "ModTime", clock_rfc3339(one->mtime, false, time));
	}
	if (one->sha1[0] != '\0')
		json_set_str(j, "SHA1", one->sha1);
	asjson_item(&l->out, j);
	json_free(j);
}

/* In another format than ours: it is shown as it is. */
static void
ls_foreign(struct ls *l, const char *line)
{
	struct json	*j;

	if (!l->json) {
		ls_put(l, line);
		return;
	}
	j = json_object();
	json_set_str(j, "Path", line);
	asjson_item(&l->out, j);
	json_free(j);
}

/* What began like a line and did not go on like one. */
static void
ls_flush(struct ls *l)
{
	if (l->begun.len > 0)
		ls_foreign(l, l->begun.s);
	str_clear(&l->begun);
}

/* false: it is not a whole one. */
static bool
ls_whole_line(struct ls *l, const char *line)
{
	struct api_ls	one;

	if (api_ls_parse(&one, line, NULL) == -1)
		return false;
	if (l->json)
		ls_print_json(l, &one);
	else
		ls_put(l, l->whole ? line : one.path);
	api_ls_release(&one);
	return true;
}

/* More of a line that has begun. false: it was none, and line stands for itself. */
static bool
ls_more(struct ls *l, const char *line)
{
	struct api_ls	one;
	bool		more = true;

	str_addc(&l->begun, '\n');
	str_add(&l->begun, line);
	if (ls_whole_line(l, l->begun.s))
		str_clear(&l->begun);
	else if (l->begun.len > LINE_MAX_LEN)
		ls_flush(l);
	else if (api_ls_parse(&one, line, NULL) == 0) {
		api_ls_release(&one);
		l->begun.s[l->begun.len - strlen(line) - 1] = '\0';
		ls_flush(l);
		more = false;
	}
	return more;
}

/* Newlines in names come as they are: such a line is whole after some more. */
static void
ls_line(struct ls *l, const char *line)
{
	const char	*tab = strchr(line, '\t');

	if ((l->begun.len > 0 && ls_more(l, line)) || ls_whole_line(l, line))
		return;
	if (tab != NULL && tab - line >= MODE_LEN)
		str_add(&l->begun, line);
	else
		ls_foreign(l, line);
}

static int
ls_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct ls	*l = arg;
	char		*line;
	int		 too_long = 0;

	if (l->whole && !l->json && !l->tame)
		return out_buf(1, b, "stdout", e);
	while ((line = buf_line(b, LINE_MAX_LEN, &too_long)) != NULL) {
		ls_line(l, line);
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
	ls_flush(l);
	form_free(query);
	call_free(c);
	if (ret == -1)
		return -1;
	return l->json ? asjson_end(&l->out, e) : out_flush(e);
}

static int
ls_run(struct gomote *g, int argc, char **argv)
{
	struct ls		l = { .dir = ".", .out = ASJSON_INIT, .begun = STR_INIT,
		.tame = isatty(STDOUT_FILENO) };
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
	str_release(&l.begun);
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
