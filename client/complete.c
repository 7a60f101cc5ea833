/* complete.c - places on a command line (complete.h). */
#include "client/complete.h"

#include <string.h>

#include "base/attr.h"

#define OPERANDS 3	/* the last one stands for all behind it */

/* What the operands of a command are. */
static const struct operands {
	const char		*command;
	enum complete_kind	 kind[OPERANDS];
	const char		*words;
} table[] = {
	{ "create", { COMPLETE_TYPE }, NULL },
	{ "push", { COMPLETE_INSTANCE }, NULL },
	{ "run", { COMPLETE_INSTANCE, COMPLETE_REMOTE, COMPLETE_REMOTE }, NULL },
	{ "ps", { COMPLETE_INSTANCE }, NULL },
	{ "attach", { COMPLETE_RUNNING }, NULL },
	{ "logs", { COMPLETE_EXEC }, NULL },
	{ "wait", { COMPLETE_RUNNING, COMPLETE_RUNNING, COMPLETE_RUNNING }, NULL },
	{ "kill", { COMPLETE_RUNNING, COMPLETE_RUNNING, COMPLETE_RUNNING }, NULL },
	{ "ls", { COMPLETE_INSTANCE, COMPLETE_REMOTE }, NULL },
	{ "put", { COMPLETE_INSTANCE, COMPLETE_FILE, COMPLETE_REMOTE }, NULL },
	{ "puttar", { COMPLETE_INSTANCE, COMPLETE_FILE }, NULL },
	{ "gettar", { COMPLETE_INSTANCE }, NULL },
	{ "putbootstrap", { COMPLETE_INSTANCE }, NULL },
	{ "rm", { COMPLETE_INSTANCE, COMPLETE_REMOTE, COMPLETE_REMOTE }, NULL },
	{ "ping", { COMPLETE_INSTANCE }, NULL },
	{ "extend", { COMPLETE_INSTANCE, COMPLETE_WORD }, "1h 2h 4h 8h" },
	{ "ssh", { COMPLETE_INSTANCE, COMPLETE_REMOTE, COMPLETE_REMOTE }, NULL },
	{ "destroy", { COMPLETE_INSTANCE, COMPLETE_INSTANCE, COMPLETE_INSTANCE }, NULL },
	{ "group", { COMPLETE_WORD, COMPLETE_GROUP, COMPLETE_INSTANCE },
	    "create destroy add remove list" },
	{ "config", { COMPLETE_WORD, COMPLETE_WORD }, "list get set unset" },
	{ "completion", { COMPLETE_WORD }, "bash zsh fish" },
	{ "help", { COMPLETE_COMMAND }, NULL },
};

static const struct argument {
	const char		*option;
	enum complete_kind	 kind;
	const char		*words;
} arguments[] = {
	{ "ca", COMPLETE_FILE, NULL },
	{ "token-file", COMPLETE_FILE, NULL },
	{ "config", COMPLETE_FILE, NULL },
	{ "password-file", COMPLETE_FILE, NULL },
	{ "o", COMPLETE_FILE, NULL },
	{ "dir", COMPLETE_REMOTE, NULL },
	{ "skip", COMPLETE_REMOTE, NULL },
	{ "group", COMPLETE_GROUP, NULL },
	{ "instance", COMPLETE_INSTANCE, NULL },
	{ "agent", COMPLETE_WORD, "on off" },
	{ "signal", COMPLETE_WORD, "HUP INT QUIT KILL USR1 USR2 TERM CONT STOP" },
};

#define CONFIG_WORDS	"server ca user token token-file agent"

/* --- options ------------------------------------------------------------------ */

/* Does the option, whose name is len long, take the next word? */
static bool
takes_word(const struct complete_options *o, const char *name, size_t len)
{
	size_t	i;

	for (i = 0; i < o->lines.n; i++)
		if (strncmp(o->lines.v[i], name, len) == 0 &&
		    o->lines.v[i][len] == '\t')
			return o->lines.v[i][len + 1] != '\t';
	return false;
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* As opt_parse reads them. */
size_t
complete_skip(const struct complete_options *o, char *const *words, size_t n,
    const char **option)
{
	const char	*name;
	size_t		 i = 0;

	*option = NULL;
	while (i + 1 < n && is_option(words[i])) {
		name = words[i] + (words[i][1] == '-' ? 2 : 1);
		i++;
		if (*name == '\0')
			return i;	/* "--" */
		if (strchr(name, '=') != NULL || !takes_word(o, name, strlen(name)))
			continue;
		if (i + 1 == n)
			*option = name;
		i++;
	}
	return i < n ? i : n - 1;
}

void
complete_argument(struct complete_place *p, const char *option)
{
	size_t	i;

	p->kind = COMPLETE_NOTHING;
	for (i = 0; i < nitems(arguments); i++) {
		if (!str_eq(arguments[i].option, option))
			continue;
		p->kind = arguments[i].kind;
		p->words = arguments[i].words;
	}
}

/* --- operands ------------------------------------------------------------------ */

static const struct operands *
find(const char *command)
{
	size_t	i;

	for (i = 0; i < nitems(table); i++)
		if (str_eq(table[i].command, command))
			return &table[i];
	return NULL;
}

/* The nth operand, counted from 0. */
static void
operand(struct complete_place *p, const struct operands *t, size_t nth)
{
	p->words = t->words;
	p->kind = nth < OPERANDS ? t->kind[nth] : t->kind[OPERANDS - 1];
	if (str_eq(t->command, "config") && nth == 1)
		p->words = CONFIG_WORDS;
}

void
complete_find(struct complete_place *p, const char *command,
    const struct complete_options *o, char *const *words, size_t n, bool named)
{
	const struct operands	*t = find(command);
	const char		*option;
	size_t			 first = complete_skip(o, words, n, &option), nth;

	memset(p, 0, sizeof *p);
	p->first = first;
	nth = n - 1 - first;
	if (t != NULL && t->kind[0] == COMPLETE_INSTANCE && !named && first < n - 1)
		p->instance = words[first];
	if (option != NULL) {
		complete_argument(p, option);
		return;
	}
	if (first == n - 1 && words[n - 1][0] == '-' &&
	    (n == 1 || !str_eq(words[n - 2], "--"))) {
		p->kind = COMPLETE_OPTION;
		return;
	}
	if (t == NULL)
		return;
	if (named && t->kind[0] == COMPLETE_INSTANCE)
		nth++;
	operand(p, t, nth);
}
