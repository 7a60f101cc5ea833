/* tar.c - archives in and out, by the helpers `untar` and `tar` (roles.c). */
#include "buildlet/tar.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/fetch.h"
#include "buildlet/job.h"
#include "buildlet/param.h"
#include "io/buf.h"

#define BOOTSTRAP	"go1.4"
#define MAGIC_LEN	4

/* An archive whose first bytes decide whether it is one. */
struct unpack {
	struct work	 work;
	struct http_req	*r;
	const char	*dir;		/* r's */
	struct body	*body;		/* NULL while it is being fetched */
	struct fetch	*fetch;
};

static void	on_gone(void *arg);

/* r is answered, or somebody else answers. */
static void
unpack_end(struct unpack *u)
{
	if (u->body != NULL)
		body_close(u->body);
	fetch_free(u->fetch);
	req_not_on_done(u->r, on_gone, u);
	work_end(&u->work);
	free(u);
}

static void
on_gone(void *arg)
{
	unpack_end(arg);
}

static void
on_cut(struct work *w, const char *why)
{
	struct unpack	*u = (struct unpack *)w;

	reply_error(u->r, 503, "%s", why);
	unpack_end(u);
}

/* gzip: RFC 1952 section 2.3.1; zstd: RFC 8878 section 3.1.1. */
static bool
is_archive(const unsigned char *p)
{
	static const unsigned char	zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	return (p[0] == 0x1f && p[1] == 0x8b) || memcmp(p, zstd, sizeof zstd) == 0;
}

static void
unpack_run(struct unpack *u)
{
	struct buildlet		*b = u->work.b;
	struct http_req		*r = u->r;
	const char *const	 argv[] = { "untar", workdir_path(b->workdir),
				    u->dir, NULL };
	const struct job_spec	 spec = { .argv = argv, .input = u->body,
				    .ok = "OK" };

	body_on_data(u->body, NULL, NULL);
	u->body = NULL;
	unpack_end(u);
	job_start(b, r, &spec);
}

/* Has b ended with what is in it now? Only an empty body tells. */
static bool
ends_here(struct body *b)
{
	char	few[MAGIC_LEN];
	size_t	n = buf_take(body_buf(b), few, sizeof few);
	bool	done = body_done(b);

	buf_add(body_buf(b), few, n);
	return done;
}

static void
on_magic(struct body *b, void *arg)
{
	struct unpack		*u = arg;
	const unsigned char	*p = buf_pullup(body_buf(b), MAGIC_LEN);
	const char		*text;

	if (p != NULL && is_archive(p)) {
		unpack_run(u);
		return;
	}
	if (p != NULL)
		text = "gzip: invalid header";
	else if (body_error(b) != NULL)
		text = body_error(b)->msg;
	else if (ends_here(b))
		text = buf_len(body_buf(b)) == 0 ? "EOF" : "unexpected EOF";
	else
		return;		/* more comes */
	reply_error(u->r, 400, "requires gzip-compressed body: %s", text);
	unpack_end(u);
}

static struct unpack *
unpack_new(struct buildlet *b, struct http_req *r, const char *dir)
{
	struct unpack	*u = xcalloc(1, sizeof *u);

	if (!work_begin(b, &u->work, on_cut, r)) {
		free(u);
		return NULL;
	}
	u->r = r;
	u->dir = dir;
	req_on_done(r, on_gone, u);
	return u;
}

static void
unpack_read(struct unpack *u, struct body *body)
{
	u->body = body;
	body_on_data(body, on_magic, u);
}

void
tar_put(struct http_req *r, void *buildlet)
{
	const char	*dir = param_path(r, "dir");
	struct unpack	*u;

	if (dir == NULL)
		return;
	if (!req_has_body(r))
		reply_error(r, 400, "requires gzip-compressed body: EOF");
	else if ((u = unpack_new(buildlet, r, dir)) != NULL)
		unpack_read(u, req_take_body(r));
}

/* ---- an archive from elsewhere ---- */

static void
on_fetched(struct body *body, const struct err *why, void *arg)
{
	struct unpack	*u = arg;

	u->fetch = NULL;
	if (body != NULL) {
		unpack_read(u, body);
		return;
	}
	reply_error(u->r, 500, "%s", why->msg);
	unpack_end(u);
}

static bool
bootstrap_is_there(const struct buildlet *b, const char *dir)
{
	struct stat	st;

	return str_eq(dir, BOOTSTRAP) && fstatat(workdir_fd(b->workdir), dir,
	    &st, AT_SYMLINK_NOFOLLOW) == 0;
}

void
tar_post(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*dir = param_path(r, "dir");
	const char	*url = req_param(r, "url");
	struct unpack	*u;
	struct err	 e = ERR_INIT;

	if (dir == NULL)
		return;
	if (url == NULL || url[0] == '\0') {
		reply_error(r, 400, "missing url POST param");
		return;
	}
	if (bootstrap_is_there(b, dir)) {
		reply_text(r, 200, "SKIP");
		return;
	}
	u = unpack_new(b, r, dir);
	if (u == NULL)
		return;
	u->fetch = fetch_start(b->loop, b->set, url, on_fetched, u, &e);
	if (u->fetch == NULL) {
		reply_error(r, 400, "invalid 'url' parameter: %s", e.msg);
		unpack_end(u);
	}
}

/* ---- packing ---- */

void
tar_get(struct http_req *r, void *buildlet)
{
	struct buildlet	*b = buildlet;
	const char	*dir = param_path(r, "dir");
	bool		 zst = str_eq(req_param(r, "format"), "zst");
	const char	*argv[] = { "tar", workdir_path(b->workdir), dir,
			    zst ? "zst" : "gz", NULL };
	struct job_spec	 spec = { .argv = argv,
			    .output = zst ? "application/zstd" : "application/x-gzip" };

	if (dir != NULL)
		job_start(b, r, &spec);
}
