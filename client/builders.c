/* builders.c - asks the coordinator what it offers. */
#include "client/builders.h"

#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/xmalloc.h"

#define ANSWER_MAX (4 * 1024 * 1024)

static int
by_name(const void *a, const void *b)
{
	const struct builder	*x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
builders_fill(struct builders *b, const struct json *all)
{
	const char	*name;
	struct json	*one;
	void		*it = NULL;

	b->v = xcalloc(json_len(all) + 1, sizeof *b->v);
	while (json_next(all, &it, &name, &one)) {
		b->v[b->n].name = xstrdup(name);
		b->v[b->n].host_type = xstrdup(json_str(one, "HostType", ""));
		b->v[b->n].bootstrap = xstrdup(json_str(one, "BootstrapURL", ""));
		b->n++;
	}
	qsort(b->v, b->n, sizeof *b->v, by_name);
}

int
builders_get(struct builders *b, struct call *c, struct err *e)
{
	struct form		*query = form_new();
	struct call_request	 q = { .method = "GET", .path = "/builders",
	    .query = query, .doing = "list builder types" };
	struct str		 text = STR_INIT;
	struct json		*j = NULL;
	int			 ret;

	memset(b, 0, sizeof *b);
	form_add(query, "mode", "json");
	ret = call_text(c, &q, ANSWER_MAX, &text, e);
	if (ret == 0) {
		j = json_parse(str_text(&text), text.len, e);
		if (json_is(json_get(j, "Builders")) == JSON_OBJECT)
			builders_fill(b, json_get(j, "Builders"));
		else
			ret = err_set(e, "%s: list builder types: the answer "
			    "is not what it should be", call_hop(c));
	}
	json_free(j);
	str_release(&text);
	form_free(query);
	return ret;
}

void
builders_release(struct builders *b)
{
	size_t	i;

	for (i = 0; i < b->n; i++) {
		free(b->v[i].name);
		free(b->v[i].host_type);
		free(b->v[i].bootstrap);
	}
	free(b->v);
	memset(b, 0, sizeof *b);
}

const struct builder *
builders_find(const struct builders *b, const char *name)
{
	size_t	i;

	for (i = 0; i < b->n; i++)
		if (str_eq(b->v[i].name, name))
			return &b->v[i];
	return NULL;
}

static char *
type_in_list(const struct json *list, const char *instance)
{
	size_t	i;

	for (i = 0; i < json_len(list); i++)
		if (str_eq(json_str(json_at(list, i), "Name", ""), instance))
			return xstrdup(json_str(json_at(list, i),
			    "BuilderType", ""));
	return NULL;
}

char *
builders_type_of(struct call *c, const char *instance, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = "/buildlet/list",
	    .doing = "list" };
	struct str		 text = STR_INIT;
	struct json		*j;
	char			*type = NULL;

	if (call_text(c, &q, ANSWER_MAX, &text, e) == 0) {
		j = json_parse(str_text(&text), text.len, e);
		type = type_in_list(j, instance);
		if (j == NULL)
			err_wrap(e, "coordinator: list: the answer");
		else if (type == NULL)
			err_set(e, "coordinator: you have no instance %s "
			    "(see gomote list)", instance);
		json_free(j);
	}
	str_release(&text);
	return type;
}
