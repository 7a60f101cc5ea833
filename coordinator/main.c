/*
 * main.c - the coordinator program: the daemon, a check of its configuration,
 * or a verb for the one that runs. Start reading at daemon.c (how it starts)
 * and routes.c (what it answers); core.h is the map of what stands below.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/daemon.h"
#include "coordinator/dev.h"
#include "coordinator/operate.h"
#include "coordinator/options.h"
#include "coordinator/settings.h"

static int
complain(const struct err *e, int status)
{
	fprintf(stderr, "coordinator: %s\n", e->msg);
	return status;
}

/* The state directory of the daemon that a verb is for. NULL and e. */
static char *
verb_state_dir(const struct options *o, struct err *e)
{
	struct settings	*s;
	char		*dir;

	if (o->state_dir != NULL)
		return xstrdup(o->state_dir);
	s = settings_load(o->config, e);
	if (s == NULL)
		return NULL;
	dir = xstrdup(s->state_dir);
	settings_free(s);
	return dir;
}

static int
run_verb(const struct options *o)
{
	struct err	 e = ERR_INIT;
	char		*dir = verb_state_dir(o, &e);
	int		 ret = dir == NULL ? -1 : operate(dir, &o->words, &e);

	free(dir);
	return ret == -1 ? complain(&e, 1) : 0;
}

static struct settings *
load_settings(const struct options *o, struct err *e)
{
	struct settings	*s = o->dev ? dev_settings(o, e) : settings_load(o->config, e);

	if (s != NULL && o->state_dir != NULL && !o->dev) {
		free(s->state_dir);
		s->state_dir = xstrdup(o->state_dir);
	}
	return s;
}

static int
run_daemon(const struct options *o)
{
	struct err	 e = ERR_INIT;
	struct settings	*s = load_settings(o, &e);

	if (s == NULL)
		return complain(&e, 1);
	if (o->check) {
		settings_free(s);
		return 0;
	}
	log_set_level((enum log_level)log_parse_level(o->log != NULL ? o->log : s->log));
	return daemon_run(o, s);
}

static int
run(const struct options *o)
{
	if (o->version) {
		printf("coordinator %s\n", GOMOTE_VERSION);
		return 0;
	}
	return o->words.n > 0 ? run_verb(o) : run_daemon(o);
}

int
main(int argc, char **argv)
{
	struct options	o;
	struct err	e = ERR_INIT;
	int		ret;

	file_std();
	options_init(&o);
	ret = options_parse(&o, argc, argv, &e);
	log_init("coordinator", ret == 0 && o.words.n > 0 ? LOG_WARN : LOG_INFO);
	if (ret == -2) {
		options_usage(stdout);
		ret = 0;
	} else if (ret == -1) {
		complain(&e, 2);
		fprintf(stderr, "coordinator -help tells more\n");
		ret = 2;
	} else
		ret = run(&o);
	options_release(&o);
	return ret;
}
