/* scan.c - starts the helper that takes an inventory, and hears its words. */
#include "client/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "client/share.h"
#include "client/treecache.h"
#include "io/buf.h"
#include "io/helper.h"
#include "io/loop.h"

#define STALL_MS	(60 * 60 * 1000)	/* it may have a lot to read */
#define LINE_LEN	(8 * 1024)

struct scan {
	struct loop	*loop;
	struct scan_spec spec;
	struct helper	*helper;	/* NULL: another one's */
	struct share_task *task;	/* NULL: not shared */
	struct str	 words;		/* all that the helper said */
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
	struct scan	*s = arg;
	char		*line;
	int		 too_long = 0;

	while ((line = buf_line(stream_in(in), LINE_LEN, &too_long)) != NULL) {
		on_line(s, line);
		str_addf(&s->words, "%s\n", line);
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
	else if (s->task != NULL)
		share_tell(s->task, str_text(&s->words));
	share_task_free(s->task);
	s->task = NULL;
	if (s->waiting)
		loop_stop(s->loop);
}

/* Here, not by another one. */
static int
launch(struct scan *s, struct err *e)
{
	const struct scan_spec	*spec = &s->spec;
	const char		 flags[] = { 'f', spec->no_ignore ? 'n' : '-',
	    spec->goroot ? 'g' : '-', spec->all ? 'a' : '-', '\0' };
	const char		*argv[] = { "scan", spec->cache, spec->source,
	    flags, NULL };
	const struct helper_spec hs = { .argv = argv, .ms = STALL_MS,
	    .output = true };

	s->helper = helper_start(s->loop, &hs, on_end, s, e);
	if (s->helper == NULL)
		return -1;
	stream_set_cb(helper_out(s->helper), &words_cb, s);
	return 0;
}

static void
take_words(struct scan *s, const struct str *words)
{
	struct strs	lines = STRS_INIT;
	size_t		i;

	strs_split(&lines, str_text(words), '\n', true);
	for (i = 0; i < lines.n; i++)
		on_line(s, lines.v[i]);
	strs_release(&lines);
	s->ended = true;
	s->status = HELPER_OK;
	if (s->name == NULL)
		err_set(&s->why, "the tree cannot be read");
}

/* 0: it was told, or is under way here or, if that may be waited for, elsewhere. */
static int
begin(struct scan *s, bool wait, struct err *e)
{
	struct str	words = STR_INIT;
	enum share_turn	turn = SHARE_ALONE;
	int		ret = 0;

	if (s->task != NULL)
		turn = wait ? share_wait(s->task, &words) : share_try(s->task, &words);
	if (turn == SHARE_TOLD)
		take_words(s, &words);
	else if (turn != SHARE_OTHERS)
		ret = launch(s, e);
	s->result.shared = turn == SHARE_TOLD || turn == SHARE_OURS;
	str_release(&words);
	return ret;
}

struct scan *
scan_start(struct loop *loop, const struct scan_spec *spec, struct err *e)
{
	struct scan	*s = xcalloc(1, sizeof *s);

	s->loop = loop;
	s->spec = *spec;
	if (spec->share != NULL)
		s->task = share_task_new(spec->share, loop,
		    spec->all ? SCAN_TASK_ALL : SCAN_TASK);
	if (begin(s, false, e) == 0)
		return s;
	scan_free(s);
	return NULL;
}

const struct scan_result *
scan_wait(struct scan *s, struct err *e)
{
	size_t	i;

	if (!s->ended && s->helper == NULL && begin(s, true, e) == -1)
		return NULL;
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
scan_drop_told(const char *cache, const char *told)
{
	struct strs	 lines = STRS_INIT;
	unsigned char	 id[INV_DIGEST];
	const char	*name;
	size_t		 i;

	strs_split(&lines, told, '\n', true);
	for (i = 0; i < lines.n; i++) {
		name = strchr(lines.v[i], ' ');
		if (name != NULL && (str_starts(lines.v[i], "changed ") ||
		    str_starts(lines.v[i], "former ") ||
		    (str_starts(lines.v[i], "tree ") && !treecache_id(name + 1, id))))
			treecache_drop(cache, name + 1);
	}
	strs_release(&lines);
}

void
scan_free(struct scan *s)
{
	if (s == NULL)
		return;
	helper_free(s->helper);
	share_task_free(s->task);
	str_release(&s->words);
	free(s->name);
	free(s->changed);
	free(s->former);
	strs_release(&s->notes);
	free(s);
}
