/* config.c - the file of settings, and what goes before it (config.h). */
#include "client/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "io/secret.h"

#define CONFIG_MAX	(64 * 1024)

static const struct config_row rows[CONFIG_KEYS] = {
	[CONFIG_SERVER] = { "server", "GOMOTE_SERVER", false, false,
	    "the coordinator, https://HOST[:PORT]" },
	[CONFIG_CA] = { "ca", "GOMOTE_CA", true, false,
	    "file of the authority that its certificate comes from" },
	[CONFIG_USER] = { "user", "GOMOTE_USER", false, false, "who you are" },
	[CONFIG_TOKEN] = { "token", "GOMOTE_TOKEN", false, true, "your token" },
	[CONFIG_TOKEN_FILE] = { "token-file", NULL, true, false,
	    "file that holds your token" },
	[CONFIG_AGENT] = { "agent", "GOMOTE_AGENT", false, false,
	    "how long an unused agent stays; off: none" },
};

const struct config_row *
config_row(enum config_key k)
{
	return &rows[k];
}

enum config_key
config_find(const char *name, struct err *e)
{
	struct str	known = STR_INIT;
	size_t		i;

	for (i = 0; i < CONFIG_KEYS; i++)
		if (str_eq(rows[i].name, name))
			return (enum config_key)i;
	for (i = 0; i < CONFIG_KEYS; i++)
		str_addf(&known, "%s%s", i == 0 ? "" :
		    i == CONFIG_KEYS - 1 ? " and " : ", ", rows[i].name);
	err_set(e, "unknown key %s (known are %s)", name, known.s);
	str_release(&known);
	return CONFIG_KEYS;
}

static void
wipe(char *s)
{
	if (s != NULL)
		secret_wipe(s, strlen(s));
	free(s);
}

static void
release_values(struct config *f)
{
	size_t	i;

	for (i = 0; i < CONFIG_KEYS; i++) {
		wipe(f->value[i]);
		f->value[i] = NULL;
	}
}

void
config_release(struct config *f)
{
	release_values(f);
	free(f->path);
	memset(f, 0, sizeof *f);
}

/* --- reading ---------------------------------------------------------------- */

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

/* line is cut into pieces. *key: CONFIG_KEYS where it sets none. */
static int
parse_line(char *line, enum config_key *key, char **value, struct err *e)
{
	char	*name = trim(line);

	*key = CONFIG_KEYS;
	if (*name == '\0' || *name == '#')
		return 0;
	if ((*value = strchr(name, '=')) == NULL)
		return err_set(e, "not of the form key = value");
	*(*value)++ = '\0';
	*value = trim(*value);
	*key = config_find(trim(name), e);
	return *key == CONFIG_KEYS ? -1 : 0;
}

/* The end of the line at s is cut off there; the next one, or NULL. */
static char *
cut_line(char *s)
{
	char	*nl = strchr(s, '\n');

	if (nl == NULL)
		return NULL;
	*nl = '\0';
	return nl + 1;
}

/* text is cut into pieces. */
static int
parse(struct config *f, char *text, struct err *e)
{
	char		*line = text, *next, *value;
	enum config_key	 key;
	int		 number = 1;

	for (; line != NULL; line = next, number++) {
		next = cut_line(line);
		if (parse_line(line, &key, &value, e) == -1)
			return err_wrap(e, "%s:%d", f->path, number);
		if (key == CONFIG_KEYS)
			continue;
		if (f->value[key] != NULL)
			return err_set(e, "%s:%d: %s is set twice", f->path,
			    number, rows[key].name);
		f->value[key] = xstrdup(value);
	}
	return 0;
}

static void
check_mode(const struct config *f)
{
	struct stat	st;

	if (f->value[CONFIG_TOKEN] != NULL && stat(f->path, &st) == 0 &&
	    (st.st_mode & 077) != 0)
		say_note("%s holds a token and others can read it; "
		    "chmod 600 would keep it yours", f->path);
}

/* *value, if it is a relative file name, becomes relative to the file's place. */
static void
rebase(char **value, const char *path)
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

/* The text of the file, to be wiped. */
static char *
read_text(const struct config *f, size_t *len, struct err *e)
{
	char	*text = file_read(f->path, CONFIG_MAX, len, e);

	if (text == NULL || strlen(text) == *len)
		return text;
	err_set(e, "%s: holds a NUL byte", f->path);
	secret_wipe(text, *len);
	free(text);
	return NULL;
}

static int
read_file(struct config *f, struct err *e)
{
	size_t	 len, i;
	char	*text = read_text(f, &len, e);
	int	 ret;

	if (text == NULL)
		return -1;
	ret = parse(f, text, e);
	secret_wipe(text, len);
	free(text);
	check_mode(f);
	for (i = 0; i < CONFIG_KEYS; i++)
		if (rows[i].file)
			rebase(&f->value[i], f->path);
	if (ret == -1)
		release_values(f);
	return ret;
}

int
config_load(struct config *f, const char *flag, struct err *e)
{
	memset(f, 0, sizeof *f);
	f->path = flag != NULL ? xstrdup(flag) : cred_path("config");
	f->there = f->path != NULL && access(f->path, F_OK) == 0;
	return f->there || flag != NULL ? read_file(f, e) : 0;
}

/* --- what counts ------------------------------------------------------------ */

static const char *
flag_of(const struct cred_flags *flags, enum config_key k)
{
	switch (k) {
	case CONFIG_SERVER:
		return flags->server;
	case CONFIG_CA:
		return flags->ca;
	case CONFIG_USER:
		return flags->user;
	case CONFIG_AGENT:
		return flags->agent;
	default:
		return NULL;
	}
}

static bool
is_set(const char *v)
{
	return v != NULL && *v != '\0';
}

enum config_from
config_value(const struct config *f, const struct cred_flags *flags,
    enum config_key k, const char **value)
{
	if (is_set(*value = flag_of(flags, k)))
		return CONFIG_FLAG;
	if (rows[k].env != NULL && is_set(*value = getenv(rows[k].env)))
		return CONFIG_ENV;
	if (is_set(*value = f->value[k]))
		return CONFIG_FILE;
	*value = NULL;
	return CONFIG_DEFAULT;
}

/* --- writing ---------------------------------------------------------------- */

/* Does the line, which is len long, set key? */
static bool
sets(const char *line, size_t len, enum config_key key)
{
	char		*copy = xstrndup(line, len), *value;
	enum config_key	 k;
	bool		 does = parse_line(copy, &k, &value, NULL) == 0 && k == key;

	wipe(copy);
	return does;
}

/* text with the line of key replaced, left out, or added. */
static void
edit(struct str *out, const char *text, enum config_key key, const char *value)
{
	size_t	len;

	for (; *text != '\0'; text += len) {
		len = strcspn(text, "\n");
		if (!sets(text, len, key)) {
			str_addn(out, text, len);
			str_addc(out, '\n');
		} else if (value != NULL) {
			str_addf(out, "%s = %s\n", rows[key].name, value);
			value = NULL;
		}
		len += text[len] == '\n';
	}
	if (value != NULL)
		str_addf(out, "%s = %s\n", rows[key].name, value);
}

/* A link stays one, to the file that is written anew. */
static int
replace(const char *path, const struct str *text, struct err *e)
{
	char	*real = realpath(path, NULL), *dir = path_dir(path);
	int	 ret;

	if (real == NULL)
		ret = file_mkdirs(dir, 0700, e);
	else
		ret = 0;
	if (ret == 0)
		ret = file_write(real != NULL ? real : path, str_text(text),
		    text->len, 0600, e);
	free(dir);
	free(real);
	return ret;
}

int
config_write(const struct config *f, enum config_key key, const char *value,
    struct err *e)
{
	struct str	 out = STR_INIT;
	size_t		 len = 0;
	char		*text = NULL;
	int		 ret;

	if (f->path == NULL)
		return err_set(e, "there is no place for the file of settings: "
		    "HOME is not set");
	if (f->there && (text = read_text(f, &len, e)) == NULL)
		return -1;
	edit(&out, text != NULL ? text : "", key, value);
	if (text != NULL)
		secret_wipe(text, len);
	free(text);
	if (out.len > CONFIG_MAX)
		ret = err_set(e, "%s: it would become too long", f->path);
	else
		ret = replace(f->path, &out, e);
	if (out.s != NULL)
		secret_wipe(out.s, out.len);
	str_release(&out);
	return ret;
}
