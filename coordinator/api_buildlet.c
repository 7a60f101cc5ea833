/* api_buildlet.c - GET /buildlet/list: the instances of whoever asks. */
#include "coordinator/face.h"
#include "coordinator/present.h"
#include "coordinator/routes.h"

static bool
add_row(const struct instance_row *row, void *arg)
{
	json_push(arg, present_instance_row(row));
	return true;
}

void
api_list(struct http_req *r, void *arg)
{
	struct face	*f = arg;
	struct json	*list = json_array();

	instance_rows(f->core, face_user(r)->name, add_row, list);
	face_reply_json(r, 200, list);
}
