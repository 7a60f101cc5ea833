/* execid.c - finds execs by their names (execid.h). */
#include "client/execid.h"

#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/xmalloc.h"
#include "client/target.h"
#include "http/url.h"

#define ANSWER_MAX	(16 * 1024 * 1024)	/* a thousand execs, with long commands */
#define WHOLE		10	/* letters of an id that gomote made: no beginning of one */

struct json *
execid_get(struct gomote *g, const char *instance, const char *path,
    const struct form *query, const char *doing, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = path,
		.query = query, .doing = doing };
	struct call		*c = cmd_call(g, instance, e);
	struct str		 text = STR_INIT;
	struct json		*j = NULL;

	if (c == NULL)
		return NULL;
	if (call_text(c, &q, ANSWER_MAX, &text, e) == 0) {
		j = json_parse(str_text(&text), text.len, e);
		if (j == NULL)
			err_wrap(e, "%s: %s: the answer", call_hop(c), doing);
	} else if (call_status(c) == 404)
		e->code = EXECID_NONE;
	str_release(&text);
	call_free(c);
	return j;
}

static int
check_id(const char *id, struct err *e)
{
	if (*id != '\0' && strlen(id) <= API_EXEC_ID_MAX &&
	    strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") == strlen(id))
		return 0;
	return err_set(e, "\"%s\" is no id of an exec (see gomote ps)", id);
}

static int
answer_is(struct execid *x, const struct json *j, const char *instance, struct err *e)
{
	x->instance = xstrdup(json_str(j, "Instance", instance));
	x->id = xstrdup(json_str(j, "ID", ""));
	x->cmd = xstrdup(json_str(j, "Cmd", x->id));
	if (*x->instance != '\0' && check_id(x->id, NULL) == 0)
		return 0;
	execid_release(x);
	return err_set(e, "find exec: the answer is not what it should be");
}

/* The coordinator hears of a new one within a second; its machine knows it at
 * once. Which of those it is, only they can tell. */
static int
find_on_machines(struct execid *x, struct gomote *g, const char *id, struct err *e)
{
	char			*path = xasprintf("/execs/%s", id);
	struct err		 ignored = ERR_INIT;
	struct json		*all, *j = NULL;
	const struct json	*one;
	const char		*name = "";
	size_t			 i;
	int			 ret;

	all = execid_get(g, NULL, "/api/v1/instances", NULL, "find exec", &ignored);
	for (i = 0; j == NULL && i < json_len(json_get(all, "Instances")); i++) {
		one = json_at(json_get(all, "Instances"), i);
		name = json_str(one, "Name", "");
		if (str_eq(json_str(one, "State", ""), "live"))
			j = execid_get(g, name, path, NULL, "find exec", &ignored);
	}
	ret = j == NULL ? -1 : answer_is(x, j, name, e);
	json_free(j);
	json_free(all);
	free(path);
	return ret;
}

static int
find_anywhere(struct execid *x, struct gomote *g, const char *id, struct err *e)
{
	char		*path = xasprintf("/api/v1/execs/%s", id), *doing;
	struct json	*j;
	int		 ret;

	doing = xasprintf("find exec %s", id);
	j = execid_get(g, NULL, path, NULL, doing, e);
	free(path);
	free(doing);
	if (j == NULL)
		return e->code != EXECID_NONE || strlen(id) < WHOLE ? -1 :
		    find_on_machines(x, g, id, e);
	ret = answer_is(x, j, "", e);
	json_free(j);
	return ret;
}

/* The one that is called so, or that alone begins so. */
static int
fits(struct execid *x, const struct json *list, const char *id, struct err *e)
{
	const struct json	*found = NULL;
	const char		*one;
	size_t			 i, n = 0;

	for (i = 0; i < json_len(list); i++) {
		one = json_str(json_at(list, i), "ID", "");
		if (!str_starts(one, id))
			continue;
		found = json_at(list, i);
		n = str_eq(one, id) ? 1 : n + 1;
		if (str_eq(one, id))
			break;
	}
	if (n == 0)
		return err_set(e, "buildlet: no such exec: %s", id);
	if (n > 1)
		return err_set(e, "%s: %zu execs begin so", id, n);
	x->id = xstrdup(json_str(found, "ID", ""));
	x->cmd = xstrdup(json_str(found, "Cmd", x->id));
	return 0;
}

static int
find_there(struct execid *x, struct gomote *g, const char *id, struct err *e)
{
	struct json	*j;
	int		 ret;

	if (strlen(id) >= WHOLE) {
		x->id = xstrdup(id);
		x->cmd = xstrdup(id);
		return 0;
	}
	if ((j = execid_get(g, x->instance, "/execs", NULL, "list execs", e)) == NULL)
		return -1;
	ret = fits(x, json_get(j, "Execs"), id, e);
	json_free(j);
	return ret;
}

int
execid_find(struct execid *x, struct gomote *g, const char *word, struct err *e)
{
	const char	*slash = strrchr(word, '/');
	const char	*id = slash == NULL ? word : slash + 1;

	memset(x, 0, sizeof *x);
	if (slash == NULL && target_is_direct(word))
		return err_set(e, "%s: name the exec, too: %s/ID", word, word);
	if (check_id(id, e) == -1)
		return -1;
	if (slash == NULL)
		return find_anywhere(x, g, id, e);
	x->instance = xstrndup(word, (size_t)(slash - word));
	if (find_there(x, g, id, e) == 0)
		return 0;
	execid_release(x);
	return -1;
}

void
execid_release(struct execid *x)
{
	free(x->instance);
	free(x->id);
	free(x->cmd);
	memset(x, 0, sizeof *x);
}
