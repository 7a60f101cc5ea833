/* exec_env.c - the operator's environment into the form of POST /exec and /execs. */
#include "coordinator/exec_env.h"

#include <stdlib.h>
#include <strings.h>

#include "base/str.h"
#include "coordinator/catalog.h"
#include "http/url.h"
#include "io/buf.h"

#define FORM_TYPE	"application/x-www-form-urlencoded"
#define FIELDS_MAX	10000

bool
exec_env_wanted(struct core *core, const char *builder_type, const char *content_type)
{
	const struct builder_type	*b = catalog_builder(core->catalog, builder_type);
	const struct host_type		*h;

	if (b == NULL || content_type == NULL ||
	    strncasecmp(content_type, FORM_TYPE, sizeof FORM_TYPE - 1) != 0)
		return false;
	h = catalog_host(core->catalog, b->host_type);
	return b->env.n > 0 || (h != NULL && h->env.n > 0);
}

static void
add_env(struct form *to, const struct strs *env)
{
	size_t	i;

	for (i = 0; i < env->n; i++)
		form_add(to, "env", env->v[i]);
}

static void
add_form(struct form *to, const struct form *from)
{
	const char	*name, *value;
	size_t		 i;

	for (i = 0; i < form_len(from); i++) {
		form_at(from, i, &name, &value);
		form_add(to, name, value);
	}
}

struct body *
exec_env_apply(struct core *core, const char *builder_type, const char *text,
    size_t len, struct err *e)
{
	const struct builder_type	*b = catalog_builder(core->catalog, builder_type);
	const struct host_type		*h;
	struct form			*in = form_parse(text, len, FIELDS_MAX, e), *out;
	struct evbuffer			*buf;
	struct body			*body;
	char				*encoded;

	if (in == NULL) {
		err_wrap(e, "form of a command");
		return NULL;
	}
	out = form_new();
	h = b == NULL ? NULL : catalog_host(core->catalog, b->host_type);
	if (h != NULL)
		add_env(out, &h->env);
	if (b != NULL)
		add_env(out, &b->env);
	add_form(out, in);
	encoded = form_encode(out);
	buf = buf_new();
	buf_adds(buf, encoded);
	free(encoded);
	form_free(in);
	form_free(out);
	body = body_of(core->loop, buf);
	buf_free(buf);
	return body;
}
