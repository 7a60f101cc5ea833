/* cred.c - finds the settings of a session: flags, environment, file. */
#include "client/cred.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/config.h"
#include "io/secret.h"

#define SECRET_MAX	4096
#define USER_PREFIX	"user-"

static void
wipe(char *s)
{
	if (s != NULL)
		secret_wipe(s, strlen(s));
	free(s);
}

/* What counts, malloc'ed; NULL. */
static char *
setting(const struct config *f, const struct cred_flags *flags, enum config_key k)
{
	const char	*v;

	(void)config_value(f, flags, k, &v);
	return v != NULL ? xstrdup(v) : NULL;
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

static int
load_token(struct cred *c, const struct cred_flags *flags,
    const struct config *f, struct err *e)
{
	const char	*path = flags->token_file;

	if (path == NULL) {
		c->token = setting(f, flags, CONFIG_TOKEN);
		path = f->value[CONFIG_TOKEN_FILE];
		if (c->token != NULL || path == NULL)
			return 0;
	}
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
	char	*text = setting(f, flags, CONFIG_AGENT);
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
	struct config	f;
	int		ret = -1;

	memset(c, 0, sizeof *c);
	if (config_load(&f, flags->config, e) == -1)
		goto out;
	c->server = setting(&f, flags, CONFIG_SERVER);
	c->ca = setting(&f, flags, CONFIG_CA);
	c->user = setting(&f, flags, CONFIG_USER);
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
