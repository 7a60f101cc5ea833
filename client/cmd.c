/* cmd.c - what the commands share: options, help, errors, the way to a server. */
#include "client/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/hint.h"
#include "client/out.h"
#include "client/say.h"
#include "io/loop.h"

static int
cmd_help(const struct cmd *cmd, const struct opt *opts)
{
	struct err	e = ERR_INIT;

	printf("usage: gomote %s %s\n\n%s\n", cmd->name, cmd->args, cmd->text);
	if (opts[0].name != NULL) {
		printf("\noptions:\n");
		opt_usage(opts, stdout);
	}
	return out_flush(&e) == -1 ? cmd_fail(&e) : EXIT_OK;
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

/* What opt_parse made of it, -1 or -2, is told. */
static int
options_end(const struct cmd *cmd, const struct opt *opts, int i,
    const struct err *e)
{
	if (i == -1)
		return cmd_usage(cmd, "%s", e->msg);
	return cmd_help(cmd, opts);
}

/* The operands are argv[i] to argv[argc - 1]. */
static int
options_count(const struct cmd *cmd, int i, int argc, char **argv, int min,
    int max, int *status)
{
	if (argc - i < min)
		*status = cmd_usage(cmd, "too few arguments");
	else if (max != -1 && argc - i > max)
		*status = cmd_usage(cmd, "too many arguments, from \"%s\" on",
		    argv[i + max]);
	else
		return i;
	return -1;
}

/* Was it only asked what there is? */
static bool
options_told(const struct opt *opts, int argc, char **argv)
{
	if (argc != 2 || !str_eq(argv[1], CMD_TELL))
		return false;
	for (; opts->name != NULL; opts++)
		printf("%s\t%s\t%s\n", opts->name, opts->arg != NULL ? opts->arg : "",
		    opts->help);
	return true;
}

int
cmd_options(const struct cmd *cmd, const struct opt *opts, int argc,
    char **argv, int min, int max, int *status)
{
	struct err	e = ERR_INIT;
	int		i;

	*status = EXIT_OK;
	if (options_told(opts, argc, argv))
		return -1;
	i = opt_parse(opts, argc, argv, &e);
	if (i >= 0)
		return options_count(cmd, i, argc, argv, min, max, status);
	*status = options_end(cmd, opts, i, &e);
	return -1;
}

int
cmd_options_any(const struct cmd *cmd, const struct opt *opts, int argc,
    char **argv, int min, int max, int *status)
{
	char		**operands;
	struct err	  e = ERR_INIT;
	int		  i, at = 0, n = 0;

	*status = EXIT_OK;
	if (options_told(opts, argc, argv))
		return -1;
	operands = xcalloc((size_t)argc, sizeof *operands);
	while ((i = opt_parse(opts, argc - at, argv + at, &e)) >= 0 &&
	    (at += i) < argc) {
		operands[n++] = argv[at];
		if (i > 1 && str_eq(argv[at - 1], "--"))
			while (++at < argc)
				operands[n++] = argv[at];
		if (at == argc)
			break;
	}
	if (i < 0)
		*status = options_end(cmd, opts, i, &e);
	else {
		memcpy(argv + argc - n, operands, (size_t)n * sizeof *operands);
		i = options_count(cmd, argc - n, argc, argv, min, max, status);
	}
	free(operands);
	return i < 0 ? -1 : i;
}

int
cmd_fail(const struct err *e)
{
	say_error("%s%s", e->msg, hint_for(e));
	return e->code == CALL_LOST ? EXIT_LOST : EXIT_FAILED;
}

int
cmd_on(struct gomote *g, const struct cmd *cmd, const char *instance)
{
	char	*name = xstrdup(cmd->name), *operand = xstrdup(instance);
	char	 dashes[] = "--", *argv[] = { name, dashes, operand, NULL };
	int	 status = cmd->run(g, nitems(argv) - 1, argv);

	free(operand);
	free(name);
	return status;
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
