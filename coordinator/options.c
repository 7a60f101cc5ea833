/* options.c - the table of options, and which of them go together. */
#include "coordinator/options.h"

#include <string.h>

#include "base/log.h"
#include "coordinator/verb.h"

void
options_init(struct options *o)
{
	memset(o, 0, sizeof *o);
}

const struct opt *
options_table(struct options *o)
{
	const struct opt	table[] = {
		{ "buildlet", OPT_STRING, &o->buildlet, "PATH",
		    "the program that local machines run (else the one beside this)" },
		{ "config", OPT_STRING, &o->config, "FILE",
		    "serve as coordinator.conf says, or the configuration of a verb's daemon" },
		{ "dev", OPT_BOOL, &o->dev, NULL,
		    "development mode: loopback only, no configuration needed" },
		{ "grace", OPT_DURATION, &o->grace_ms, "TIME",
		    "-dev: a lost machine may come back for so long (5m)" },
		{ "idle", OPT_DURATION, &o->idle_ms, "TIME",
		    "-dev: an instance ends after so long without use (30m)" },
		{ "listen", OPT_STRING, &o->listen, "ADDR:PORT",
		    "serve there; port 0 is any free one" },
		{ "local-limit", OPT_INT, &o->local_limit, "N",
		    "-dev: how many machines the local pool starts (4)" },
		{ "log", OPT_STRING, &o->log, "LEVEL", "error, warn, info or debug" },
		{ "port-file", OPT_STRING, &o->port_file, "FILE",
		    "gets the port once it is served" },
		{ "state-dir", OPT_STRING, &o->state_dir, "DIR",
		    "where users, keys, instances and certificates are kept" },
		{ "stock-keys", OPT_BOOL, &o->stock_keys, NULL,
		    "-dev: take the development keys of stock buildlets too" },
		{ "t", OPT_BOOL, &o->check, NULL, "check the configuration and end" },
		{ "version", OPT_BOOL, &o->version, NULL, "print the version and end" },
		{ .name = NULL },
	};

	_Static_assert(sizeof table <= sizeof o->table, "options do not fit");
	memcpy(o->table, table, sizeof table);
	return o->table;
}

static int
daemon_check(const struct options *o, struct err *e)
{
	if (o->check && o->config == NULL)
		return err_set(e, "-t needs -config");
	if (o->dev && o->config != NULL)
		return err_set(e, "-dev and -config exclude one another");
	if (!o->dev && o->config == NULL)
		return err_set(e, "one of -config, -dev or a verb is needed");
	if (o->dev && o->state_dir == NULL)
		return err_set(e, "-dev needs -state-dir");
	if (!o->dev && (o->stock_keys || o->idle_ms != 0 || o->grace_ms != 0 ||
	    o->local_limit != 0))
		return err_set(e, "-stock-keys, -idle, -grace and -local-limit need -dev");
	return 0;
}

static int
verb_check(const struct options *o, struct err *e)
{
	if (o->dev || o->check || o->stock_keys)
		return err_set(e, "-dev, -t and -stock-keys go with no verb");
	if (o->state_dir == NULL && o->config == NULL)
		return err_set(e, "which coordinator? give -state-dir or -config");
	return verb_usage_check(&o->words, e);
}

int
options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	const struct opt	*table = options_table(o);
	int			 used;

	/* Options end at each word of the verb and go on behind it. */
	while ((used = opt_parse(table, argc, argv, e)) >= 0 && used < argc) {
		strs_add(&o->words, argv[used]);
		argc -= used;
		argv += used;
	}
	if (used < 0)
		return used;
	if (o->version)
		return 0;
	if (o->log != NULL && log_parse_level(o->log) == -1)
		return err_set(e, "-log: no such level: %s", o->log);
	return o->words.n > 0 ? verb_check(o, e) : daemon_check(o, e);
}

void
options_usage(FILE *to)
{
	struct options	o;

	options_init(&o);
	fprintf(to, "usage: coordinator -config FILE [option ...]\n"
	    "       coordinator -dev -state-dir DIR [option ...]\n"
	    "       coordinator VERB ... -state-dir DIR\n");
	opt_usage(options_table(&o), to);
	fprintf(to, "verbs:\n");
	verb_usage(to);
}

void
options_release(struct options *o)
{
	strs_release(&o->words);
}
