/* whywait.c - what those who wait are told (whywait.h). */
#include "coordinator/whywait.h"

#include "coordinator/core.h"

/* "2 up, 1 cleaning, 1 leased" */
static void
tell_machines(const struct machine_count *c, struct str *out)
{
	int	i;

	str_addf(out, "%zu up", c->connected);
	for (i = 0; i < MACHINE_STATES; i++) {
		if (i != MACHINE_GONE && c->in[i] > 0)
			str_addf(out, ", %zu %s", c->in[i], machine_state_name(i));
	}
}

void
whywait_tell(struct core *core, const char *host_type, bool preparing, struct str *out)
{
	struct machine_count	c;
	struct pool_row		pool;

	if (preparing) {
		str_addf(out, "a machine of type %s is being prepared for you", host_type);
		return;
	}
	core_describe_pool(core, host_type, &pool);
	machine_counts(core->machines, host_type, &c);
	if (c.connected == 0)
		str_addf(out, "no machine of type %s is up", host_type);
	else {
		/* Whoever has just asked gets none before the loop turns. */
		str_addf(out, c.in[MACHINE_IDLE] > 0 ?
		    "a free machine of type %s is about to be given out: " :
		    "no machine of type %s is free: ", host_type);
		tell_machines(&c, out);
	}
	if (pool.starting > 0)
		str_addf(out, ", %zu starting", pool.starting);
	if (pool.limit > 0 && pool.machines >= pool.limit)
		str_addf(out, "; there can be %zu", pool.limit);
	if (pool.note[0] != '\0')
		str_addf(out, "; %s", pool.note);
}
