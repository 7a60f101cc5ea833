/* v2control.c - see v2control.h. */
#include "revdial/v2control.h"

#include <stdlib.h>
#include <string.h>

#include "io/buf.h"

static void
hear(struct revdial *r, const char *text)
{
	struct v2_line	l;
	struct err	e = ERR_INIT;

	if (v2_line_parse(&l, text, strlen(text), &e) == -1) {
		session_down(r, STREAM_RESET, "%s", e.msg);
		return;
	}
	r->ops->hear(r, &l);
	v2_line_release(&l);
}

static void
on_read(struct stream *s, void *arg)
{
	struct revdial	*r = arg;
	char		*text;
	int		 too_long = 0;

	session_heard(r);
	while (!r->down && !r->freed &&
	    (text = buf_line(stream_in(s), V2_LINE_MAX, &too_long)) != NULL) {
		hear(r, text);
		free(text);
	}
	if (r->down || r->freed)
		return;
	if (too_long)
		session_down(r, STREAM_RESET, "control line over %d bytes",
		    V2_LINE_MAX);
	else
		stream_consumed(s);
}

static void
on_drained(struct stream *s, void *arg)
{
	(void)s;
	session_post(arg);
}

static void
on_eof(struct stream *s, void *arg)
{
	(void)s;
	session_down(arg, STREAM_RESET, "closed the connection");
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	(void)s;
	session_down(arg, e->code, "%s", e->msg);
}

static const struct stream_cb control_cb = {
	.read = on_read,
	.drained = on_drained,
	.eof = on_eof,
	.error = on_error,
};

void
v2_control_begin(struct revdial *r)
{
	stream_set_cb(r->carrier, &control_cb, r);
}

void
v2_control_say(struct revdial *r, enum v2_command command, const char *path,
    const char *why)
{
	char *line;

	if (r->down || r->freed)
		return;
	line = v2_line_format(command, path, why);
	stream_write(r->carrier, line, strlen(line));
	free(line);
}
