/* cmd_config.c - gomote config */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/xmalloc.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/config.h"
#include "client/out.h"
#include "client/say.h"
#include "client/table.h"
#include "client/target.h"
#include "data/json.h"
#include "io/secret.h"

#define TOKEN_MAX	4096
#define NOT_SHOWN	"(not shown)"

/* One setting, as it is told. */
struct told {
	const char	*value;		/* NULL: not set; never a secret */
	const char	*from;		/* "flag", "environment", "file", "default" */
	char		*where;		/* the flag, the variable, the file; "-" */
};

static struct told
tell(const struct gomote *g, const struct config *f, enum config_key k)
{
	static const char *const names[] = { "default", "file", "environment", "flag" };
	const struct config_row	*row = config_row(k);
	struct told		 t;
	enum config_from	 from = config_value(f, &g->flags, k, &t.value);

	if (k == CONFIG_TOKEN_FILE && g->flags.token_file != NULL) {
		t.value = g->flags.token_file;
		from = CONFIG_FLAG;
	}
	t.from = names[from];
	t.where = from == CONFIG_FLAG ? xasprintf("-%s", row->name) :
	    xstrdup(from == CONFIG_ENV ? row->env : from == CONFIG_FILE ? f->path : "-");
	if (k == CONFIG_AGENT && t.value == NULL)
		t.value = "10m";
	if (row->secret && t.value != NULL)
		t.value = NOT_SHOWN;
	return t;
}

/* --- list, get -------------------------------------------------------------- */

static void
list_row(struct table *table, const struct told *t, enum config_key k)
{
	table_add(table, config_row(k)->name);
	table_add(table, t->value != NULL ? t->value : "-");
	table_add(table, t->from);
	table_add(table, t->where);
}

static void
list_item(struct asjson *out, const struct told *t, enum config_key k)
{
	struct json	*j = json_object();
	bool		 secret = config_row(k)->secret;

	json_set_str(j, "Key", config_row(k)->name);
	json_set_bool(j, "Set", t->value != NULL);
	json_set_str(j, "Value", secret ? NULL : t->value);
	json_set_str(j, "From", t->from);
	json_set_str(j, "Where", t->where);
	asjson_item(out, j);
	json_free(j);
}

static int
config_list(const struct gomote *g, const struct config *f, bool json, struct err *e)
{
	static const char *const titles[] = { "KEY", "VALUE", "FROM", "WHERE" };
	struct table	*table = table_new(titles, nitems(titles));
	struct asjson	 out = ASJSON_INIT;
	struct told	 t;
	size_t		 i;

	for (i = 0; i < CONFIG_KEYS; i++) {
		t = tell(g, f, (enum config_key)i);
		if (json)
			list_item(&out, &t, (enum config_key)i);
		else
			list_row(table, &t, (enum config_key)i);
		free(t.where);
	}
	if (!json)
		table_print(table);
	table_free(table);
	return json ? asjson_end(&out, e) : out_flush(e);
}

static int
config_get(const struct gomote *g, const struct config *f, enum config_key k,
    struct err *e)
{
	struct told	t = tell(g, f, k);
	char		*text;

	free(t.where);
	if (t.value == NULL)
		return err_set(e, "config: %s is not set (see gomote config set)",
		    config_row(k)->name);
	text = xstrdup(t.value);
	say_tame(text);
	printf("%s\n", text);
	free(text);
	return out_flush(e);
}

/* --- set -------------------------------------------------------------------- */

/* A line from the terminal, which does not show it. Ctrl-C is a letter meanwhile,
 * so that nothing ends us before it shows again what is typed. */
static ssize_t
read_hidden(char *buf, size_t size)
{
	struct termios	before, hidden;
	ssize_t		n;

	if (tcgetattr(STDIN_FILENO, &before) == -1)
		return -1;
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == -1)
		return -1;
	say_note("type the token (it is not shown), and Enter");
	n = read(STDIN_FILENO, buf, size);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	return n;
}

/* A token is printable; what else there is was a key that means something. */
static bool
is_token(const char *buf, ssize_t n)
{
	ssize_t	i;

	for (i = 0; i < n; i++)
		if (buf[i] <= ' ' || buf[i] == 0x7f)
			return false;
	return n <= TOKEN_MAX;
}

static char *
read_token(struct err *e)
{
	char	 buf[TOKEN_MAX + 1];
	ssize_t	 n = isatty(STDIN_FILENO) ? read_hidden(buf, sizeof buf) :
	    file_read_full(STDIN_FILENO, buf, sizeof buf);
	char	*token = NULL;

	while (n > 0 && strchr(" \t\r\n", buf[n - 1]) != NULL)
		n--;

	if (n == -1)
		err_errno(e, "config: read the token from stdin");
	else if (!is_token(buf, n))
		err_set(e, "config: what is on stdin is no token");
	else
		token = xstrndup(buf, (size_t)n);
	secret_wipe(buf, sizeof buf);
	return token;
}

static int
check_agent(const char *value, struct err *e)
{
	int64_t	ms;

	if (str_eq(value, "on") || str_eq(value, "off") ||
	    clock_parse_duration(value, &ms) == 0)
		return 0;
	return err_set(e, "config: agent %s: neither on, off nor a duration "
	    "such as 10m", value);
}

static int
check_server(const char *value, struct err *e)
{
	struct target	t;

	if (target_init(&t, value, NULL, e) == -1)
		return err_wrap(e, "config");
	target_release(&t);
	return 0;
}

/* A name that the file can hold, whatever directory it is read from. */
static char *
full_name(const char *value, struct err *e)
{
	char	*full = realpath(value, NULL);

	if (full == NULL)
		err_errno(e, "config: %s", value);
	return full;
}

/* What stands in the file for value, malloc'ed; NULL and e. */
static char *
value_for(enum config_key k, const char *value, struct err *e)
{
	char	*v;

	if (k == CONFIG_TOKEN && !str_eq(value, "-")) {
		err_set(e, "config: others could read a token on the command line; "
		    "give - and type it into stdin");
		return NULL;
	}
	v = k == CONFIG_TOKEN ? read_token(e) :
	    config_row(k)->file ? full_name(value, e) : xstrdup(value);
	if (v == NULL)
		return NULL;
	if ((k == CONFIG_SERVER && check_server(v, e) == -1) ||
	    (k == CONFIG_AGENT && check_agent(v, e) == -1)) {
		free(v);
		return NULL;
	}
	if (*v != '\0' && v[strcspn(v, "\r\n")] == '\0' &&
	    strchr(" \t", v[0]) == NULL && strchr(" \t", v[strlen(v) - 1]) == NULL)
		return v;
	err_set(e, "config: %s: empty, of several lines, or with blanks at its "
	    "ends", config_row(k)->name);
	free(v);
	return NULL;
}

static int
config_set(const struct gomote *g, const struct config *f, enum config_key k,
    const char *value, struct err *e)
{
	char		*v = value_for(k, value, e);
	struct told	 t;
	int		 ret = -1;

	if (v != NULL)
		ret = config_write(f, k, v, e);
	if (v != NULL)
		secret_wipe(v, strlen(v));
	free(v);
	if (ret == -1)
		return -1;
	t = tell(g, f, k);
	if (str_eq(t.from, "flag") || str_eq(t.from, "environment"))
		say_note("%s goes before it and says otherwise, perhaps", t.where);
	free(t.where);
	return 0;
}

static int
config_unset(const struct config *f, enum config_key k, struct err *e)
{
	return f->value[k] == NULL ? 0 : config_write(f, k, NULL, e);
}

/* --- the command ------------------------------------------------------------ */

static const struct verb {
	const char	*name;
	int		 words;		/* behind it */
} verbs[] = { { "list", 0 }, { "get", 1 }, { "set", 2 }, { "unset", 1 } };

static int
config_do(const struct gomote *g, const struct config *f, char **word, bool json,
    struct err *e)
{
	enum config_key	k;

	if (str_eq(word[0], "list"))
		return config_list(g, f, json, e);
	if ((k = config_find(word[1], e)) == CONFIG_KEYS)
		return err_wrap(e, "config");
	if (str_eq(word[0], "get"))
		return config_get(g, f, k, e);
	if (str_eq(word[0], "set"))
		return config_set(g, f, k, word[2], e);
	return config_unset(f, k, e);
}

static const struct verb *
find_verb(const char *name)
{
	size_t	i;

	for (i = 0; i < nitems(verbs); i++)
		if (str_eq(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int
config_run(struct gomote *g, int argc, char **argv)
{
	bool			 json = false;
	const struct opt	 opts[] = {
		{ "json", OPT_BOOL, &json, NULL, "with list: as JSON" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	char			 list[] = "list", *only[] = { list, NULL }, **word;
	const struct verb	*verb;
	struct config		 f;
	struct err		 e = ERR_INIT;
	int			 i, status, ret;

	i = cmd_options_any(&cmd_config, opts, argc, argv, 0, 3, &status);
	if (i == -1)
		return status;
	word = i < argc ? argv + i : only;
	if ((verb = find_verb(word[0])) == NULL)
		return cmd_usage(&cmd_config, "%s: neither list, get, set nor unset",
		    word[0]);
	if (i < argc && argc - i != 1 + verb->words)
		return cmd_usage(&cmd_config, "%s: too %s arguments", verb->name,
		    argc - i > 1 + verb->words ? "many" : "few");
	ret = config_load(&f, g->flags.config, &e);
	if (ret == 0)
		ret = config_do(g, &f, word, json, &e);
	config_release(&f);
	return ret == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_config = { "config",
	"[-json] [list]\n       gomote config get KEY | set KEY VALUE | unset KEY",
	"tell or change your settings",
	"Tells each setting, and whether a flag, the environment or the file of\n"
	"settings says so, or changes it in the file. A token is never shown, and\n"
	"is read from stdin where VALUE is \"-\". Names of files are kept in full.\n\n"
	"  gomote config\n"
	"  gomote config set server https://builds.example.org\n"
	"  gomote config set token - <token.txt",
	config_run };
