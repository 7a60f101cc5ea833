/*
 * gomote.c - the client: reads global options, finds the command in the table
 * and runs it. Each command is cmd_NAME.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/str.h"
#include "client/cmd.h"
#include "client/bundle.h"
#include "client/child.h"
#include "client/out.h"
#include "client/pushpack.h"
#include "client/scan.h"
#include "client/say.h"
#include "io/helper.h"
#include "io/loop.h"

#define SETTLE_MS	1000

/* In the order of a session. */
static const struct cmd *const commands[] = {
	&cmd_create, &cmd_push, &cmd_run, &cmd_ps, &cmd_attach, &cmd_logs,
	&cmd_wait, &cmd_kill, &cmd_ls, &cmd_put, &cmd_puttar, &cmd_gettar,
	&cmd_putbootstrap, &cmd_rm, &cmd_ping, &cmd_list, &cmd_extend,
	&cmd_destroy, &cmd_group, &cmd_ssh, &cmd_agent, &cmd_config, &cmd_doctor,
	&cmd_completion, &cmd_complete, &cmd_version,
};

/* Those that heed -group, and -instance but for the last two. */
static const struct cmd *const of_groups[] = {
	&cmd_push, &cmd_run, &cmd_ls, &cmd_put, &cmd_puttar, &cmd_gettar,
	&cmd_putbootstrap, &cmd_rm, &cmd_ping, &cmd_extend, &cmd_ssh, &cmd_destroy,
	&cmd_list, &cmd_create,
};

static const struct helper_role roles[] = {
	{ "bundle", bundle_role },
	{ "pushpack", pushpack_role },
	{ "scan", scan_role },
	{ NULL, NULL },
};

static void
print_help(FILE *to, const struct opt *opts)
{
	size_t	i;

	fprintf(to, "usage: gomote [options] COMMAND [ARG...]\n\n"
	    "Lends you machines to build and test on.\n\ncommands:\n");
	for (i = 0; i < nitems(commands); i++)
		if (commands[i]->summary != NULL)
			fprintf(to, "  %-13s %s\n", commands[i]->name,
			    commands[i]->summary);
	fprintf(to, "  %-13s %s\n\noptions, before the command:\n", "help",
	    "tell about gomote, or about a command");
	opt_usage(opts, to);
	fprintf(to, "\nINSTANCE is a name that create printed, or the "
	    "beginning of one, or\nTYPE@HOST[:PORT] to speak straight to a "
	    "buildlet. Without it commands\nmean the group that is set, or "
	    "GOMOTE_INSTANCE, or the only one that you have.\n"
	    "\"gomote help COMMAND\" and gomote(1) tell more.\n");
}

static int
help(const struct opt *opts)
{
	struct err	e = ERR_INIT;

	print_help(stdout, opts);
	return out_flush(&e) == -1 ? cmd_fail(&e) : EXIT_OK;
}

static const struct cmd *
find_command(const char *name)
{
	size_t	i;

	for (i = 0; i < nitems(commands); i++)
		if (str_eq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int
no_such_command(const char *name)
{
	say_error("there is no command \"%s\" (see gomote help)", name);
	return EXIT_USAGE;
}

/* "help" and "help COMMAND": a command prints its own help when it sees -h. */
static int
run_help(struct gomote *g, const struct opt *opts, int argc, char **argv)
{
	char			 flag[] = "-h";
	char			*ask[] = { argv[0], flag, NULL };
	const struct cmd	*cmd;

	if (argc < 2 || str_eq(argv[1], "help"))
		return help(opts);
	if ((cmd = find_command(argv[1])) == NULL)
		return no_such_command(argv[1]);
	return cmd->run(g, 2, ask);
}

/* What is said here and then not heeded would do harm. */
static int
check_instances(const struct gomote *g, const struct cmd *cmd)
{
	bool	heeds = false;
	size_t	i;

	for (i = 0; i < nitems(of_groups); i++)
		heeds = heeds || of_groups[i] == cmd;
	if (g->group != NULL && g->instance != NULL)
		say_error("-group, -instance: only one of them");
	else if (g->group != NULL && !heeds)
		say_error("-group: %s does not go by groups", cmd->name);
	else if (g->instance != NULL && (!heeds || cmd == &cmd_create ||
	    cmd == &cmd_list))
		say_error("-instance: %s does not heed it", cmd->name);
	else
		return EXIT_OK;
	return EXIT_USAGE;
}

static int
run_command(struct gomote *g, const struct opt *opts, int argc, char **argv)
{
	const struct cmd	*cmd;
	int			 status;

	if (str_eq(argv[0], "help"))
		return run_help(g, opts, argc, argv);
	if ((cmd = find_command(argv[0])) == NULL)
		return no_such_command(argv[0]);
	if ((status = check_instances(g, cmd)) != EXIT_OK)
		return status;
	return cmd->run(g, argc, argv);
}

static int
run_line(struct gomote *g, int argc, char **argv)
{
	const struct opt	opts[] = {
		{ "server", OPT_STRING, &g->flags.server, "URL",
		    "the coordinator, https://HOST[:PORT]" },
		{ "ca", OPT_STRING, &g->flags.ca, "FILE",
		    "certificate authority that it must have (else the system's)" },
		{ "user", OPT_STRING, &g->flags.user, "NAME", "who you are" },
		{ "token-file", OPT_STRING, &g->flags.token_file, "FILE",
		    "holds your token" },
		{ "config", OPT_STRING, &g->flags.config, "FILE",
		    "settings (else ~/.config/gomote/config)" },
		{ "group", OPT_STRING, &g->group, "NAME",
		    "all instances of this group (else GOMOTE_GROUP)" },
		{ "instance", OPT_STRING, &g->instance, "INSTANCE",
		    "this one: the command itself then names none" },
		{ "password-file", OPT_STRING, &g->flags.password_file, "FILE",
		    "holds the password of a buildlet that you name directly" },
		{ "agent", OPT_STRING, &g->flags.agent, "DURATION",
		    "how long an unused agent stays (see gomote agent); off: none" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		e = ERR_INIT;
	int			i;

	g->opts = opts;
	g->commands = commands;
	g->n_commands = nitems(commands);
	i = opt_parse(opts, argc, argv, &e);
	if (i == -2)
		return help(opts);
	if (i == -1) {
		say_error("%s (see gomote help)", e.msg);
		return EXIT_USAGE;
	}
	if (i == argc) {
		print_help(stderr, opts);
		return EXIT_USAGE;
	}
	return run_command(g, opts, argc - i, argv + i);
}

int
main(int argc, char **argv)
{
	struct gomote	g;
	int		status;

	file_std();
	helper_main(roles, argc, argv);
	child_main();
	log_init("gomote", LOG_WARN);
	memset(&g, 0, sizeof g);
	status = run_line(&g, argc, argv);
	cred_release(&g.cred);
	strs_release(&g.found);
	if (g.loop != NULL) {
		/* Helpers that a broken off command left are gone before us. */
		loop_settle(g.loop, SETTLE_MS);
		loop_free(g.loop);
	}
	return status;
}
