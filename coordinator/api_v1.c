/* api_v1.c - what the coordinator can do beyond PROTOCOL 3 (PROTOCOL 6). */
#include "api/api.h"
#include "coordinator/face.h"
#include "coordinator/routes.h"

/* Names of what clients may use here. */
static const char *const features[] = {
	"builders",	/* GET /api/v1/builders */
	"instances",	/* /api/v1/instances */
	API_F_EXECS,	/* /api/v1/execs; requests to an instance's /execs are passed on */
	"groups",	/* /api/v1/groups; field `group` of POST /buildlet/create */
	API_F_BUILDER_ENV,	/* field X-Gomote-Builder-Env of what begins a command */
	"create-again",	/* field `request` of POST /buildlet/create */
};

void
api_v1_version(struct http_req *r, void *arg)
{
	struct json	*j = json_object(), *list = json_array();
	struct face	*f = arg;
	size_t		 i;

	json_set_str(j, "Version", GOMOTE_VERSION);
	json_set_str(j, "User", face_user(r)->key);
	for (i = 0; i < nitems(features); i++)
		json_push_str(list, features[i]);
	if (f->core->uploads != NULL) {
		json_push_str(list, API_F_UPLOADS);	/* /api/v1/uploads */
		json_push_str(list, API_F_EARLY);	/* their names */
	}
	json_set(j, "Features", list);
	face_reply_json(r, 200, j);
}

static struct json *
builder_json(const struct catalog *c, const struct builder_type *b)
{
	const struct host_type	*h = catalog_host(c, b->host_type);
	struct json		*j = json_object(), *env = json_array();
	char			 text[CLOCK_TEXT_MAX];
	size_t			 i;

	for (i = 0; h != NULL && i < h->env.n; i++)
		json_push_str(env, h->env.v[i]);
	for (i = 0; i < b->env.n; i++)
		json_push_str(env, b->env.v[i]);
	json_set_str(j, "HostType", b->host_type);
	json_set(j, "Env", env);
	json_set_str(j, "BootstrapURL", b->bootstrap == NULL ? "" : b->bootstrap);
	json_set_str(j, "Setup", b->setup);
	json_set_str(j, "Idle", clock_duration(b->idle_ms, text));
	if (b->lifetime_ms != 0)
		json_set_str(j, "Lifetime", clock_duration(b->lifetime_ms, text));
	json_set_str(j, "Notes", h == NULL ? "" : h->notes);
	return j;
}

/* {"Builders":{NAME:{"HostType":..., "Env":[...], "BootstrapURL":URL or "",
 * "Setup":..., "Idle":"30m0s", "Lifetime":"4h0m0s" if it has one, "Notes":...}}} */
void
api_v1_builders(struct http_req *r, void *arg)
{
	struct face		*f = arg;
	const struct catalog	*c = f->core->catalog;
	struct json		*j = json_object(), *all = json_object();
	size_t			 i;

	for (i = 0; i < catalog_builders(c); i++)
		json_set(all, catalog_builder_at(c, i)->name,
		    builder_json(c, catalog_builder_at(c, i)));
	json_set(j, "Builders", all);
	face_reply_json(r, 200, j);
}
