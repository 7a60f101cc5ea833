/* dev.c - development mode. */
#include "coordinator/dev.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "coordinator/state.h"
#include "io/net.h"

#define USER		"dev"
#define FILE_MAX	65536
#define LOCAL_LIMIT	4
#define TOKEN_LINE	"export GOMOTE_TOKEN='"

/* --- what is offered ----------------------------------------------------------- */

char *
dev_platform(const char *sysname, const char *machine, char *buf)
{
	static const struct { const char *uname, *go; } names[] = {
		{ "x86_64", "amd64" }, { "amd64", "amd64" }, { "i386", "386" },
		{ "i686", "386" }, { "aarch64", "arm64" }, { "arm64", "arm64" },
		{ "armv6l", "arm" }, { "armv7l", "arm" }, { "riscv64", "riscv64" },
		{ "ppc64le", "ppc64le" }, { "s390x", "s390x" }, { "loongarch64", "loong64" },
		{ "mips64", "mips64" },
	};
	size_t	i, len;

	for (i = 0; i < nitems(names); i++)
		if (str_eq(machine, names[i].uname))
			machine = names[i].go;
	len = (size_t)snprintf(buf, 64, "%.30s-%.30s", sysname, machine);
	for (i = 0; i < len; i++)
		buf[i] = (char)tolower((unsigned char)buf[i]);
	return buf;
}

static int
offer(struct settings *s, const struct options *o, const char *platform,
    const char *pool, const char *suffix, struct err *e)
{
	struct host_type	h;
	struct builder_type	b;
	int			ret;

	memset(&h, 0, sizeof h);
	memset(&b, 0, sizeof b);
	h.name = xasprintf("host-%s-%s", platform, pool);
	h.pool = xstrdup(pool);
	if (str_eq(pool, "local"))
		h.limit = o->local_limit > 0 ? (size_t)o->local_limit : LOCAL_LIMIT;
	b.name = xasprintf("%s%s", platform, suffix);
	b.host_type = xstrdup(h.name);
	b.idle_ms = o->idle_ms;
	ret = catalog_add_host(s->catalog, &h, e);
	if (ret == 0)
		ret = catalog_add_builder(s->catalog, &b, e);
	free(h.name);
	free(h.pool);
	free(b.name);
	free(b.host_type);
	return ret;
}

static void
replace(char **at, const char *with)
{
	if (with == NULL)
		return;
	free(*at);
	*at = xstrdup(with);
}

struct settings *
dev_settings(const struct options *o, struct err *e)
{
	struct settings	*s = settings_new();
	struct utsname	 u;
	char		 platform[64];

	replace(&s->listen, o->listen == NULL ? "127.0.0.1:0" : o->listen);
	replace(&s->state_dir, o->state_dir);
	if (o->grace_ms != 0)
		s->grace_ms = o->grace_ms;
	if (uname(&u) == -1)
		fatal("uname");
	dev_platform(u.sysname, u.machine, platform);
	if (!net_is_loopback(s->listen))
		(void)err_set(e, "-dev listens on loopback only, not on %s", s->listen);
	else if (offer(s, o, platform, "local", "", e) == 0 &&
	    offer(s, o, platform, "reverse", "-reverse", e) == 0 &&
	    catalog_check(s->catalog, e) == 0)
		return s;
	settings_free(s);
	return NULL;
}

/* --- secrets ---------------------------------------------------------------------- */

char *
dev_key(const char *state_dir, struct err *e)
{
	char	*path = state_path(state_dir, "dev-key"), *key = NULL;

	if (access(path, F_OK) == 0 || errno != ENOENT) {
		key = file_read_trimmed(path, FILE_MAX, e);
		if (key != NULL && key[0] == '\0') {
			(void)err_set(e, "read %s: the file is empty", path);
			free(key);
			key = NULL;
		}
	} else {
		key = secret_hex(32);
		if (file_write(path, key, strlen(key), 0600, e) == -1) {
			free(key);
			key = NULL;
		}
	}
	free(path);
	return key;
}

/* The token in an older dev.env, if it is still good; malloc'ed, or NULL. */
static char *
token_kept(struct core *core, const char *path)
{
	struct user	 u;
	struct err	 e = ERR_INIT;
	char		*text, *p, *token = NULL;

	if (access(path, F_OK) == -1)
		return NULL;
	text = file_read(path, FILE_MAX, NULL, &e);
	p = text == NULL ? NULL : strstr(text, TOKEN_LINE);
	if (p != NULL) {
		p += strlen(TOKEN_LINE);
		token = xstrndup(p, strcspn(p, "'\n"));
	}
	free(text);
	/* A user that somebody has disabled stays so, and keeps the token. */
	if (token != NULL && auth_user(core, USER, token, &u, &e) == -1 &&
	    e.code != AUTH_DISABLED) {
		log_info("development: the token in %s does not work any more", path);
		free(token);
		token = NULL;
	}
	return token;
}

static char *
token_new(struct core *core, struct err *e)
{
	char	hash[SECRET_HASH_MAX], *token = auth_make_token(hash);
	int64_t	now = clock_wall(loop_clock(core->loop));

	if (store_user_add(core->store, USER, hash, now, e) == 0)
		return token;
	if (e->code == STORE_EXISTS &&
	    store_user_set_token(core->store, USER, hash, e) == 0)
		return token;
	free(token);
	return NULL;
}

/* --- dev.env ----------------------------------------------------------------------- */

/* As one word of a shell: in single quotes, each of which becomes '\''. */
static void
add_export(struct str *s, const char *name, const char *value)
{
	str_addf(s, "export %s='", name);
	for (; *value != '\0'; value++)
		if (*value == '\'')
			str_add(s, "'\\''");
		else
			str_addc(s, *value);
	str_add(s, "'\n");
}

static int
write_env(struct core *core, const char *path, const char *address, const char *token,
    struct err *e)
{
	const char	*dir = core->cfg.state_dir;
	char		*server = xasprintf("https://%s", address);
	char		*ca = state_path(dir, "ca.pem"), *key = state_path(dir, "dev-key");
	struct str	 s = STR_INIT;
	int		 ret;

	str_add(&s, "# written by coordinator -dev at each start\n");
	add_export(&s, "GOMOTE_SERVER", server);
	add_export(&s, "GOMOTE_CA", ca);
	add_export(&s, "GOMOTE_USER", USER);
	add_export(&s, "GOMOTE_TOKEN", token);
	add_export(&s, "GO_BUILD_KEY_PATH", key);
	ret = file_write(path, s.s, s.len, 0600, e);
	secret_wipe(s.s, s.len);
	str_release(&s);
	free(server);
	free(ca);
	free(key);
	return ret;
}

int
dev_publish(struct core *core, const char *address, struct err *e)
{
	char	*path = state_path(core->cfg.state_dir, "dev.env");
	char	*token = token_kept(core, path);
	int	 ret = -1;

	if (token == NULL)
		token = token_new(core, e);
	if (token != NULL) {
		ret = write_env(core, path, address, token, e);
		secret_wipe(token, strlen(token));
	}
	free(token);
	free(path);
	return ret;
}
