/* kept.c - what is left of an exec (kept.h). */
#include "client/kept.h"

#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/xmalloc.h"
#include "client/execid.h"
#include "io/loop.h"

#define SOON_FIRST_MS	100	/* between questions, doubled, */
#define SOON_LAST_MS	800	/* to this */

static int
end_of(struct follow_end *end, const struct json *j, struct err *e)
{
	struct api_exec	x;

	if (api_exec_parse(&x, j, e) == -1)
		return err_wrap(e, "coordinator: exec: the answer");
	memset(end, 0, sizeof *end);
	if (x.state == API_EXEC_ENDED && *x.why == '\0')
		end->state = xstrdup(x.status);
	end->why = xstrdup(x.why);
	end->left = xstrdup("");
	api_exec_release(&x);
	return 0;
}

int
kept_end(struct gomote *g, const char *id, struct follow_end *end, struct err *e)
{
	char		*path = xasprintf("/api/v1/execs/%s", id);
	struct json	*j = execid_get(g, NULL, path, NULL, "exec", e);
	int		 ret = j == NULL ? -1 : end_of(end, j, e);

	json_free(j);
	free(path);
	return ret;
}

/* It may be on its way from the machine yet. */
static int
output_send(struct gomote *g, struct call *c, const struct call_request *q,
    struct err *e)
{
	int64_t	ms;

	for (ms = SOON_FIRST_MS;; ms *= 2) {
		if (call_send(c, q, e) == 0)
			return 0;
		if (call_status(c) != 404 || ms > SOON_LAST_MS)
			return -1;
		loop_turn(g->loop, ms);
	}
}

int
kept_output(struct gomote *g, const char *id, struct show *s, struct err *e)
{
	struct call		*c = cmd_call(g, NULL, e);
	char			*path;
	struct call_request	 q = { .method = "GET", .doing = "kept output" };
	int			 ret;

	if (c == NULL)
		return -1;
	q.path = path = xasprintf("/api/v1/execs/%s/output", id);
	if ((ret = output_send(g, c, &q, e)) == 0)
		ret = show_answer(s, c, e);
	free(path);
	call_free(c);
	return ret;
}
