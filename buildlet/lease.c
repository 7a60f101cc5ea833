/* lease.c - begins and ends leases, with a clean machine where that is asked. */
#include "buildlet/lease.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/wipe.h"

#define ID_MAX	256

/* A request that waits for a clean machine. */
struct lease {
	struct http_req	*r;		/* NULL: the client is gone */
	char		*id;
};

static void
lease_set(struct buildlet *b, const char *id)
{
	free(b->lease);
	b->lease = id[0] != '\0' ? xstrdup(id) : NULL;
	log_info("lease: %s", b->lease != NULL ? b->lease : "none");
}

static void
on_gone(void *arg)
{
	struct lease	*l = arg;

	l->r = NULL;
}

static void
on_clean(struct buildlet *b, const struct err *why, void *arg)
{
	struct lease	*l = arg;

	if (l->r != NULL) {
		req_not_on_done(l->r, on_gone, l);
		/* Whoever is not there to hear the answer has no lease. */
		if (why == NULL) {
			lease_set(b, l->id);
			reply_text(l->r, 200, "OK");
		} else {
			reply_error(l->r, 500, "clean: %s", why->msg);
		}
	}
	free(l->id);
	free(l);
}

static void
lease_clean(struct buildlet *b, struct http_req *r, const char *id)
{
	struct lease	*l = xcalloc(1, sizeof *l);

	l->r = r;
	l->id = xstrdup(id);
	req_on_done(r, on_gone, l);
	lease_set(b, "");
	wipe_start(b, "the lease of this machine ended", true, on_clean, l);
}

void
lease_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*id = req_param(r, "id"), *wipe = req_param(r, "wipe");

	if (id == NULL)
		id = "";
	if (id[0] != '\0' && !str_name_ok(id, ID_MAX)) {
		reply_error(r, 400, "invalid 'id' parameter: not the name of an instance");
		return;
	}
	if (!b->stopping && (str_eq(wipe, "1") || str_eq(wipe, "true"))) {
		lease_clean(b, r, id);	/* one under way is joined */
		return;
	}
	if (b->stopping || b->wipe != NULL) {
		reply_error(r, 503, "buildlet: the work directory is being emptied");
		return;
	}
	lease_set(b, id);
	reply_text(r, 200, "OK");
}
