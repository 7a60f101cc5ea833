/* upload.c - files and pipes as request bodies. */
#include "client/upload.h"

#include "client/feed.h"
#include "client/progress.h"

#define ANSWER_MAX 4096

static uint64_t
bytes(void *arg)
{
	return feed_bytes(arg);
}

int
upload_fd(struct loop *loop, struct call *c, struct call_request *q, int fd,
    const char *name, bool quiet, struct err *e)
{
	struct feed		*f = feed_new(loop, fd, name, &q->body, e);
	struct progress_of	 of = { .what = q->doing, .bytes = bytes, .arg = f };
	struct progress		*p;
	int			 ret;

	if (f == NULL)
		return -1;
	of.total = body_length(q->body);
	p = progress_new(loop, &of, quiet);
	q->head_ms = UPLOAD_ANSWER_MS;
	ret = call_text(c, q, ANSWER_MAX, NULL, e);
	if (ret == -1 && feed_error(f) != NULL)
		*e = *feed_error(f);
	progress_free(p);
	feed_free(f);
	return ret;
}
