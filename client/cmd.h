/*
 * cmd.h - what a command of gomote is: a file cmd_NAME.c with one row, and its
 * place in the table of gomote.c. Help and usage errors are made of the row
 * and of the command's option table, which its run function keeps.
 */
#ifndef CLIENT_CMD_H
#define CLIENT_CMD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/opt.h"
#include "client/call.h"
#include "client/cred.h"

struct loop;

/* Exit statuses; `run` adds those of the command. */
#define EXIT_OK		0
#define EXIT_FAILED	1	/* refused, or failed on our side */
#define EXIT_USAGE	2
#define EXIT_LOST	255	/* the connection was lost */

/* One session of gomote: who asks, and the loop. */
struct gomote {
	struct cred_flags	 flags;
	char			*group, *instance;	/* -group, -instance; NULL */
	struct strs		 found;		/* fan.c: instances that were meant */
	struct cred		 cred;
	bool			 loaded;	/* cred is filled */
	struct loop		*loop;		/* NULL until a call needs it */
	/* For completion: what there is, of gomote.c. */
	const struct opt	*opts;
	const struct cmd *const	*commands;
	size_t			 n_commands;
};

struct cmd {
	const char	*name;
	const char	*args;		/* "[options] INSTANCE FILE..." */
	const char	*summary;	/* one line, lower case, no full stop; NULL: not in the list */
	const char	*text;		/* more; lines, examples */
	/* argv[0] is the command's name. Gives the exit status. With -h it must
	 * get no further than cmd_options. */
	int		(*run)(struct gomote *, int argc, char **argv);
};

/* In place of -h: print "NAME\tARGUMENT\tHELP" for each option instead. Nobody
 * can type it. */
#define CMD_TELL "-\001tell"

extern const struct cmd cmd_agent, cmd_attach, cmd_complete,
    cmd_completion, cmd_config, cmd_create, cmd_destroy, cmd_doctor,
    cmd_extend, cmd_gettar, cmd_group, cmd_kill, cmd_list, cmd_logs, cmd_ls, cmd_ping,
    cmd_ps, cmd_push, cmd_put, cmd_putbootstrap, cmd_puttar, cmd_rm, cmd_run,
    cmd_ssh, cmd_version, cmd_wait;

/* Reads options and counts operands, of which there must be min to max (-1:
 * any number). Returns the index of the first operand; -1: *status is what to
 * return, all is said (help, or what was wrong). */
int cmd_options(const struct cmd *, const struct opt *, int argc, char **argv,
    int min, int max, int *status) MUST;
/* The same where options may also stand behind the operands, up to a "--"; the
 * operands are moved to the end of argv, in their order. */
int cmd_options_any(const struct cmd *, const struct opt *, int argc, char **argv,
    int min, int max, int *status) MUST;
/* Says what is wrong with the command line; returns EXIT_USAGE. */
int cmd_usage(const struct cmd *, const char *fmt, ...) PRINTF(2, 3);
/* Says e; returns the exit status that it means. */
int cmd_fail(const struct err *e);

/* Runs a command, without options, on that instance; its exit status. */
int cmd_on(struct gomote *, const struct cmd *, const char *instance);

/* Settings and loop, made at first use. */
int cmd_prepare(struct gomote *, struct err *e) MUST;
/* The way to an instance, or to the coordinator itself (NULL). */
struct call *cmd_call(struct gomote *, const char *instance, struct err *e) MUST;

#endif
