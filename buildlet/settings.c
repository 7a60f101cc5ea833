/* settings.c - the command line, its defaults, and the files that it names. */
#include "buildlet/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/net.h"
#include "io/secret.h"

#define SECRET_FILE_MAX	4096
#define HOSTNAME_MAX	256
#define MINUTE		(60 * 1000)
#define RETRY_MOST	(60 * MINUTE)
#define LOG_MIN		(64 * 1024ULL)
#define LOG_MAX		(1ULL << 50)

void
settings_init(struct settings *s)
{
	memset(s, 0, sizeof *s);
	s->log = "info";
	s->log_limit = "256M";
	s->log_budget = "4G";
	s->form_max = 1024 * 1024;
	s->work_max = 512;
	s->connections_max = 2000;
	s->lock_ms = 5 * 1000;
	s->clean_ms = 10 * MINUTE;
	s->cut_ms = 10 * 1000;
	s->helper_ms = 5 * MINUTE;
	s->grace_ms = 2 * 1000;
	s->term_ms = 5 * 1000;
	s->alive_ms = 15 * 1000;
	s->fetch_head_ms = 30 * 1000;
	s->fetch_stall_ms = MINUTE;
	s->proxy_dial_ms = 10 * 1000;
	s->sshd_ms = 20 * 1000;
	s->proxy_idle_ms = 24 * 60 * MINUTE;
	s->halt_ms = 1000;
	s->handshake_ms = 10 * 1000;
	s->dial_ms = 20 * 1000;
	s->register_ms = 30 * 1000;
	s->refused_ms = 30 * 1000;
	s->retry_first_ms = 250;
	s->retry_max_ms = MINUTE;
	s->settled_ms = 10 * 1000;
}

const struct opt *
settings_options(struct settings *s)
{
	const struct opt	table[] = {
		{ "ca", OPT_STRING, &s->ca, "FILE",
		    "certificate authority of the coordinator (else the system's)" },
		{ "coordinator", OPT_STRING, &s->coordinator, "HOST:PORT",
		    "reverse mode: where the coordinator is" },
		{ "give-up", OPT_DURATION, &s->give_up_ms, "TIME",
		    "end when the coordinator was out of reach for so long" },
		{ "halt", OPT_BOOL, &s->halt, NULL,
		    "POST /halt also halts this machine" },
		{ "hostname", OPT_STRING, &s->hostname, "NAME",
		    "name of this machine (else the system's)" },
		{ "join-token-file", OPT_STRING, &s->join_token_file, "FILE",
		    "register with a one-time token instead of a key" },
		{ "key-file", OPT_STRING, &s->key_file, "FILE",
		    "key of this machine (else $GO_BUILD_KEY_PATH, ~/.gobuildkey-TYPE)" },
		{ "listen", OPT_STRING, &s->listen, "ADDR:PORT",
		    "listen mode: serve there; no ADDR means loopback" },
		{ "log", OPT_STRING, &s->log, "LEVEL",
		    "error, warn, info or debug" },
		{ "log-budget", OPT_STRING, &s->log_budget, "SIZE",
		    "disk for the logs of all commands; the oldest go first" },
		{ "log-limit", OPT_STRING, &s->log_limit, "SIZE",
		    "disk for the log of one command; its middle goes first" },
		{ "password-file", OPT_STRING, &s->password_file, "FILE",
		    "listen mode: password that clients must know" },
		{ "pids-max", OPT_INT, &s->pids_max, "N",
		    "how many processes all commands may have" },
		{ "port-file", OPT_STRING, &s->port_file, "FILE",
		    "listen mode: gets the port once it is served" },
		{ "retry-max", OPT_DURATION, &s->retry_max_ms, "TIME",
		    "reverse mode: most between two tries to connect again" },
		{ "revdial", OPT_STRING, &s->revdial, "VERSION",
		    "speak only this version: yamux or 2 (else the best)" },
		{ "reverse-type", OPT_STRING, &s->reverse_type, "TYPE",
		    "reverse mode: dial the coordinator as this host type" },
		{ "tls-cert", OPT_STRING, &s->tls_cert, "FILE",
		    "listen mode: serve TLS with this certificate" },
		{ "tls-insecure", OPT_BOOL, &s->tls_insecure, NULL,
		    "development: do not check the coordinator's certificate" },
		{ "tls-key", OPT_STRING, &s->tls_key, "FILE",
		    "listen mode: key of -tls-cert" },
		{ "version", OPT_BOOL, &s->version, NULL,
		    "print the version and end" },
		{ "workdir", OPT_STRING, &s->workdir, "DIR",
		    "directory to work in; emptied between leases and at the end" },
		{ .name = NULL },
	};

	_Static_assert(sizeof table <= sizeof s->options, "options do not fit");
	memcpy(s->options, table, sizeof table);
	return s->options;
}

/* "4G" or "4GiB". */
static int
size_read(const char *option, const char *text, uint64_t *out, struct err *e)
{
	size_t	 len = strlen(text) - (str_ends(text, "iB") ? 2 : 0);
	char	*number = xstrndup(text, len);
	int	 ret = str_size(number, out);

	free(number);
	if (ret == -1 || *out < LOG_MIN || *out > LOG_MAX)
		return err_set(e, "%s: not a size from 64K to 1024T: %s", option, text);
	return 0;
}

static int
modes_check(const struct settings *s, struct err *e)
{
	if (s->listen == NULL && s->reverse_type == NULL)
		return err_set(e, "one of -listen and -reverse-type is needed");
	if (s->listen != NULL && s->reverse_type != NULL)
		return err_set(e, "-listen and -reverse-type exclude one another");
	if (s->reverse_type != NULL && s->coordinator == NULL)
		return err_set(e, "-reverse-type needs -coordinator");
	if (s->reverse_type != NULL && !str_name_ok(s->reverse_type, 128))
		return err_set(e, "-reverse-type: not a host type: %s",
		    s->reverse_type);
	if (s->revdial != NULL && !str_eq(s->revdial, "yamux") &&
	    !str_eq(s->revdial, "2"))
		return err_set(e, "-revdial: neither yamux nor 2: %s", s->revdial);
	if (s->key_file != NULL && s->join_token_file != NULL)
		return err_set(e, "-key-file and -join-token-file exclude one another");
	if ((s->tls_cert == NULL) != (s->tls_key == NULL))
		return err_set(e, "-tls-cert and -tls-key need one another");
	if (s->retry_max_ms < s->retry_first_ms || s->retry_max_ms > RETRY_MOST)
		return err_set(e, "-retry-max: not from 250ms to 1h");
	if (s->workdir == NULL || s->workdir[0] == '\0')
		return err_set(e, "-workdir is needed");
	return 0;
}

int
settings_parse(struct settings *s, int argc, char **argv, struct err *e)
{
	int	used = opt_parse(settings_options(s), argc, argv, e);

	if (used < 0)
		return used;
	if (s->version)
		return 0;
	if (used < argc)
		return err_set(e, "unexpected argument: %s", argv[used]);
	if (log_parse_level(s->log) == -1)
		return err_set(e, "-log: no such level: %s", s->log);
	if (size_read("-log-limit", s->log_limit, &s->log_limit_bytes, e) == -1 ||
	    size_read("-log-budget", s->log_budget, &s->log_budget_bytes, e) == -1)
		return -1;
	return modes_check(s, e);
}

/* Where the key is if nobody says so. NULL: nowhere. */
static char *
key_path_default(const char *type)
{
	const char	*path = getenv("GO_BUILD_KEY_PATH");
	const char	*home = getenv("HOME");

	if (path != NULL && path[0] != '\0')
		return xstrdup(path);
	if (home == NULL || home[0] == '\0')
		return NULL;
	return xasprintf("%s/.gobuildkey-%s", home, type);
}

static int
key_read(struct settings *s, struct err *e)
{
	const char	*drop = getenv("GO_BUILD_KEY_DELETE_AFTER_READ");
	char		*path;

	if (s->join_token_file != NULL)
		path = xstrdup(s->join_token_file);
	else if (s->key_file != NULL)
		path = xstrdup(s->key_file);
	else
		path = key_path_default(s->reverse_type);
	if (path == NULL)
		return err_set(e, "no key: neither -key-file, "
		    "$GO_BUILD_KEY_PATH nor $HOME is given");
	s->key = file_read_trimmed(path, SECRET_FILE_MAX, e);
	if (s->key != NULL && s->key[0] == '\0') {
		err_set(e, "read key: %s: the file is empty", path);
		free(s->key);
		s->key = NULL;
	}
	if (s->key != NULL && drop != NULL && drop[0] != '\0' &&
	    unlink(path) == -1)
		log_warn("cannot remove key file %s as "
		    "GO_BUILD_KEY_DELETE_AFTER_READ wants: %s", path,
		    strerror(errno));
	free(path);
	return s->key == NULL ? -1 : 0;
}

static int
key_load(struct settings *s, const char *handed, struct err *e)
{
	if (handed == NULL)
		return key_read(s, e);
	if (s->join_token_file == NULL && key_read(s, NULL) == 0)
		return 0;
	s->key = xstrdup(handed);
	s->key_handed = true;
	return 0;
}

static int
reverse_load(struct settings *s, const char *handed, struct err *e)
{
	char	name[HOSTNAME_MAX] = "";

	if (key_load(s, handed, e) == -1)
		return -1;
	if (s->hostname == NULL &&
	    (gethostname(name, sizeof name - 1) == -1 || name[0] == '\0'))
		return err_set(e, "this machine has no name: give -hostname");
	s->name = xstrdup(s->hostname != NULL ? s->hostname : name);
	return 0;
}

/* ":80" and "80" listen on loopback. */
static char *
listen_address(const char *text)
{
	if (text[0] == ':')
		return xasprintf("127.0.0.1%s", text);
	if (text[0] != '\0' && strspn(text, "0123456789") == strlen(text))
		return xasprintf("127.0.0.1:%s", text);
	return xstrdup(text);
}

static int
listen_load(struct settings *s, struct err *e)
{
	s->address = listen_address(s->listen);
	if (s->password_file == NULL)
		return 0;
	s->password = file_read_trimmed(s->password_file, SECRET_FILE_MAX, e);
	if (s->password == NULL)
		return -1;
	if (s->password[0] == '\0')
		return err_set(e, "read password: %s: the file is empty",
		    s->password_file);
	return 0;
}

int
settings_load(struct settings *s, const char *handed, struct err *e)
{
	return s->listen != NULL ? listen_load(s, e) : reverse_load(s, handed, e);
}

void
settings_usage(FILE *to)
{
	struct settings	s;

	settings_init(&s);
	fprintf(to, "usage: buildlet -reverse-type TYPE -coordinator HOST:PORT "
	    "-workdir DIR [option ...]\n"
	    "       buildlet -listen ADDR:PORT -workdir DIR [option ...]\n");
	opt_usage(settings_options(&s), to);
}

static void
secret_free(char *s)
{
	if (s != NULL)
		secret_wipe(s, strlen(s));
	free(s);
}

void
settings_release(struct settings *s)
{
	secret_free(s->password);
	secret_free(s->key);
	free(s->name);
	free(s->address);
	s->password = s->key = s->name = s->address = NULL;
}
