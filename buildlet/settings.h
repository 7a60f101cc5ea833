/*
 * settings.h - what a buildlet was told: its command line, the secrets that
 * the command line names files of, and every bound and deadline that it keeps.
 */
#ifndef BUILDLET_SETTINGS_H
#define BUILDLET_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/opt.h"

struct settings {
	/* Listen mode; borrowed from argv, NULL where not given. */
	char	*listen;
	char	*port_file;
	char	*password_file;
	char	*tls_cert;
	char	*tls_key;
	/* Reverse mode. */
	char	*reverse_type;
	char	*coordinator;
	char	*ca;
	char	*key_file;
	char	*join_token_file;
	char	*hostname;
	char	*revdial;
	int64_t	 give_up_ms;		/* coordinator not reached for so long: end; 0 never */
	bool	 tls_insecure;
	/* Both. */
	char	*workdir;
	char	*log;
	char	*log_limit;		/* size of an exec's log */
	char	*log_budget;		/* of all of them */
	int64_t	 pids_max;		/* processes of all commands; 0: any number */
	bool	 halt;			/* POST /halt ends the machine too */
	bool	 version;

	/* By settings_load, owned. */
	char	*password;		/* NULL: none wanted */
	char	*key;			/* sent as API_H_KEY: machine key or join token */
	bool	 key_handed;		/* it is from the program before us (upgrade.h) */
	char	*name;			/* hostname for the coordinator */
	char	*address;		/* where to listen, with a host */

	/* By settings_parse. */
	uint64_t log_limit_bytes, log_budget_bytes;

	/* Bounds. */
	size_t	 form_max;		/* bytes of a form */
	size_t	 work_max;		/* commands, transfers, ... at once */
	size_t	 connections_max;

	/* Deadlines, ms. */
	int64_t	 lock_ms;		/* an earlier buildlet leaves the work directory */
	int64_t	 clean_ms;		/* emptying it, or removing a tree */
	int64_t	 cut_ms;		/* whatever is under way ends when told to */
	int64_t	 helper_ms;		/* a helper that neither reads nor writes */
	int64_t	 grace_ms;		/* output still open after a command's end */
	int64_t	 term_ms;		/* between TERM and KILL of a command */
	int64_t	 alive_ms;		/* a log that is followed, without a byte: a sign of life */
	int64_t	 fetch_head_ms;		/* POST /writetgz: redirects and head */
	int64_t	 fetch_stall_ms;	/* its body without a byte */
	int64_t	 proxy_dial_ms;		/* POST /tcpproxy */
	int64_t	 sshd_ms;		/* sshd: from start to its first word */
	int64_t	 proxy_idle_ms;		/* tcpproxy without a byte */
	int64_t	 halt_ms;		/* POST /halt: reply to end */
	int64_t	 handshake_ms;		/* TLS of a client */
	int64_t	 dial_ms;		/* to the coordinator, handshake included */
	int64_t	 register_ms;		/* each registration request */
	int64_t	 refused_ms;		/* between tries after a wrong key */
	int64_t	 retry_first_ms, retry_max_ms;
	int64_t	 settled_ms;		/* a session that lasted so long was good */

	struct opt options[24];		/* filled by settings_options */
};

/* The defaults. */
void settings_init(struct settings *);
/* The option table over s: ends with a NULL name, lives as long as s. */
const struct opt *settings_options(struct settings *s);
/* Reads and checks a command line. 0, -1 and e (wrong usage), or -2: help is
 * wanted. */
int  settings_parse(struct settings *, int argc, char **argv, struct err *e) MUST;
/* Reads the files that hold secrets and fills what is left open. Blocks. handed: the
 * key of the program before us, or NULL; it counts in place of a join token, which
 * is used up, and of a file that is gone. */
int  settings_load(struct settings *, const char *handed, struct err *e) MUST;
void settings_usage(FILE *to);
void settings_release(struct settings *);

#endif
