/* lease.c - begins and ends leases, with a clean machine where that is asked. */
#include "buildlet/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/wipe.h"
#include "data/json.h"

#define ID_MAX		256
#define FILE_NAME	"lease"
#define FILE_LEN_MAX	4096

/* A request that waits for a clean machine. */
struct lease {
	struct http_req	*r;		/* NULL: the client is gone */
	char		*id;
};

/* ---- on disk ---- */

static int
file_replace(const char *path, const char *text)
{
	char	*fresh = xasprintf("%s.new", path);
	int	 fd, ret = -1;

	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1) {
		ret = file_write_all(fd, text, strlen(text));
		close(fd);
	}
	if (ret == 0)
		ret = rename(fresh, path);
	free(fresh);
	return ret;
}

void
lease_save(const struct buildlet *b, bool unclean)
{
	struct json	*j;
	char		*path, *text;

	if (workdir_state(b->workdir) == NULL)
		return;
	j = json_object();
	json_set_str(j, "Boot", b->boot);
	json_set_str(j, "Lease", b->lease);
	json_set_bool(j, "Unclean", unclean);
	text = json_text(j, false);
	path = xasprintf("%s/" FILE_NAME, workdir_state(b->workdir));
	/* Better nothing there than what is wrong by now: on a full disk. */
	if (file_replace(path, text) == -1) {
		log_warn("write %s: %s", path, strerror(errno));
		if (unlink(path) == -1 && errno != ENOENT)
			log_warn("remove %s: %s", path, strerror(errno));
	}
	free(path);
	free(text);
	json_free(j);
}

static bool
boot_ok(const char *s)
{
	return s != NULL && s[0] != '\0' && strlen(s) <= 64 &&
	    strspn(s, "0123456789abcdef") == strlen(s);
}

static bool
lease_take(struct buildlet *b, const struct json *j)
{
	const char	*boot = json_str(j, "Boot", NULL), *id = json_str(j, "Lease", NULL);

	if (json_bool(j, "Unclean", true) || !boot_ok(boot))
		return false;
	free(b->boot);
	b->boot = xstrdup(boot);
	if (id != NULL && str_name_ok(id, ID_MAX))
		b->lease = xstrdup(id);
	return true;
}

bool
lease_load(struct buildlet *b)
{
	const char	*state = workdir_state(b->workdir);
	char		*path, *text;
	struct json	*j = NULL;
	bool		 found = false;
	size_t		 len;

	if (state == NULL)
		return false;
	path = xasprintf("%s/" FILE_NAME, state);
	text = file_read(path, FILE_LEN_MAX, &len, NULL);
	if (text != NULL)
		j = json_parse(text, len, NULL);
	if (j != NULL)
		found = lease_take(b, j);
	json_free(j);
	free(text);
	free(path);
	return found;
}

/* ---- leases ---- */

static void
lease_set(struct buildlet *b, const char *id)
{
	free(b->lease);
	b->lease = id[0] != '\0' ? xstrdup(id) : NULL;
	log_info("lease: %s", b->lease != NULL ? b->lease : "none");
}

void
lease_forget(struct buildlet *b)
{
	if (b->lease != NULL)
		lease_set(b, "");
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
			lease_save(b, false);
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
	lease_save(b, false);
	reply_text(r, 200, "OK");
}
