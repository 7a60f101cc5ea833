/* agent_place.c - see agent_place.h. */
#include "client/agent_place.h"

#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "io/helper.h"

#define PROTOCOL	1	/* agent_wire.h */
#define NAME_LEN	16	/* of a socket without its suffix */

/* Nobody else can put a socket there, or come to ours. */
static int
dir_check(const char *dir, struct err *e)
{
	struct sockaddr_un	un;
	struct stat		st;

	if (lstat(dir, &st) == -1)
		return err_errno(e, "%s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0)
		return err_code(e, EPERM, "%s: not a directory of yours alone",
		    dir);
	if (strlen(dir) + 1 + NAME_LEN + strlen(AGENT_SUFFIX) >=
	    sizeof un.sun_path)
		return err_code(e, ENAMETOOLONG, "%s: too long for a socket", dir);
	return 0;
}

/* Takes dir; NULL: none. */
static char *
dir_try(char *dir, bool make, struct err *e)
{
	if (dir == NULL)
		return NULL;
	if (make)
		(void)mkdir(dir, 0700);	/* whether it is there now is looked at */
	if (dir_check(dir, e) == 0)
		return dir;
	free(dir);
	return NULL;
}

/* An absolute name from the environment. */
static const char *
env_dir(const char *name)
{
	const char	*dir = getenv(name);

	return dir != NULL && *dir == '/' ? dir : NULL;
}

/* After su or sudo it may still be the other user's: nothing is made there. */
static char *
runtime_dir(bool make)
{
	const char	*runtime = env_dir("XDG_RUNTIME_DIR");
	struct stat	 st;

	if (runtime == NULL ||
	    (make && (stat(runtime, &st) == -1 || st.st_uid != geteuid())))
		return NULL;
	return xasprintf("%s/gomote", runtime);
}

char *
agent_dir(bool make, struct err *e)
{
	const char	*tmp = env_dir("TMPDIR");
	char		*dir = dir_try(runtime_dir(make), make, e);

	if (dir != NULL)
		return dir;
	return dir_try(xasprintf("%s/gomote-agent-%" PRIuMAX,
	    tmp != NULL ? tmp : "/tmp", (uintmax_t)geteuid()), make, e);
}

/* --- what it is for ---------------------------------------------------------- */

/* Which file, in which state. Not a regular one: an agent may not read the
 * same there as we do. */
static int
key_add_file(struct str *key, const char *what, const char *path, struct err *e)
{
	struct stat	st;

	if (stat(path, &st) == -1)
		return err_errno(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, "%s: no regular file", path);
	str_addf(key, " %s=%jx:%jx:%jx:%jx.%lx", what, (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino, (uintmax_t)st.st_size,
	    (uintmax_t)st.st_mtim.tv_sec, (unsigned long)st.st_mtim.tv_nsec);
	return 0;
}

static void
key_add_env(struct str *key, const char *name)
{
	const char	*value = getenv(name);

	if (value != NULL)
		str_addf(key, " %s=%s", name, value);
}

/* What decides over a connection, and nothing that says who asks: that is in
 * the requests. */
static int
key_make(struct str *key, const char *address, const char *ca, struct err *e)
{
	str_addf(key, "%d gomote/" GOMOTE_VERSION " server=%s", PROTOCOL, address);
	if (key_add_file(key, "program", helper_program(), e) == -1)
		return -1;
	if (ca != NULL)
		return key_add_file(key, "ca", ca, e);
	key_add_env(key, "SSL_CERT_FILE");	/* as OpenSSL heeds them */
	key_add_env(key, "SSL_CERT_DIR");
	key_add_env(key, "OPENSSL_CONF");
	return 0;
}

/* FNV-1a. It only has to spread: both sides compare whole keys. */
static uint64_t
key_hash(const char *key)
{
	uint64_t	h = UINT64_C(0xcbf29ce484222325);

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	return h;
}

int
agent_place_init(struct agent_place *p, const char *address, const char *ca,
    bool make, struct err *e)
{
	struct str	 key = STR_INIT;
	char		*dir = NULL;

	memset(p, 0, sizeof *p);
	if (key_make(&key, address, ca, e) == 0) {
		if (key.len < AGENT_KEY_MAX)
			dir = agent_dir(make, e);
		else
			err_set(e, "%s: the name is too long", address);
	}
	if (dir == NULL) {
		str_release(&key);
		return -1;
	}
	p->key = str_take(&key);
	p->path = xasprintf("%s/%016" PRIx64 AGENT_SUFFIX, dir, key_hash(p->key));
	free(dir);
	return 0;
}

void
agent_place_release(struct agent_place *p)
{
	free(p->key);
	free(p->path);
	memset(p, 0, sizeof *p);
}
