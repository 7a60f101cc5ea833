/*
 * config.h - the settings that a person has: their names, the file that keeps
 * them, and what counts where they are given in several places: a flag, then
 * the environment, then the file.
 *
 * The file has lines `key = value`; empty lines and lines that begin with '#'
 * are skipped. File names in it are relative to its own directory. An unknown
 * key is an error.
 */
#ifndef CLIENT_CONFIG_H
#define CLIENT_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "client/cred.h"

enum config_key { CONFIG_SERVER, CONFIG_CA, CONFIG_USER, CONFIG_TOKEN,
	CONFIG_TOKEN_FILE, CONFIG_AGENT, CONFIG_KEYS };

struct config_row {
	const char	*name;		/* as in the file */
	const char	*env;		/* NULL: none */
	bool		 file;		/* it is the name of one */
	bool		 secret;	/* never to be shown */
	const char	*help;
};

const struct config_row *config_row(enum config_key);
/* CONFIG_KEYS and e, which names those that there are. */
enum config_key config_find(const char *name, struct err *e);

/* What a file says. */
struct config {
	char	*path;			/* of the file; NULL: there can be none, for want of a home */
	bool	 there;
	char	*value[CONFIG_KEYS];	/* NULL: not set */
};

/* Reads the file that the flag names, which must be there, or else (NULL) the
 * usual one, which need not. -1 and e ("FILE:3: unknown key x"); path is set
 * then, too, and nothing else. */
int  config_load(struct config *, const char *flag, struct err *e) MUST;
void config_release(struct config *);	/* wipes the secrets */

/* What counts, borrowed, and where it came from; what is empty is not set, and
 * what is set nowhere NULL. Of the token's file the flag does not count here. */
enum config_from { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENV, CONFIG_FLAG };
enum config_from config_value(const struct config *, const struct cred_flags *,
    enum config_key, const char **value);

/* Sets key in the file, or takes it out (NULL), and leaves the rest of it as it
 * is, comments too. Made if it is missing, with its directory; mode 0600; at no
 * moment is there half of it. */
int  config_write(const struct config *, enum config_key, const char *value,
    struct err *e) MUST;

#endif
