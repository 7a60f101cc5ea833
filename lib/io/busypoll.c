/* busypoll.c - see busypoll.h. */
#include "io/busypoll.h"

static void
begin(struct busypoll *p, int64_t now_us)
{
	p->waiting = true;
	p->since_us = now_us;
	p->missed = false;
	p->looking = p->near && p->deny == 0;
	if (p->near && p->deny > 0)
		p->deny--;
}

bool
busypoll_awake(struct busypoll *p, int64_t now_us)
{
	if (!p->waiting)
		begin(p, now_us);
	if (p->looking && now_us - p->since_us >= BUSYPOLL_US) {
		p->looking = false;
		p->missed = true;
	}
	return p->looking;
}

void
busypoll_came(struct busypoll *p, int64_t now_us)
{
	if (!p->waiting)
		return;
	if (p->looking)
		p->next = 0;
	else
		p->near = now_us - p->since_us < BUSYPOLL_NEAR_US;
	if (p->missed)
		p->deny = p->next = p->next < BUSYPOLL_DENY_MAX ? 2 * p->next + 1 :
		    BUSYPOLL_DENY_MAX;
	if (p->bulk)
		p->near = false;
	p->bulk = false;
	p->waiting = false;
}

void
busypoll_moved(struct busypoll *p, size_t n)
{
	if (n >= BUSYPOLL_BULK)
		p->bulk = true;
}
