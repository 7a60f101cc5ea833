/*
 * v2line.c - the lines of revdial version 2's control channel.
 */
#include "revdial/v2line.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "data/json.h"

#define WHY_MAX 512

static const char *const commands[] = {
	[V2_KEEP_ALIVE] = "keep-alive",
	[V2_CONN_READY] = "conn-ready",
	[V2_PICKUP_FAILED] = "pickup-failed",
};

bool
v2_path_ok(const char *path)
{
	const unsigned char *p;

	if (path[0] != '/' || path[1] == '/')
		return false;
	for (p = (const unsigned char *)path; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	return p - (const unsigned char *)path < V2_LINE_MAX;
}

static enum v2_command
command_of(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(commands); i++)
		if (str_eq(name, commands[i]))
			return (enum v2_command)i;
	return V2_UNKNOWN;
}

static int
line_fill(struct v2_line *l, const struct json *j, struct err *e)
{
	const char *name = json_str(j, "command", NULL);
	const char *path;

	if (name == NULL)
		return err_set(e, "no command");
	l->command = command_of(name);
	if (l->command == V2_KEEP_ALIVE || l->command == V2_UNKNOWN)
		return 0;
	path = json_str(j, "connPath", "");
	if (!v2_path_ok(path))
		return err_set(e, "%s with the path \"%.100s\"", name, path);
	l->path = xstrdup(path);
	l->why = xstrdup(json_str(j, "err", ""));
	return 0;
}

int
v2_line_parse(struct v2_line *l, const char *text, size_t len, struct err *e)
{
	struct json	*j;
	int		 ret;

	memset(l, 0, sizeof *l);
	if ((j = json_parse(text, len, e)) == NULL)
		return err_wrap(e, "control line");
	ret = line_fill(l, j, e);
	json_free(j);
	return ret == 0 ? 0 : err_wrap(e, "control line");
}

void
v2_line_release(struct v2_line *l)
{
	free(l->path);
	free(l->why);
	memset(l, 0, sizeof *l);
}

char *
v2_line_format(enum v2_command command, const char *path, const char *why)
{
	struct json	*j = json_object();
	struct str	 s = STR_INIT;
	char		*text, *cut;

	json_set_str(j, "command", commands[command]);
	if (path != NULL)
		json_set_str(j, "connPath", path);
	if (why != NULL) {
		cut = xstrndup(why, WHY_MAX);
		json_set_str(j, "err", cut);
		free(cut);
	}
	text = json_text(j, false);
	json_free(j);
	str_addf(&s, "%s\n", text);
	free(text);
	return str_take(&s);
}
