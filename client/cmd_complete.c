/*
 * cmd_complete.c - gomote complete, which the scripts of gomote completion call:
 * words that may stand where one is being typed, a line each.
 *
 * Whoever types waits for it and wants no errors: it ends after a second,
 * whatever it was doing, and says nothing but what it knows.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "api/types.h"
#include "base/file.h"
#include "base/xmalloc.h"
#include "client/builders.h"
#include "client/cmd.h"
#include "client/complete.h"
#include "client/execid.h"
#include "client/out.h"

#define DEADLINE_MS	1000
#define WORDS_MAX	2000	/* more, nobody would look through */
#define OPTIONS_MAX	(32 * 1024)	/* fits into a pipe */

/* Exit statuses, for the scripts. */
#define AS_WORDS	EXIT_OK
#define AS_FILES	3	/* the shell knows better */
#define AS_PATHS	4	/* what ends in '/' goes on */

struct completing {
	struct gomote	*g;
	const char	*word;		/* what there is of it */
	bool		 describe;
	size_t		 printed;
};

/* One candidate, unless it does not fit what there is, or could not be typed. */
static void
offer(struct completing *c, const char *word, const char *help)
{
	const char	*p;

	if (!str_starts(word, c->word) || c->printed++ >= WORDS_MAX)
		return;
	for (p = word; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return;
	printf("%s", word);
	if (c->describe && help != NULL && *help != '\0')
		printf("\t%.*s", (int)strcspn(help, "\t\n"), help);
	printf("\n");
}

/* --- what a command knows of itself --------------------------------------------- */

/* Its options, told by itself on a stdout that is ours. */
static void
ask_options(struct gomote *g, const struct cmd *cmd, struct complete_options *o)
{
	char	 name[] = "", tell[] = CMD_TELL, *argv[] = { name, tell, NULL };
	char	*text = xcalloc(1, OPTIONS_MAX + 1);
	int	 p[2], out = dup(STDOUT_FILENO);

	if (out != -1 && pipe2(p, O_CLOEXEC) == 0) {
		fflush(stdout);
		if (dup2(p[1], STDOUT_FILENO) != -1)
			(void)cmd->run(g, 2, argv);
		fflush(stdout);
		(void)dup2(out, STDOUT_FILENO);
		close(p[1]);
		if (file_read_full(p[0], text, OPTIONS_MAX) == -1)
			*text = '\0';
		close(p[0]);
	}
	if (out != -1)
		close(out);
	strs_split(&o->lines, text, '\n', true);
	free(text);
}

static void
global_options(const struct gomote *g, struct complete_options *o)
{
	const struct opt	*p;

	for (p = g->opts; p->name != NULL; p++)
		strs_addf(&o->lines, "%s\t%s\t%s", p->name,
		    p->arg != NULL ? p->arg : "", p->help);
}

static void
offer_options(struct completing *c, const struct complete_options *o)
{
	char		*word;
	const char	*help;
	size_t		 i, len;

	for (i = 0; i < o->lines.n; i++) {
		len = strcspn(o->lines.v[i], "\t");
		help = strrchr(o->lines.v[i], '\t');
		word = xasprintf("-%.*s", (int)len, o->lines.v[i]);
		offer(c, word, help != NULL ? help + 1 : NULL);
		free(word);
	}
}

static void
offer_commands(struct completing *c)
{
	const struct gomote	*g = c->g;
	size_t			 i;

	for (i = 0; i < g->n_commands; i++)
		if (g->commands[i]->summary != NULL)
			offer(c, g->commands[i]->name, g->commands[i]->summary);
	offer(c, "help", "tell about gomote, or about a command");
}

static void
offer_words(struct completing *c, const char *text)
{
	struct strs	words = STRS_INIT;
	size_t		i;

	strs_split(&words, text, ' ', true);
	for (i = 0; i < words.n; i++)
		offer(c, words.v[i], NULL);
	strs_release(&words);
}

/* --- what a server knows --------------------------------------------------------- */

/* The list that is member of the answer to GET path; NULL. *all is to be freed. */
static struct json *
get(struct completing *c, const char *path, const char *member, struct json **all)
{
	*all = execid_get(c->g, NULL, path, NULL, "complete", NULL);
	return json_get(*all, member);
}

static void
offer_instances(struct completing *c)
{
	struct json		*all, *list = get(c, "/api/v1/instances", "Instances", &all);
	const struct json	*i;
	size_t			 n;

	for (n = 0; n < json_len(list); n++) {
		i = json_at(list, n);
		if (!str_eq(json_str(i, "State", ""), "ended"))
			offer(c, json_str(i, "Name", ""), json_str(i, "BuilderType", ""));
	}
	json_free(all);
}

static void
offer_groups(struct completing *c)
{
	struct json	*all, *list = get(c, "/api/v1/groups", "Groups", &all);
	size_t		 n;

	for (n = 0; n < json_len(list); n++)
		offer(c, json_str(json_at(list, n), "Name", ""), NULL);
	json_free(all);
}

static void
offer_execs(struct completing *c, bool running)
{
	struct json		*all, *list = get(c, "/api/v1/execs", "Execs", &all);
	const struct json	*x;
	char			*help;
	size_t			 n;

	for (n = 0; n < json_len(list); n++) {
		x = json_at(list, n);
		if (running && !str_eq(json_str(x, "State", ""), "running"))
			continue;
		help = xasprintf("%s on %s", json_str(x, "Cmd", ""),
		    json_str(x, "Instance", ""));
		offer(c, json_str(x, "ID", ""), help);
		free(help);
	}
	json_free(all);
}

static void
offer_types(struct completing *c)
{
	struct call	*call = cmd_call(c->g, NULL, NULL);
	struct builders	 b;
	size_t		 i;

	if (call == NULL)
		return;
	if (builders_get(&b, call, NULL) == 0) {
		for (i = 0; i < b.n; i++)
			offer(c, b.v[i].name, b.v[i].host_type);
		builders_release(&b);
	}
	call_free(call);
}

/* The one that is meant where none is named: the only one alive. malloc'ed. */
static char *
only_instance(struct completing *c)
{
	struct json	*all, *list = get(c, "/api/v1/instances", "Instances", &all);
	const char	*name = NULL, *env = getenv("GOMOTE_INSTANCE");
	char		*found;
	size_t		 n, alive = 0;

	for (n = 0; n < json_len(list); n++) {
		if (str_eq(json_str(json_at(list, n), "State", ""), "ended"))
			continue;
		name = json_str(json_at(list, n), "Name", NULL);
		alive++;
	}
	if (env != NULL && *env != '\0')
		found = xstrdup(env);
	else
		found = alive == 1 && name != NULL ? xstrdup(name) : NULL;
	json_free(all);
	return found;
}

static void
offer_lines(struct completing *c, const char *dir, const char *text)
{
	struct strs	 lines = STRS_INIT;
	struct api_ls	 l;
	char		*word;
	size_t		 i;

	strs_split(&lines, text, '\n', true);
	for (i = 0; i < lines.n; i++) {
		if (api_ls_parse(&l, lines.v[i], NULL) == -1)
			continue;
		word = xasprintf("%s%s%s", dir, l.path, l.dir ? "/" : "");
		offer(c, word, NULL);
		free(word);
		api_ls_release(&l);
	}
	strs_release(&lines);
}

/* What is in the directory that the word names so far. */
static void
offer_paths(struct completing *c, const char *instance)
{
	const char		*slash = strrchr(c->word, '/');
	char			*dir = slash == NULL ? xstrdup("") :
	    xstrndup(c->word, (size_t)(slash - c->word) + 1);
	struct form		*query = form_new();
	struct call_request	 q = { .method = "GET", .path = "/ls",
	    .query = query, .doing = "complete" };
	struct call		*call = cmd_call(c->g, instance, NULL);
	struct str		 text = STR_INIT;

	form_add(query, "dir", *dir == '\0' ? "." : dir);
	form_add(query, "recursive", "false");
	form_add(query, "digest", "false");
	if (call != NULL && call_text(call, &q, 4 * 1024 * 1024, &text, NULL) == 0)
		offer_lines(c, dir, str_text(&text));
	call_free(call);
	str_release(&text);
	form_free(query);
	free(dir);
}

/* --- the command ------------------------------------------------------------ */

static int
offer_remote(struct completing *c, const struct complete_place *p)
{
	char	*only = p->instance != NULL ? NULL : only_instance(c);

	if (p->instance != NULL || only != NULL)
		offer_paths(c, p->instance != NULL ? p->instance : only);
	free(only);
	return AS_PATHS;
}

static int
offer_place(struct completing *c, const struct complete_place *p,
    const struct complete_options *o)
{
	switch (p->kind) {
	case COMPLETE_NOTHING:
		break;
	case COMPLETE_COMMAND:
		offer_commands(c);
		break;
	case COMPLETE_OPTION:
		offer_options(c, o);
		break;
	case COMPLETE_FILE:
		return AS_FILES;
	case COMPLETE_INSTANCE:
		offer_instances(c);
		break;
	case COMPLETE_GROUP:
		offer_groups(c);
		break;
	case COMPLETE_TYPE:
		offer_types(c);
		break;
	case COMPLETE_EXEC:
	case COMPLETE_RUNNING:
		offer_execs(c, p->kind == COMPLETE_RUNNING);
		break;
	case COMPLETE_REMOTE:
		return offer_remote(c, p);
	case COMPLETE_WORD:
		offer_words(c, p->words);
		break;
	}
	return AS_WORDS;
}

static const struct cmd *
command_of(const struct gomote *g, const char *name)
{
	size_t	i;

	for (i = 0; i < g->n_commands; i++)
		if (str_eq(g->commands[i]->name, name))
			return g->commands[i];
	return NULL;
}

/* Which of the options before the command says which instance is meant; NULL:
 * none. *named: one does, or names a group. */
static const char *
named_instance(char **words, size_t n, bool *named)
{
	const char	*instance = NULL;
	size_t		 i;

	*named = false;
	for (i = 0; i + 1 < n; i++) {
		if (str_eq(words[i], "-instance") || str_eq(words[i], "--instance"))
			instance = words[i + 1];
		else if (!str_eq(words[i], "-group") && !str_eq(words[i], "--group"))
			continue;
		*named = true;
	}
	return instance;
}

/* The options before the command hold for us, too, as far as they are right. */
static void
heed(const struct gomote *g, char **words, size_t n)
{
	char	**argv = xcalloc(n + 2, sizeof *argv), name[] = "gomote";

	argv[0] = name;
	memcpy(argv + 1, words, n * sizeof *argv);
	if (opt_parse(g->opts, (int)n + 1, argv, NULL) < 0) {
		/* What came before the wrong one was heeded. */
	}
	free(argv);
}

static int
complete_words(struct completing *c, char **words, size_t n)
{
	struct complete_options	 global = { STRS_INIT }, own = { STRS_INIT };
	struct complete_place	 p = { .kind = COMPLETE_COMMAND };
	const struct cmd	*cmd = NULL;
	const char		*option, *instance;
	bool			 named;
	size_t			 at;
	int			 ret;

	c->word = words[n - 1];
	global_options(c->g, &global);
	at = complete_skip(&global, words, n, &option);
	heed(c->g, words, at);
	instance = named_instance(words, at, &named);
	if (option != NULL) {
		complete_argument(&p, option);
	} else if (at == n - 1) {
		p.kind = *c->word == '-' ? COMPLETE_OPTION : COMPLETE_COMMAND;
	} else {
		if ((cmd = command_of(c->g, words[at])) != NULL)
			ask_options(c->g, cmd, &own);
		complete_find(&p, words[at], &own, words + at + 1, n - at - 1, named);
		if (p.instance == NULL)
			p.instance = instance;
	}
	ret = offer_place(c, &p, cmd != NULL ? &own : &global);
	strs_release(&global.lines);
	strs_release(&own.lines);
	return ret;
}

static void
on_alarm(int signo)
{
	(void)signo;
	_exit(EXIT_FAILED);
}

/* Whatever it is that takes so long. */
static void
set_deadline(void)
{
	struct itimerval	t = { .it_value = { DEADLINE_MS / 1000,
	    DEADLINE_MS % 1000 * 1000 } };
	struct sigaction	sa = { .sa_handler = on_alarm };
	int			fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd != -1) {
		(void)dup2(fd, STDERR_FILENO);
		close(fd);
	}
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

static int
complete_run(struct gomote *g, int argc, char **argv)
{
	struct completing	 c = { .g = g };
	const struct opt	 opts[] = {
		{ "describe", OPT_BOOL, &c.describe, NULL,
		    "behind each word a tab and what it is" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	int			 i, status;

	i = cmd_options(&cmd_complete, opts, argc, argv, 1, -1, &status);
	if (i == -1)
		return status;
	set_deadline();
	status = complete_words(&c, argv + i, (size_t)(argc - i));
	return out_flush(&e) == -1 ? EXIT_FAILED : status;
}

const struct cmd cmd_complete = { "complete", "[-describe] -- WORD...", NULL,
	"For the scripts of gomote completion: prints what may stand in place of\n"
	"the last WORD of a command line, without the \"gomote\" before it. The\n"
	"exit status is 3 where the name of a file here may, 4 where it is a path.\n\n"
	"  gomote complete -- ls \"\"",
	complete_run };
