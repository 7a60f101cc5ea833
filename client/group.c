/* group.c - groups, over HTTP (group.h). */
#include "client/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "data/json.h"

#define PATH		"/api/v1/groups"
#define NAME_LEN	64
#define ANSWER_MAX	(4 * 1024 * 1024)

/* --- one request ------------------------------------------------------------ */

/* "/api/v1/groups/NAME" and, where there is one, "/instances/INSTANCE". */
static char *
group_path(const char *name, const char *instance, struct err *e)
{
	if (!str_name_ok(name, NAME_LEN)) {
		err_code(e, GROUP_ILL, "\"%s\" is no name of a group: at most "
		    "%d letters, digits, '.', '_' and '-'", name, NAME_LEN);
		return NULL;
	}
	if (instance == NULL)
		return xasprintf(PATH "/%s", name);
	if (!str_name_ok(instance, 200)) {
		err_set(e, "\"%s\" is no name of an instance of a coordinator",
		    instance);
		return NULL;
	}
	return xasprintf(PATH "/%s/instances/%s", name, instance);
}

static int
group_ask(struct call *c, const char *method, const char *name,
    const char *instance, struct str *text, struct err *e)
{
	char			*path = group_path(name, instance, e);
	char			*doing = xasprintf("group %s", name);
	struct call_request	 q = { .method = method, .path = path,
		.doing = doing };
	int			 ret = -1;

	if (path != NULL) {
		ret = call_text(c, &q, ANSWER_MAX, text, e);
		if (ret == -1 && call_status(c) == 404 && instance == NULL)
			e->code = GROUP_NONE;
	}
	free(path);
	free(doing);
	return ret;
}

/* --- answers ---------------------------------------------------------------- */

static int
group_parse(struct group *gr, const struct json *j, struct err *e)
{
	const struct json	*all = json_get(j, "Instances");
	const char		*name = json_str(j, "Name", ""), *s;
	size_t			 i;

	memset(gr, 0, sizeof *gr);
	if (!str_name_ok(name, NAME_LEN) || json_is(all) != JSON_ARRAY)
		return err_set(e, "coordinator: group: the answer is not what it "
		    "should be");
	for (i = 0; i < json_len(all); i++) {
		s = json_value_str(json_at(all, i));
		if (s == NULL || !str_name_ok(s, 200)) {
			group_release(gr);
			return err_set(e, "coordinator: group: the answer has no "
			    "name of an instance where one belongs");
		}
		strs_add(&gr->instances, s);
	}
	gr->name = xstrdup(name);
	return 0;
}

static struct json *
answer(const struct str *text, struct err *e)
{
	struct json	*j = json_parse(str_text(text), text->len, e);

	if (j == NULL)
		err_wrap(e, "coordinator: group: the answer");
	return j;
}

void
group_release(struct group *gr)
{
	free(gr->name);
	strs_release(&gr->instances);
	memset(gr, 0, sizeof *gr);
}

/* --- what can be done ------------------------------------------------------- */

int
group_get(struct group *gr, struct call *c, const char *name, struct err *e)
{
	struct str	 text = STR_INIT;
	struct json	*j = NULL;
	int		 ret = -1;

	memset(gr, 0, sizeof *gr);
	if (group_ask(c, "GET", name, NULL, &text, e) == 0 &&
	    (j = answer(&text, e)) != NULL)
		ret = group_parse(gr, j, e);
	json_free(j);
	str_release(&text);
	return ret;
}

int
group_each(struct call *c, void (*fn)(const struct group *, void *), void *arg,
    struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = PATH,
		.doing = "group list" };
	struct str		 text = STR_INIT;
	struct json		*j = NULL;
	const struct json	*all;
	struct group		 gr;
	size_t			 i;
	int			 ret = call_text(c, &q, ANSWER_MAX, &text, e);

	if (ret == 0)
		ret = (j = answer(&text, e)) != NULL ? 0 : -1;
	all = json_get(j, "Groups");
	for (i = 0; ret == 0 && i < json_len(all); i++) {
		ret = group_parse(&gr, json_at(all, i), e);
		if (ret == 0)
			fn(&gr, arg);
		group_release(&gr);
	}
	json_free(j);
	str_release(&text);
	return ret;
}

int
group_make(struct call *c, const char *name, bool anew, struct err *e)
{
	if (group_ask(c, "POST", name, NULL, NULL, e) == 0)
		return 0;
	return call_status(c) == 409 && !anew ? 0 : -1;
}

int
group_destroy(struct call *c, const char *name, struct err *e)
{
	return group_ask(c, "DELETE", name, NULL, NULL, e);
}

int
group_add(struct call *c, const char *name, const char *instance, struct err *e)
{
	return group_ask(c, "PUT", name, instance, NULL, e);
}

int
group_remove(struct call *c, const char *name, const char *instance, struct err *e)
{
	return group_ask(c, "DELETE", name, instance, NULL, e);
}

/* --- the active one --------------------------------------------------------- */

const char *
group_active(const struct gomote *g, bool *named)
{
	const char	*env = getenv("GOMOTE_GROUP");

	*named = g->group != NULL;
	if (g->group != NULL)
		return g->group;
	return env != NULL && *env != '\0' ? env : NULL;
}

void
group_blame(struct err *e, bool named)
{
	if (e->code == GROUP_ILL && !named)
		err_wrap(e, "GOMOTE_GROUP");
}

int
group_get_active(struct group *gr, struct gomote *g, struct call *c, struct err *e)
{
	bool		 named;
	const char	*name = group_active(g, &named);

	memset(gr, 0, sizeof *gr);
	if (name == NULL)
		return 0;
	if (group_get(gr, c, name, e) == 0)
		return 1;
	group_blame(e, named);
	if (e->code != GROUP_NONE)
		return -1;
	return named ? err_set(e, "there is no group \"%s\" (see gomote group "
	    "list, and create -new-group)", name) : 0;
}

int
group_for_create(char **group, struct gomote *g, const char *anew, struct err *e)
{
	bool		 named;
	const char	*name = group_active(g, &named);
	struct call	*c;
	int		 ret = 0;

	*group = NULL;
	if (anew != NULL)
		name = anew;
	if (name == NULL)
		return 0;
	if (anew != NULL || !named) {
		if ((c = cmd_call(g, NULL, e)) == NULL)
			return -1;
		ret = group_make(c, name, anew != NULL, e);
		group_blame(e, named || anew != NULL);
		call_free(c);
	}
	if (ret == 0)
		*group = xstrdup(name);
	return ret;
}
