/*
 * complete.h - what may stand at a place of a command line that is being typed.
 * Knows no server: it only looks at the words.
 */
#ifndef CLIENT_COMPLETE_H
#define CLIENT_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum complete_kind {
	COMPLETE_NOTHING,
	COMPLETE_COMMAND,	/* of gomote */
	COMPLETE_OPTION,
	COMPLETE_FILE,		/* here */
	COMPLETE_INSTANCE,
	COMPLETE_GROUP,
	COMPLETE_TYPE,
	COMPLETE_EXEC,		/* any */
	COMPLETE_RUNNING,	/* one that runs */
	COMPLETE_REMOTE,	/* a path on the instance */
	COMPLETE_WORD,		/* one of some words, blanks between them */
};

/* The options that there are: a line each of "NAME\tARGUMENT\tHELP", no argument
 * for a switch (CMD_TELL, cmd.h). */
struct complete_options {
	struct strs	 lines;
};

/* Where the last of some words stands. */
struct complete_place {
	enum complete_kind	 kind;
	const char		*words;		/* of COMPLETE_WORD */
	size_t			 first;		/* the first word that is no option; n: none */
	const char		*instance;	/* that was named, borrowed; NULL */
};

/* How many words belong to a line's options, from words[0] on, the last one, which
 * is being typed, not counted. *option: the option whose argument that one is;
 * NULL. */
size_t complete_skip(const struct complete_options *, char *const *words, size_t n,
    const char **option);
/* After the command's name: words are its arguments, the last one being typed;
 * named: another option has said which instance is meant, so none comes. */
void complete_find(struct complete_place *, const char *command,
    const struct complete_options *, char *const *words, size_t n, bool named);
/* What an option takes as its argument. */
void complete_argument(struct complete_place *, const char *option);

#endif
