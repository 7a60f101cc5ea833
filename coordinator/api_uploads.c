/*
 * api_uploads.c - /api/v1/uploads: what whoever asks has uploaded in order to hand
 * it to several instances (uploads.h). UPLOAD is {"Digest":..., "Bytes":...}.
 *
 *	GET  /api/v1/uploads/DIGEST	UPLOAD, or 404: never the content
 *	POST /api/v1/uploads		201 and UPLOAD: the body is kept
 *	PUT  /api/v1/uploads/DIGEST	the same, 422 where its SHA-256 is another
 *
 * 507: there is no room for it, or the disk is full.
 */
#include <string.h>

#include "base/log.h"
#include "coordinator/face.h"
#include "coordinator/routes.h"

#define PATH		"/api/v1/uploads"

struct taking {			/* of the request's memory */
	struct http_req	*r;
	struct upload	*upload;	/* NULL: over */
};

/* NULL: it has been answered. */
static struct uploads *
find_uploads(struct http_req *r, const struct face *f)
{
	if (f->core->uploads == NULL)
		reply_error(r, 404, "coordinator: no uploads are kept here");
	return f->core->uploads;
}

/* What stands behind the path; NULL: it has been answered. */
static const char *
digest_of(struct http_req *r)
{
	const char	*rest = req_path(r) + strlen(PATH);

	if (rest[0] == '/' && uploads_is_digest(rest + 1))
		return rest + 1;
	reply_error(r, 404, "coordinator: %s %s: a SHA-256 in lower-case hexadecimal "
	    "must stand behind " PATH "/", req_method(r), req_path(r));
	return NULL;
}

static void
reply_row(struct http_req *r, int status, const struct upload_row *row)
{
	struct json	*j = json_object();

	json_set_str(j, "Digest", row->digest);
	json_set_int(j, "Bytes", (int64_t)row->bytes);
	face_reply_json(r, status, j);
}

void
api_uploads(struct http_req *r, void *arg)
{
	struct uploads		*all = find_uploads(r, arg);
	const char		*digest = all == NULL ? NULL : digest_of(r);
	struct upload_row	 row;

	if (digest == NULL)
		return;
	if (uploads_find(all, face_user(r)->key, digest, &row))
		reply_row(r, 200, &row);
	else
		reply_error(r, 404, "coordinator: there is no such upload of yours "
		    "(any more)");
}

/* --- taking one ------------------------------------------------------------- */

static void
refuse(struct http_req *r, const struct err *e)
{
	int	status = e->code == UPLOADS_FULL ? 507 :
		    e->code == UPLOADS_MISMATCH ? 422 : 400;

	log_info("%s: %s", face_user(r)->key, e->msg);
	reply_error(r, status, "coordinator: %s", e->msg);
}

static void
on_taken(const struct upload_row *row, const struct err *why, void *arg)
{
	struct taking	*t = arg;

	t->upload = NULL;
	if (row == NULL) {
		refuse(t->r, why);
		return;
	}
	log_info("%s: upload %s: %llu bytes", face_user(t->r)->key, row->digest,
	    (unsigned long long)row->bytes);
	reply_row(t->r, 201, row);
}

static void
on_done(void *arg)
{
	struct taking	*t = arg;

	if (t->upload != NULL)
		upload_cancel(t->upload);
}

/* digest NULL: whatever it is. */
static void
take(struct http_req *r, struct uploads *all, const char *digest)
{
	struct body	*body = req_take_body(r);
	struct taking	*t;
	struct err	 e = ERR_INIT;

	if (body == NULL)
		body = body_of(req_loop(r), NULL);
	t = req_alloc(r, sizeof *t);
	t->r = r;
	t->upload = uploads_take(all, face_user(r)->key, digest, body, on_taken, t, &e);
	if (t->upload == NULL)
		refuse(r, &e);
	else
		req_on_done(r, on_done, t);
}

void
api_uploads_post(struct http_req *r, void *arg)
{
	struct uploads	*all = find_uploads(r, arg);

	if (all != NULL)
		take(r, all, NULL);
}

void
api_uploads_put(struct http_req *r, void *arg)
{
	struct uploads	*all = find_uploads(r, arg);
	const char	*digest = all == NULL ? NULL : digest_of(r);

	if (digest != NULL)
		take(r, all, digest);
}
