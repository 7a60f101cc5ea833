/* verb_core.c - machines, instances and queues: what only a running core knows. */
#include "base/clock.h"
#include "coordinator/verb_int.h"

struct list {
	const struct verb_context	*c;
	struct str			*out;
};

static const char *
ago(const struct verb_context *c, int64_t wall, char *buf)
{
	if (wall == 0)
		return "never";
	return clock_duration((c->now - wall) / 1000 * 1000, buf);
}

/* --- machines ------------------------------------------------------------------ */

static bool
print_machine(const struct machine_row *m, void *arg)
{
	struct list	*l = arg;
	char		 heard[CLOCK_TEXT_MAX];

	str_addf(l->out, "%-40s %-32s %-11s %-10s %-5s %-7d %-36s %s\n", m->name, m->host_type,
	    m->drain && m->state != MACHINE_DRAINING ? "to-drain" : machine_state_name(m->state),
	    ago(l->c, m->heard, heard), m->revdial[0] == '\0' ? "-" : m->revdial, m->version,
	    m->lease == NULL ? "-" : m->lease, m->reason);
	return true;
}

int
verb_machine_list(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	struct list	l = { c, out };

	(void)argv;
	(void)e;
	str_addf(out, "%-40s %-32s %-11s %-10s %-5s %-7s %-36s %s\n", "NAME", "HOST-TYPE",
	    "STATE", "HEARD", "RD", "VERSION", "INSTANCE", "REASON");
	machine_rows(c->core->machines, NULL, print_machine, &l);
	return 0;
}

int
verb_drain(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)out;
	return core_drain(c->core, argv[0], true, VERB_WHO, VERB_PEER, e);
}

int
verb_undrain(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	(void)out;
	return core_drain(c->core, argv[0], false, VERB_WHO, VERB_PEER, e);
}

/* --- instances ------------------------------------------------------------------- */

static bool
print_instance(const struct instance_row *i, void *arg)
{
	struct list	*l = arg;
	char		 expires[CLOCK_TEXT_MAX], heard[CLOCK_TEXT_MAX];

	str_addf(l->out, "%-36s %-20s %-10s %-40s %-10s %-10s %-8zu %zu\n", i->name, i->user,
	    instance_state_name(i->state), i->machine, ago(l->c, i->heard, heard),
	    clock_duration(i->expires > l->c->now ? i->expires - l->c->now : 0, expires),
	    i->holds, i->running);
	return true;
}

int
verb_instance_list(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	struct list	l = { c, out };

	(void)argv;
	(void)e;
	str_addf(out, "%-36s %-20s %-10s %-40s %-10s %-10s %-8s %s\n", "NAME", "USER", "STATE",
	    "MACHINE", "HEARD", "EXPIRES", "REQUESTS", "RUNNING");
	instance_rows(c->core, NULL, print_instance, &l);
	return 0;
}

int
verb_instance_end(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	struct instance	*i = instance_peek(c->core, argv[0]);

	(void)out;
	if (i == NULL)
		return err_set(e, "there is no instance \"%.100s\"", argv[0]);
	return instance_give_back(i, VERB_WHO, "ended by the operator", e);
}

/* --- the whole ------------------------------------------------------------------- */

static bool
print_host(const struct pool_host_row *row, void *arg)
{
	struct list	*l = arg;
	const size_t	*in = row->machines.in;
	char		 oldest[CLOCK_TEXT_MAX] = "-";

	if (row->waiting > 0)
		clock_duration(row->oldest_ms / 1000 * 1000, oldest);
	str_addf(l->out, "%-36s %-8s %9zu %5zu %6zu %8zu %6zu %7zu %-8s %s\n",
	    row->type->name, row->type->pool, row->machines.connected, in[MACHINE_IDLE],
	    in[MACHINE_LEASED], in[MACHINE_JOINING] + in[MACHINE_CLEANING],
	    in[MACHINE_QUARANTINED] + in[MACHINE_DRAINING], row->waiting, oldest,
	    row->pool.note);
	return true;
}

int
verb_status(const struct verb_context *c, char **argv, struct str *out, struct err *e)
{
	struct list	l = { c, out };
	char		up[CLOCK_TEXT_MAX];

	(void)argv;
	(void)e;
	str_addf(out, "coordinator %s, up for %s, port %d; %zu instances, %zu waiting\n",
	    GOMOTE_VERSION, ago(c, c->started, up), c->core->port,
	    instance_count(c->core, NULL), sched_waiting(c->core, NULL));
	str_addf(out, "%-36s %-8s %9s %5s %6s %8s %6s %7s %-8s %s\n", "HOST-TYPE", "POOL",
	    "CONNECTED", "IDLE", "LEASED", "CLEANING", "UNUSED", "WAITING", "OLDEST", "NOTE");
	core_host_rows(c->core, print_host, &l);
	return 0;
}
