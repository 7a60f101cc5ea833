/*
 * muxpath.c - the round trip of a session's path, without what its own bytes
 * wait for in queues.
 *
 * A ping under load waits behind data, and larger windows let more of that
 * wait: windows made by such a round trip would grow for ever. So the least
 * one counts, which the first ping finds before there is any load, or else a
 * later one. Windows that were made by a longer one come down with it.
 *
 * The path may change, so after a minute or two the least one is forgotten. For
 * its successor not to have the load in it, windows are halved then, which
 * empties the queues and leaves the path full, until a few pings came back.
 */
#include "revdial/muxstate.h"

#define PATH_US		60000000	/* how long the least one counts, or twice that */
#define PROBES		3		/* the first of them still sees the queues */

void
mux_path_init(struct mux_path *p)
{
	p->least[0] = p->least[1] = INT64_MAX;
	p->made_by = 0;
}

int64_t
mux_path_us(const struct mux *m)
{
	const struct mux_path	*p = &m->path;
	int64_t			 us;

	us = p->least[0] < p->least[1] ? p->least[0] : p->least[1];
	return us == INT64_MAX ? -1 : us;
}

bool
mux_path_probing(const struct mux *m)
{
	return m->path.probes > 0;
}

/* A small change is not worth a look at all streams. */
static void
follow(struct mux *m)
{
	struct mux_path	*p = &m->path;
	int64_t		 us = mux_path_us(m);

	if (us <= p->made_by && us >= p->made_by / 4 * 3)
		return;
	if (us < p->made_by && p->made_by > MUX_NEAR_US)
		mux_mem_scale(m, us, p->made_by);
	p->made_by = us;
}

void
mux_path_pong(struct mux *m)
{
	struct mux_path	*p = &m->path;
	int64_t		 now = m->ops->now_us(m->arg);
	bool		 first = p->least[0] == INT64_MAX;

	if (p->probes > 0 && --p->probes > 0)
		mux_ping(m);
	if (first || now - p->since >= PATH_US) {
		p->least[1] = p->least[0];
		p->least[0] = m->rtt_us;
		p->since = now;
		if (!first && m->grown > 0) {
			mux_mem_scale(m, 1, 2);
			p->probes = PROBES;
			mux_ping(m);
		}
	} else if (m->rtt_us < p->least[0])
		p->least[0] = m->rtt_us;
	follow(m);
}
