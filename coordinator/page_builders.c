/*
 * page_builders.c - GET /builders: what is offered. The JSON has the members
 * that stock clients read (PROTOCOL 3); what is beyond them is in
 * GET /api/v1/builders.
 */
#include "coordinator/face.h"
#include "coordinator/page.h"
#include "coordinator/routes.h"

static struct json *
host_json(const struct host_type *h)
{
	struct json	*j = json_object();

	json_set_bool(j, "IsReverse", str_eq(h->pool, "reverse"));
	json_set_int(j, "ExpectNum", (int64_t)h->expect);
	json_set_str(j, "ContainerImage", "");
	json_set_str(j, "VMImage", "");
	return j;
}

/* A toolchain is named only where there is one, as it is beyond what stock
 * coordinators say. */
static struct json *
builder_json(const struct builder_type *b)
{
	struct json	*j = json_object();

	json_set_str(j, "HostType", b->host_type);
	if (b->bootstrap != NULL && b->bootstrap[0] != '\0')
		json_set_str(j, "BootstrapURL", b->bootstrap);
	return j;
}

static void
as_json(struct http_req *r, const struct catalog *c)
{
	struct json	*j = json_object(), *builders = json_object(), *hosts = json_object();
	size_t		 i;

	for (i = 0; i < catalog_builders(c); i++)
		json_set(builders, catalog_builder_at(c, i)->name,
		    builder_json(catalog_builder_at(c, i)));
	for (i = 0; i < catalog_hosts(c); i++)
		json_set(hosts, catalog_host_at(c, i)->name, host_json(catalog_host_at(c, i)));
	json_set(j, "Builders", builders);
	json_set(j, "Hosts", hosts);
	face_reply_json(r, 200, j);
}

static void
builder_html(struct str *s, const struct builder_type *b)
{
	char	idle[CLOCK_TEXT_MAX];

	html_addf(s, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n", b->name,
	    b->host_type, clock_duration(b->idle_ms, idle),
	    b->bootstrap == NULL ? "" : b->bootstrap);
}

static void
host_html(struct str *s, const struct host_type *h)
{
	html_addf(s, "<tr><td>%s</td><td>%s</td><td>%lld</td><td>%s</td><td>%s</td></tr>\n",
	    h->name, h->pool, (long long)(h->expect > 0 ? h->expect : h->limit),
	    h->owner, h->notes);
}

void
page_builders(struct http_req *r, void *arg)
{
	struct face		*f = arg;
	const struct catalog	*c = f->core->catalog;
	struct str		 s = STR_INIT;
	size_t			 i;

	if (face_wants_json(r)) {
		as_json(r, c);
		return;
	}
	page_begin(&s, "Builder types");
	html_raw(&s, "<h2>Builder types</h2>\n<table><tr><th>name</th><th>host type</th>"
	    "<th>ends after</th><th>bootstrap</th></tr>\n");
	for (i = 0; i < catalog_builders(c); i++)
		builder_html(&s, catalog_builder_at(c, i));
	html_raw(&s, "</table>\n<h2>Host types</h2>\n<table><tr><th>name</th><th>pool</th>"
	    "<th>machines</th><th>owner</th><th>notes</th></tr>\n");
	for (i = 0; i < catalog_hosts(c); i++)
		host_html(&s, catalog_host_at(c, i));
	html_raw(&s, "</table>\n");
	html_end(&s);
	face_reply_html(r, &s);
}
