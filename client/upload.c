/* upload.c - files and pipes as request bodies. */
#include "client/upload.h"

#include "client/feed.h"

#define ANSWER_MAX 4096

int
upload_fd(struct loop *loop, struct call *c, struct call_request *q, int fd,
    const char *name, struct err *e)
{
	struct feed	*f = feed_new(loop, fd, name, &q->body, e);
	int		 ret;

	if (f == NULL)
		return -1;
	q->head_ms = UPLOAD_ANSWER_MS;
	ret = call_text(c, q, ANSWER_MAX, NULL, e);
	if (ret == -1 && feed_error(f) != NULL)
		*e = *feed_error(f);
	feed_free(f);
	return ret;
}
