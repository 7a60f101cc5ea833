/* work.c - the list of what is under way. */
#include "buildlet/work.h"

#include "buildlet/buildlet.h"
#include "buildlet/execs.h"
#include "buildlet/wipe.h"
#include "http/req.h"

bool
work_may(struct buildlet *b, struct http_req *r)
{
	const char	*why = NULL;

	if (b->stopping)
		why = "this buildlet is ending";
	else if (b->wipe != NULL)
		why = "the work directory is being emptied";
	else if (b->work_count + execs_running(b->execs) >= b->set->work_max)
		why = "too much is under way on this machine";
	if (why != NULL && r != NULL)
		reply_error(r, 503, "buildlet: %s", why);
	return why == NULL;
}

bool
work_begin(struct buildlet *b, struct work *w, work_cut_fn cut,
    struct http_req *r)
{
	if (!work_may(b, r))
		return false;
	w->b = b;
	w->cut = cut;
	w->cutting = false;
	TAILQ_INSERT_TAIL(&b->work, w, entry);
	b->work_count++;
	return true;
}

void
work_end(struct work *w)
{
	TAILQ_REMOVE(&w->b->work, w, entry);
	w->b->work_count--;
	if (w->b->work_count == 0 && w->b->wipe != NULL)
		wipe_work_ended(w->b->wipe);
}

void
work_cut_all(struct buildlet *b, const char *why)
{
	struct work	*w;
	bool		 found;

	/* A cut may end others as well: begin again after each. */
	do {
		found = false;
		TAILQ_FOREACH(w, &b->work, entry) {
			if (w->cutting)
				continue;
			w->cutting = true;
			w->cut(w, why);
			found = true;
			break;
		}
	} while (found);
}
