/* cred.c - finds the settings of a session: flags, environment, file. */
#include "client/cred.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "io/secret.h"

#define CONFIG_MAX	(64 * 1024)
#define SECRET_MAX	4096
#define USER_PREFIX	"user-"

/* What the file says; the values point to memory of their own. */
struct config {
	char	*server, *ca, *user, *token, *token_file, *agent;
};

static void
wipe(char *s)
{
	if (s != NULL)
		secret_wipe(s, strlen(s));
	free(s);
}

static void
config_release(struct config *f)
{
	free(f->server);
	free(f->ca);
	free(f->user);
	wipe(f->token);
	free(f->token_file);
	free(f->agent);
}

/* Blanks cut off at both ends, in place. */
static char *
trim(char *s)
{
	size_t	n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]) != NULL)
		s[--n] = '\0';
	return s;
}

static char **
config_slot(struct config *f, const char *key)
{
	if (str_eq(key, "server"))
		return &f->server;
	if (str_eq(key, "ca"))
		return &f->ca;
	if (str_eq(key, "user"))
		return &f->user;
	if (str_eq(key, "token"))
		return &f->token;
	if (str_eq(key, "agent"))
		return &f->agent;
	return str_eq(key, "token-file") ? &f->token_file : NULL;
}

/* line is cut into pieces. The reason alone goes to e. */
static int
config_line(struct config *f, char *line, struct err *e)
{
	char	*key = trim(line), *value, **slot;

	if (*key == '\0' || *key == '#')
		return 0;
	if ((value = strchr(key, '=')) == NULL)
		return err_set(e, "not of the form key = value");
	*value++ = '\0';
	key = trim(key);
	if ((slot = config_slot(f, key)) == NULL)
		return err_set(e, "unknown key %s (known are server, ca, user, "
		    "token, token-file and agent)", key);
	if (*slot != NULL)
		return err_set(e, "%s is set twice", key);
	*slot = xstrdup(trim(value));
	return 0;
}

static int
config_parse(struct config *f, char *text, const char *path, struct err *e)
{
	char	*line = text, *next;
	int	 number = 1;

	for (; line != NULL; line = next, number++) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		if (config_line(f, line, e) == -1)
			return err_wrap(e, "%s:%d", path, number);
	}
	return 0;
}

static void
config_check_mode(const struct config *f, const char *path)
{
	struct stat	st;

	if (f->token != NULL && stat(path, &st) == 0 && (st.st_mode & 077) != 0)
		say_note("%s holds a token and others can read it; "
		    "chmod 600 would keep it yours", path);
}

/* *value, if it is a relative file name, becomes relative to the file's place. */
static void
config_rebase(char **value, const char *path)
{
	char	*dir, *full;

	if (*value == NULL || **value == '/' || **value == '\0')
		return;
	dir = path_dir(path);
	full = path_join(dir, *value);
	free(dir);
	free(*value);
	*value = full;
}

static int
config_read(struct config *f, const char *path, struct err *e)
{
	size_t	 len;
	char	*text = file_read(path, CONFIG_MAX, &len, e);
	int	 ret;

	if (text == NULL)
		return -1;
	if (strlen(text) != len)
		ret = err_set(e, "%s: holds a NUL byte", path);
	else
		ret = config_parse(f, text, path, e);
	secret_wipe(text, len);
	free(text);
	config_check_mode(f, path);
	config_rebase(&f->ca, path);
	config_rebase(&f->token_file, path);
	return ret;
}

char *
cred_path(const char *name)
{
	const char	*base = getenv("XDG_CONFIG_HOME");

	if (base != NULL && *base == '/')
		return xasprintf("%s/gomote/%s", base, name);
	base = getenv("HOME");
	return base != NULL && *base != '\0' ?
	    xasprintf("%s/.config/gomote/%s", base, name) : NULL;
}

/* The file named by a flag must be there, the usual one need not. */
static int
config_find(struct config *f, const char *flag, struct err *e)
{
	char	*path;
	int	 ret = 0;

	if (flag != NULL)
		return config_read(f, flag, e);
	path = cred_path("config");
	if (path != NULL && access(path, F_OK) == 0)
		ret = config_read(f, path, e);
	free(path);
	return ret;
}

/* The first of them that is set and not empty; malloc'ed, or NULL. */
static char *
first_of(const char *flag, const char *env, const char *file)
{
	const char	*v = flag;

	if ((v == NULL || *v == '\0') && env != NULL)
		v = getenv(env);
	if (v == NULL || *v == '\0')
		v = file;
	return v != NULL && *v != '\0' ? xstrdup(v) : NULL;
}

static int
load_token(struct cred *c, const struct cred_flags *flags,
    const struct config *f, struct err *e)
{
	char	*path;

	if (flags->token_file == NULL) {
		c->token = first_of(NULL, "GOMOTE_TOKEN", f->token);
		if (c->token != NULL || f->token_file == NULL)
			return 0;
	}
	path = flags->token_file != NULL ? flags->token_file : f->token_file;
	c->token = file_read_trimmed(path, SECRET_MAX, e);
	return c->token != NULL ? 0 : -1;
}

static int
load_password(struct cred *c, const struct cred_flags *flags, struct err *e)
{
	if (flags->password_file == NULL)
		return 0;
	c->password = file_read_trimmed(flags->password_file, SECRET_MAX, e);
	return c->password != NULL ? 0 : -1;
}

/* "off", or how long one stays. */
static int
load_agent(struct cred *c, const struct cred_flags *flags,
    const struct config *f, struct err *e)
{
	char	*text = first_of(flags->agent, "GOMOTE_AGENT", f->agent);
	int	 ret = 0;

	c->agent_ms = CRED_AGENT_MS;
	if (text == NULL || str_eq(text, "on"))
		ret = 0;
	else if (str_eq(text, "off"))
		c->agent_ms = 0;
	else if ((ret = clock_parse_duration(text, &c->agent_ms)) == -1)
		err_set(e, "agent %s: neither off nor a duration", text);
	free(text);
	return ret;
}

int
cred_load(struct cred *c, const struct cred_flags *flags, struct err *e)
{
	struct config	f = { NULL, NULL, NULL, NULL, NULL, NULL };
	int		ret = -1;

	memset(c, 0, sizeof *c);
	if (config_find(&f, flags->config, e) == -1)
		goto out;
	c->server = first_of(flags->server, "GOMOTE_SERVER", f.server);
	c->ca = first_of(flags->ca, "GOMOTE_CA", f.ca);
	c->user = first_of(flags->user, "GOMOTE_USER", f.user);
	if (load_agent(c, flags, &f, e) == -1 ||
	    load_token(c, flags, &f, e) == -1 ||
	    load_password(c, flags, e) == -1)
		goto out;
	ret = 0;
out:
	config_release(&f);
	if (ret == -1)
		cred_release(c);
	return ret;
}

void
cred_release(struct cred *c)
{
	free(c->server);
	free(c->ca);
	free(c->user);
	wipe(c->token);
	wipe(c->password);
	memset(c, 0, sizeof *c);
}

static char *
basic(const char *user_prefix, const char *user, const char *secret)
{
	char	*plain = xasprintf("%s%s:%s", user_prefix, user, secret);
	char	*coded = str_base64_encode(plain, strlen(plain));
	char	*field = xasprintf("Basic %s", coded);

	wipe(plain);
	wipe(coded);
	return field;
}

char *
cred_authorization(const struct cred *c)
{
	if (c->token == NULL)
		return NULL;
	if (c->user == NULL)
		return xasprintf("Bearer %s", c->token);
	return basic(str_starts(c->user, USER_PREFIX) ? "" : USER_PREFIX,
	    c->user, c->token);
}

char *
cred_password(const struct cred *c)
{
	return c->password == NULL ? NULL : basic("", "gomote", c->password);
}
