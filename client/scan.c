/* scan.c - starts the helper that takes an inventory, and hears its words. */
#include "client/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "io/buf.h"
#include "io/helper.h"
#include "io/loop.h"

#define STALL_MS	(60 * 60 * 1000)	/* it may have a lot to read */
#define LINE_LEN	(8 * 1024)

struct scan {
	struct loop	*loop;
	struct helper	*helper;
	struct scan_result result;
	char		*name, *changed, *former;
	struct strs	 notes;
	bool		 ended, waiting;
	int		 status;
	struct err	 why;
};

static char *
rest_of(const char *line)
{
	return xstrdup(line + strcspn(line, " ") + 1);
}

/* A word and what it is about. */
static void
on_line(struct scan *s, const char *line)
{
	int64_t	n;

	if (str_starts(line, "note "))
		strs_adopt(&s->notes, rest_of(line));
	else if (str_starts(line, "tree "))
		s->name = rest_of(line);
	else if (str_starts(line, "changed "))
		s->changed = rest_of(line);
	else if (str_starts(line, "former "))
		s->former = rest_of(line);
	else if (str_starts(line, "since "))
		s->result.compared = str_unhex(line + strlen("since "),
		    s->result.since, INV_DIGEST) == 0;
	else if (str_starts(line, "count ") &&
	    str_int64(line + strlen("count "), 0, INV_ENTRIES_MAX, &n) == 0)
		s->result.count = (size_t)n;
	else if (str_eq(line, "version"))
		s->result.has_version = true;
}

static void
on_words(struct stream *in, void *arg)
{
	char	*line;
	int	 too_long = 0;

	while ((line = buf_line(stream_in(in), LINE_LEN, &too_long)) != NULL) {
		on_line(arg, line);
		free(line);
	}
	stream_consumed(in);
}

static const struct stream_cb words_cb = { .read = on_words };

static void
on_end(struct helper *h, int status, const char *text, void *arg)
{
	struct scan	*s = arg;

	(void)h;
	s->ended = true;
	s->status = status;
	if (status != HELPER_OK || s->name == NULL)
		err_set(&s->why, "%s", *text != '\0' ? text :
		    "the tree cannot be read");
	if (s->waiting)
		loop_stop(s->loop);
}

struct scan *
scan_start(struct loop *loop, const struct scan_spec *spec, struct err *e)
{
	const char		 flags[] = { 'f', spec->no_ignore ? 'n' : '-',
	    spec->goroot ? 'g' : '-', spec->all ? 'a' : '-', '\0' };
	const char		*argv[] = { "scan", spec->cache, spec->source,
	    flags, NULL };
	const struct helper_spec hs = { .argv = argv, .ms = STALL_MS,
	    .output = true };
	struct scan		*s = xcalloc(1, sizeof *s);

	s->loop = loop;
	s->helper = helper_start(loop, &hs, on_end, s, e);
	if (s->helper == NULL) {
		free(s);
		return NULL;
	}
	stream_set_cb(helper_out(s->helper), &words_cb, s);
	return s;
}

const struct scan_result *
scan_wait(struct scan *s, struct err *e)
{
	size_t	i;

	s->waiting = true;
	while (!s->ended)
		loop_run(s->loop);
	s->waiting = false;
	for (i = 0; i < s->notes.n; i++)
		say_note("%s", s->notes.v[i]);
	strs_release(&s->notes);
	if (s->status != HELPER_OK || s->name == NULL) {
		*e = s->why;
		return NULL;
	}
	s->result.name = s->name;
	s->result.changed = s->changed;
	s->result.former = s->former;
	s->result.compared = s->result.compared && s->changed != NULL &&
	    s->former != NULL;
	return &s->result;
}

void
scan_free(struct scan *s)
{
	if (s == NULL)
		return;
	helper_free(s->helper);
	free(s->name);
	free(s->changed);
	free(s->former);
	strs_release(&s->notes);
	free(s);
}
