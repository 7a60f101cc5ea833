/*
 * api_uploads.c - /api/v1/uploads: what whoever asks has uploaded in order to hand
 * it to several instances (uploads.h). UPLOAD is {"Digest":..., "Bytes":...}, with
 * an empty digest while it still comes in.
 *
 *	GET  /api/v1/uploads/DIGEST	UPLOAD, or 404: never the content
 *	GET  /api/v1/uploads/NAME	the same
 *	POST /api/v1/uploads?as=NAME	201 and UPLOAD: the body is kept; a name is 32
 *					digits of the user's choice, or left out
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
id_of(struct http_req *r, bool names)
{
	const char	*rest = req_path(r) + strlen(PATH);

	if (rest[0] == '/' && (uploads_is_digest(rest + 1) ||
	    (names && uploads_is_name(rest + 1))))
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
	const char		*id = all == NULL ? NULL : id_of(r, true);
	struct upload_row	 row;

	if (id == NULL)
		return;
	if (uploads_find(all, face_user(r)->key, id, &row))
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

/* digest NULL: whatever it is; as NULL: without a name. */
static void
take(struct http_req *r, struct uploads *all, const char *digest, const char *as)
{
	struct body	*body = req_take_body(r);
	struct taking	*t;
	struct err	 e = ERR_INIT;

	if (body == NULL)
		body = body_of(req_loop(r), NULL);
	t = req_alloc(r, sizeof *t);
	t->r = r;
	t->upload = uploads_take(all, face_user(r)->key, digest, as, body,
	    on_taken, t, &e);
	if (t->upload == NULL)
		refuse(r, &e);
	else
		req_on_done(r, on_done, t);
}

void
api_uploads_post(struct http_req *r, void *arg)
{
	struct uploads		*all = find_uploads(r, arg);
	const char		*as = req_param(r, "as");
	struct upload_row	 row;

	if (all == NULL)
		return;
	if (as != NULL && !uploads_is_name(as))
		reply_error(r, 400, "coordinator: invalid 'as' parameter: %d lower-case "
		    "hexadecimal digits", UPLOADS_NAME);
	else if (as != NULL && uploads_find(all, face_user(r)->key, as, &row))
		reply_error(r, 409, "coordinator: there is an upload of that name");
	else
		take(r, all, NULL, as);
}

void
api_uploads_put(struct http_req *r, void *arg)
{
	struct uploads	*all = find_uploads(r, arg);
	const char	*digest = all == NULL ? NULL : id_of(r, false);

	if (digest != NULL)
		take(r, all, digest, NULL);
}
