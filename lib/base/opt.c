/* opt.c - reads a command line by a table, and prints the table as help. */
#include "base/opt.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define OPT_HELP (-2)
#define COLUMN_MAX 28	/* options that are wider get a line of their own */

static int
bool_parse(const char *s, bool *out)
{
	static const char *const	 yes[] =
	    { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const	 no[] =
	    { "0", "f", "F", "false", "FALSE", "False" };
	size_t				 i;

	for (i = 0; i < nitems(yes); i++) {
		if (!str_eq(s, yes[i]) && !str_eq(s, no[i]))
			continue;
		*out = str_eq(s, yes[i]);
		return 0;
	}
	return -1;
}

static int
opt_store(const struct opt *o, char *text, struct err *e)
{
	switch (o->type) {
	case OPT_STRING:
		*(char **)o->value = text;
		return 0;
	case OPT_STRINGS:
		strs_add(o->value, text);
		return 0;
	case OPT_BOOL:
		if (bool_parse(text, o->value) == -1)
			return err_set(e, "option -%s: not true or false: %s",
			    o->name, text);
		return 0;
	case OPT_INT:
		if (str_int64(text, 0, INT32_MAX, o->value) == -1)
			return err_set(e, "option -%s: not a number%s: %s",
			    o->name, text[0] >= '0' && text[0] <= '9' &&
			    text[strspn(text, "0123456789")] == '\0' ?
			    " up to 2147483647" : "", text);
		return 0;
	case OPT_DURATION:
		if (clock_parse_duration(text, o->value) == -1)
			return err_set(e, "option -%s: not a duration such as "
			    "90s or 1h30m: %s", o->name, text);
		return 0;
	}
	return err_set(e, "option -%s: of no known type", o->name);
}

static const struct opt *
opt_find(const struct opt *table, const char *name, size_t len)
{
	for (; table->name != NULL; table++)
		if (strlen(table->name) == len &&
		    memcmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

/* One option: name points behind the dashes, next at the word after it or is
 * NULL. Returns the words used, -1 or OPT_HELP. */
static int
opt_take(const struct opt *table, char *name, char *next, struct err *e)
{
	size_t			 len = strcspn(name, "=");
	const struct opt	*o = opt_find(table, name, len);
	char			*text = name[len] == '=' ? name + len + 1 : NULL;

	if (o == NULL && (str_eq(name, "h") || str_eq(name, "help")))
		return OPT_HELP;
	if (o == NULL)
		return err_set(e, "unknown option -%.*s", (int)len, name);
	if (text == NULL && o->type == OPT_BOOL) {
		*(bool *)o->value = true;
		return 1;
	}
	if (text != NULL)
		return opt_store(o, text, e) == -1 ? -1 : 1;
	if (next == NULL)
		return err_set(e, "option -%s: needs an argument", o->name);
	return opt_store(o, next, e) == -1 ? -1 : 2;
}

int
opt_parse(const struct opt *table, int argc, char **argv, struct err *e)
{
	int	 i = 1, used;
	char	*name;

	while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
		name = argv[i] + (argv[i][1] == '-' ? 2 : 1);
		if (name[0] == '\0')
			return i + 1;	/* "--" */
		if (name[0] == '-' || name[0] == '=')
			return err_set(e, "not an option: %s", argv[i]);
		used = opt_take(table, name, i + 1 < argc ? argv[i + 1] : NULL,
		    e);
		if (used < 0)
			return used;
		i += used;
	}
	return i < argc ? i : argc;
}

static void
text_default(struct str *s, const char *text)
{
	char	*quoted = str_quote(text);

	str_addf(s, " (default %s)", quoted);
	free(quoted);
}

/* Adds " (default X)", or nothing where that is 0, "" or false. */
static void
opt_default(const struct opt *o, struct str *s)
{
	const struct strs	*list;
	char			 buf[CLOCK_TEXT_MAX];
	int64_t			 n;
	size_t			 i;

	switch (o->type) {
	case OPT_STRING:
		if (*(char **)o->value != NULL && **(char **)o->value != '\0')
			text_default(s, *(char **)o->value);
		break;
	case OPT_STRINGS:
		list = o->value;
		for (i = 0; i < list->n; i++)
			text_default(s, list->v[i]);
		break;
	case OPT_BOOL:
		if (*(bool *)o->value)
			str_add(s, " (default true)");
		break;
	case OPT_INT:
		if ((n = *(int64_t *)o->value) != 0)
			str_addf(s, " (default %lld)", (long long)n);
		break;
	case OPT_DURATION:
		if ((n = *(int64_t *)o->value) != 0)
			str_addf(s, " (default %s)", clock_duration(n, buf));
		break;
	}
}

static int
opt_width(const struct opt *o)
{
	size_t	 n = 3 + strlen(o->name);

	if (o->arg != NULL)
		n += 1 + strlen(o->arg);
	return (int)n;
}

void
opt_usage(const struct opt *table, FILE *to)
{
	const struct opt	*o;
	struct str		 s = STR_INIT;
	int			 column = 0, width;

	for (o = table; o->name != NULL; o++) {
		width = opt_width(o);
		if (width > column && width <= COLUMN_MAX)
			column = width;
	}
	for (o = table; o->name != NULL; o++) {
		width = opt_width(o);
		str_clear(&s);
		str_addf(&s, "  -%s%s%s", o->name, o->arg != NULL ? " " : "",
		    o->arg != NULL ? o->arg : "");
		if (width > column)
			str_addf(&s, "\n%*s", column, "");
		else
			str_addf(&s, "%*s", column - width, "");
		str_addf(&s, "    %s", o->help);
		opt_default(o, &s);
		fprintf(to, "%s\n", s.s);
	}
	str_release(&s);
}
