/* bootstrap.c - has an instance fetch its bootstrap toolchain. */
#include "client/bootstrap.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "client/builders.h"
#include "client/say.h"
#include "client/upload.h"

#define BOOTSTRAP_DIR "go1.4"

/* The URL, malloc'ed, "" if there is none; NULL and e. here: to the instance. */
static char *
bootstrap_url(struct gomote *g, struct call *here, const char *instance,
    struct err *e)
{
	struct builders		 b;
	const struct builder	*found;
	struct call		*c;
	char			*type = NULL, *url = NULL;

	if ((c = cmd_call(g, NULL, e)) == NULL)
		return NULL;
	call_pass(here, c);
	if ((type = builders_type_of(c, instance, e)) != NULL &&
	    builders_get(&b, c, e) == 0) {
		found = builders_find(&b, type);
		url = xstrdup(found != NULL ? found->bootstrap : "");
		builders_release(&b);
	}
	free(type);
	call_pass(c, here);
	call_free(c);
	return url;
}

static int
bootstrap_fetch(struct call *c, const char *url, struct err *e)
{
	struct form		*query = form_new(), *form = form_new();
	struct call_request	 q = { .method = "POST", .path = "/writetgz",
	    .query = query, .form = form, .doing = "put the bootstrap toolchain",
	    .head_ms = UPLOAD_ANSWER_MS };
	struct str		 text = STR_INIT;
	int			 ret;

	form_add(query, "dir", BOOTSTRAP_DIR);
	form_add(form, "url", url);
	ret = call_text(c, &q, 4096, &text, e);
	if (ret == 0 && str_starts(str_text(&text), "SKIP"))
		say_note("%s is there already", BOOTSTRAP_DIR);
	else if (ret == 0)
		say_note("unpacked %s into %s", url, BOOTSTRAP_DIR);
	str_release(&text);
	form_free(form);
	form_free(query);
	return ret;
}

int
bootstrap_put(struct gomote *g, struct call *c, const char *instance,
    bool wanted, struct err *e)
{
	char	*url;
	int	 ret = 0;

	if (strchr(instance, '@') != NULL)
		return wanted ? err_set(e, "%s: only a coordinator knows "
		    "bootstrap toolchains; use puttar -dir %s", instance,
		    BOOTSTRAP_DIR) : 0;
	if ((url = bootstrap_url(g, c, instance, e)) == NULL)
		return -1;
	if (*url != '\0')
		ret = bootstrap_fetch(c, url, e);
	else if (wanted)
		ret = err_set(e, "coordinator: the builder type of %s has no "
		    "bootstrap toolchain (bring one: gomote puttar -dir "
		    BOOTSTRAP_DIR ")", instance);
	free(url);
	return ret;
}
