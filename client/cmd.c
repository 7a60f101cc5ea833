/* cmd.c - what the commands share: options, help, errors, the way to a server. */
#include "client/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "client/say.h"
#include "io/loop.h"

static void
cmd_help(const struct cmd *cmd, const struct opt *opts)
{
	printf("usage: gomote %s %s\n\n%s\n", cmd->name, cmd->args, cmd->text);
	if (opts[0].name != NULL) {
		printf("\noptions:\n");
		opt_usage(opts, stdout);
	}
}

int
cmd_usage(const struct cmd *cmd, const char *fmt, ...)
{
	struct str	s = STR_INIT;
	va_list		ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	say_error("%s: %s", cmd->name, s.s);
	fprintf(stderr, "usage: gomote %s %s\n", cmd->name, cmd->args);
	str_release(&s);
	return EXIT_USAGE;
}

int
cmd_options(const struct cmd *cmd, const struct opt *opts, int argc,
    char **argv, int min, int max, int *status)
{
	struct err	e = ERR_INIT;
	int		i = opt_parse(opts, argc, argv, &e);

	if (i == -2) {
		cmd_help(cmd, opts);
		*status = EXIT_OK;
	} else if (i == -1)
		*status = cmd_usage(cmd, "%s", e.msg);
	else if (argc - i < min)
		*status = cmd_usage(cmd, "too few arguments");
	else if (max != -1 && argc - i > max)
		*status = cmd_usage(cmd, "too many arguments, from \"%s\" on",
		    argv[i + max]);
	else
		return i;
	return -1;
}

int
cmd_fail(const struct err *e)
{
	say_error("%s", e->msg);
	return e->code == CALL_LOST ? EXIT_LOST : EXIT_FAILED;
}

int
cmd_prepare(struct gomote *g, struct err *e)
{
	if (!g->loaded && cred_load(&g->cred, &g->flags, e) == -1)
		return -1;
	g->loaded = true;
	if (g->loop == NULL)
		g->loop = loop_new(e);
	return g->loop != NULL ? 0 : -1;
}

struct call *
cmd_call(struct gomote *g, const char *instance, struct err *e)
{
	if (cmd_prepare(g, e) == -1)
		return NULL;
	return call_new(g->loop, &g->cred, instance, e);
}
