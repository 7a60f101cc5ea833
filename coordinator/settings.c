/*
 * settings.c - coordinator.conf by libConfuse, which gives us syntax, comments,
 * sections and include(). Every value is kept as text with its place, and
 * judged here, so that each error names file and line.
 */
#include "coordinator/settings.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/xmalloc.h"
#include "coordinator/near.h"
#include "coordinator/settings_value.h"

#define FILE_MAX	(1024 * 1024)
/* Names that nobody writes: see context_of and load_text. */
#define KEY_CONTEXT	" context"
#define KEY_LAST	"_last"

struct value {			/* what stands behind a key */
	char	*text;
	char	*file;
	int	 line;
};

enum when { RELOAD, RESTART };	/* SIGHUP is enough; it counts only at a start */

struct key {
	cfg_opt_t	 opt;
	enum value_kind	 kind;
	enum when	 when;
	size_t		 at;		/* offset in the struct */
	const char	*fallback;	/* NULL: nothing */
};

static int value_parse(cfg_t *, cfg_opt_t *, const char *, void *);
static void value_free(void *);

#define KEY(s, member)	offsetof(struct s, member)
#define CFG_VALUE(name) CFG_PTR_CB(name, NULL, CFGF_NONE, value_parse, value_free)
#define CFG_VALUES(name) CFG_PTR_LIST_CB(name, NULL, CFGF_NONE, value_parse, value_free)

static const struct key global_keys[] = {
	{ CFG_VALUE("listen"), VALUE_ADDRESS, RESTART, KEY(settings, listen), "127.0.0.1:8119" },
	{ CFG_VALUE("state-dir"), VALUE_TEXT, RESTART, KEY(settings, state_dir), "/var/lib/gomote" },
	{ CFG_VALUES("public-names"), VALUE_LIST, RESTART, KEY(settings, public_names), NULL },
	{ CFG_VALUE("legacy-master-key-file"), VALUE_TEXT, RESTART, KEY(settings, legacy_master_key_file), "" },
	{ CFG_VALUE("buildlet"), VALUE_TEXT, RESTART, KEY(settings, buildlet), "" },
	{ CFG_VALUE("grace"), VALUE_DURATION, RESTART, KEY(settings, grace_ms), "5m" },
	{ CFG_VALUE("keep"), VALUE_DURATION, RESTART, KEY(settings, keep_ms), "2160h" },
	{ CFG_VALUE("keep-output"), VALUE_DURATION, RESTART, KEY(settings, keep_output_ms), "24h" },
	{ CFG_VALUE("exec-interval"), VALUE_DURATION, RESTART, KEY(settings, exec_poll_ms), "5s" },
	{ CFG_VALUE("save-timeout"), VALUE_DURATION, RESTART, KEY(settings, save_ms), "5s" },
	{ CFG_VALUE("join-timeout"), VALUE_DURATION, RESTART, KEY(settings, join_ms), "10s" },
	{ CFG_VALUE("clean-timeout"), VALUE_DURATION, RESTART, KEY(settings, clean_ms), "2m" },
	{ CFG_VALUE("answer-timeout"), VALUE_DURATION, RESTART, KEY(settings, answer_ms), "1m" },
	{ CFG_VALUE("silence-timeout"), VALUE_DURATION, RESTART, KEY(settings, silence_ms), "30s" },
	{ CFG_VALUE("head-timeout"), VALUE_DURATION, RESTART, KEY(settings, head_ms), "10s" },
	{ CFG_VALUE("stall-timeout"), VALUE_DURATION, RESTART, KEY(settings, stall_ms), "1m" },
	{ CFG_VALUE("connections"), VALUE_COUNT, RESTART, KEY(settings, connections), "10000" },
	{ CFG_VALUE("upload-keep"), VALUE_DURATION, RESTART, KEY(settings, upload_keep_ms), "10m" },
	{ CFG_VALUE("upload-space"), VALUE_SPACE, RESTART, KEY(settings, upload_space), "4G" },
	{ CFG_VALUE("user-upload-space"), VALUE_SPACE, RESTART, KEY(settings, user_upload_space), "2G" },
	{ CFG_VALUE("stream-memory"), VALUE_COUNT, RESTART, KEY(settings, stream_mib), "512" },
	{ CFG_VALUE("user-limit"), VALUE_LIMIT, RELOAD, KEY(settings, user_limit), "none" },
	{ CFG_VALUE("log"), VALUE_LEVEL, RELOAD, KEY(settings, log), "info" },
};

static const struct key host_keys[] = {
	{ CFG_VALUE("pool"), VALUE_TEXT, RELOAD, KEY(host_type, pool), "reverse" },
	{ CFG_VALUE("limit"), VALUE_COUNT, RELOAD, KEY(host_type, limit), "0" },
	{ CFG_VALUE("expect"), VALUE_COUNT, RELOAD, KEY(host_type, expect), "0" },
	{ CFG_VALUE("owner"), VALUE_TEXT, RELOAD, KEY(host_type, owner), "" },
	{ CFG_VALUE("notes"), VALUE_TEXT, RELOAD, KEY(host_type, notes), "" },
	{ CFG_VALUES("env"), VALUE_LIST, RELOAD, KEY(host_type, env), NULL },
};

static const struct key builder_keys[] = {
	{ CFG_VALUE("host-type"), VALUE_TEXT, RELOAD, KEY(builder_type, host_type), "" },
	{ CFG_VALUES("env"), VALUE_LIST, RELOAD, KEY(builder_type, env), NULL },
	{ CFG_VALUE("bootstrap"), VALUE_TEXT, RELOAD, KEY(builder_type, bootstrap), NULL },
	{ CFG_VALUE("setup"), VALUE_TEXT, RELOAD, KEY(builder_type, setup), "make.bash" },
	{ CFG_VALUE("idle"), VALUE_DURATION, RELOAD, KEY(builder_type, idle_ms), "30m" },
	{ CFG_VALUE("lifetime"), VALUE_PERIOD, RELOAD, KEY(builder_type, lifetime_ms), "none" },
};

struct user_section {
	int64_t	limit;
};

static const struct key user_keys[] = {
	{ CFG_VALUE("limit"), VALUE_LIMIT, RELOAD, KEY(user_section, limit), "none" },
};

/* --- what libConfuse calls ---------------------------------------------------- */

static int
value_parse(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	struct value	*v = xcalloc(1, sizeof *v);

	(void)opt;
	v->text = xstrdup(text);
	v->file = xstrdup(cfg->filename == NULL ? "" : cfg->filename);
	v->line = cfg->line;
	*(void **)result = v;
	return 0;
}

/* Whoever writes that name in quotes after all. */
static int
context_parse(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	(void)text;
	(void)result;
	cfg_error(cfg, "no such option '%s'", opt->name);
	return -1;
}

static void
value_free(void *p)
{
	struct value	*v = p;

	if (v == NULL)
		return;
	free(v->text);
	free(v->file);
	free(v);
}

/* libConfuse hands its callbacks nothing of ours, and a global would be one:
 * so each table has an option more, whose pointer is the caller's err. */
static struct err *
context_of(cfg_t *cfg)
{
	cfg_opt_t	*o;
	unsigned	 i;

	for (i = 0; (o = cfg_getnopt(cfg, i)) != NULL; i++)
		if (str_eq(o->name, KEY_CONTEXT))
			return (struct err *)(void *)o->simple_value.ptr;
	return NULL;
}

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct err	*e = context_of(cfg);
	char		 why[ERR_MAX];
	bool		 open;

	if (e == NULL || e->msg[0] != '\0')
		return;		/* the first counts */
	vsnprintf(why, sizeof why, fmt, ap);
	open = strstr(why, KEY_LAST) != NULL;	/* found behind the last line */
	(void)err_set(e, "%s:%d: %s", cfg->filename, cfg->line - open,
	    open ? "a section lacks its closing brace" : why);
}

/* A name that is not absolute is relative to the file that includes. The
 * scanner under libConfuse ends the program where it cannot read, so what is
 * no file never gets there. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct stat	 st;
	const char	*one[1];
	char		*dir, *path;
	int		 ret = -1;

	if (argc != 1) {
		cfg_error(cfg, "include() takes one file name");
		return -1;
	}
	dir = path_dir(cfg->filename);
	path = argv[0][0] == '/' ? xstrdup(argv[0]) : xasprintf("%s/%s", dir, argv[0]);
	if (stat(path, &st) == -1)
		cfg_error(cfg, "include %s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		cfg_error(cfg, "include %s: not a file, or too large", path);
	else {
		one[0] = path;
		ret = cfg_include(cfg, opt, 1, one);
	}
	free(path);
	free(dir);
	return ret;
}

/* --- the tables as libConfuse wants them --------------------------------------- */

/* The longest table, and what is added to it. */
#define TABLE_MAX	(nitems(global_keys) + 8)

static size_t
fill(cfg_opt_t *to, const struct key *keys, size_t n, struct err *e)
{
	const cfg_opt_t	context = __CFG_PTR(KEY_CONTEXT, NULL, CFGF_NONE, (void **)(void *)e,
	    context_parse, NULL);
	const cfg_opt_t	end = CFG_END();
	size_t		i;

	for (i = 0; i < n; i++)
		to[i] = keys[i].opt;
	to[i++] = context;
	to[i] = end;
	return i;
}

static cfg_t *
config_new(bool may_include, struct err *e)
{
	const cfg_flag_t	flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	cfg_opt_t		top[TABLE_MAX], host[TABLE_MAX], builder[TABLE_MAX],
				user[TABLE_MAX];
	size_t			n;
	cfg_t			*cfg;

	fill(host, host_keys, nitems(host_keys), e);
	fill(builder, builder_keys, nitems(builder_keys), e);
	fill(user, user_keys, nitems(user_keys), e);
	n = fill(top, global_keys, nitems(global_keys), e);
	top[n++] = (cfg_opt_t)CFG_SEC("host-type", host, flags);
	top[n++] = (cfg_opt_t)CFG_SEC("builder-type", builder, flags);
	top[n++] = (cfg_opt_t)CFG_SEC("user", user, flags);
	top[n++] = (cfg_opt_t)CFG_VALUE(KEY_LAST);
	if (may_include)
		top[n++] = (cfg_opt_t)CFG_FUNC("include", on_include);
	top[n] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(top, CFGF_NONE);
	if (cfg == NULL)
		fatal("configuration tables");
	cfg_set_error_function(cfg, on_error);
	return cfg;
}

/* --- values -------------------------------------------------------------------- */

static int
bad(const struct value *v, const char *key, const char *why, struct err *e)
{
	return err_set(e, "%s:%d: %s: %s: \"%.80s\"", v->file, v->line, key, why, v->text);
}

static void
defaults(const struct key *keys, size_t n, void *to)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (keys[i].fallback != NULL &&
		    value_take(keys[i].kind, (char *)to + keys[i].at,
		    keys[i].fallback) != NULL)
			fatalx("default of %s", keys[i].opt.name);
}

static int
take_all(const struct key *keys, size_t n, void *to, cfg_t *from, struct err *e)
{
	const struct value	*v;
	const char		*why;
	size_t			 i;
	unsigned		 j;

	defaults(keys, n, to);
	for (i = 0; i < n; i++) {
		for (j = 0; j < cfg_size(from, keys[i].opt.name); j++) {
			v = cfg_getnptr(from, keys[i].opt.name, j);
			if (v == NULL)
				continue;
			why = value_take(keys[i].kind, (char *)to + keys[i].at, v->text);
			if (why != NULL)
				return bad(v, keys[i].opt.name, why, e);
		}
	}
	return 0;
}

/* Puts before e where that is: at the key of the section that e speaks of, or
 * else at its first. */
static int
place(cfg_t *section, const struct key *keys, size_t n, struct err *e)
{
	const struct value	*v, *found = NULL;
	size_t			 i;

	for (i = 0; i < n; i++) {
		if (cfg_size(section, keys[i].opt.name) == 0 ||
		    (v = cfg_getnptr(section, keys[i].opt.name, 0)) == NULL)
			continue;
		if (found == NULL || strstr(e->msg, keys[i].opt.name) != NULL)
			found = v;
	}
	if (found != NULL)
		return err_wrap(e, "%s:%d", found->file, found->line);
	return err_wrap(e, "%s:%d", section->filename, section->line);
}

/* --- sections -------------------------------------------------------------------- */

static int
take_host(struct settings *s, cfg_t *section, struct err *e)
{
	struct host_type	h;
	int			ret;

	memset(&h, 0, sizeof h);
	h.name = xstrdup(cfg_title(section));
	ret = take_all(host_keys, nitems(host_keys), &h, section, e);
	if (ret == 0 && catalog_add_host(s->catalog, &h, e) == -1)
		ret = place(section, host_keys, nitems(host_keys), e);
	free(h.name);
	free(h.pool);
	free(h.owner);
	free(h.notes);
	strs_release(&h.env);
	return ret;
}

static int
add_builder(struct settings *s, const struct builder_type *b, struct err *e)
{
	struct str	near = STR_INIT;

	if (b->host_type[0] == '\0')
		return err_set(e, "builder type %.80s: its host-type is missing", b->name);
	if (catalog_host(s->catalog, b->host_type) == NULL) {
		near_hosts(s->catalog, b->host_type, &near);
		err_set(e, "builder type %.80s: host-type: there is no \"%.80s\"%s", b->name,
		    b->host_type, str_text(&near));
		str_release(&near);
		return -1;
	}
	if (b->bootstrap != NULL && !str_starts(b->bootstrap, "https://") &&
	    !str_starts(b->bootstrap, "http://"))
		return err_set(e, "builder type %.80s: bootstrap: not a URL: %.200s", b->name,
		    b->bootstrap);
	return catalog_add_builder(s->catalog, b, e);
}

static int
take_builder(struct settings *s, cfg_t *section, struct err *e)
{
	struct builder_type	b;
	int			ret;

	memset(&b, 0, sizeof b);
	b.name = xstrdup(cfg_title(section));
	ret = take_all(builder_keys, nitems(builder_keys), &b, section, e);
	if (ret == 0 && add_builder(s, &b, e) == -1)
		ret = place(section, builder_keys, nitems(builder_keys), e);
	free(b.name);
	free(b.host_type);
	free(b.bootstrap);
	free(b.setup);
	strs_release(&b.env);
	return ret;
}

static int
take_user(struct settings *s, cfg_t *section, struct err *e)
{
	struct user_section	u;
	int			ret;

	memset(&u, 0, sizeof u);
	ret = take_all(user_keys, nitems(user_keys), &u, section, e);
	if (u.limit == -1)
		u.limit = VALUE_COUNT_MAX;	/* none, whatever holds for the others */
	if (ret == 0 && catalog_add_limit(s->catalog, cfg_title(section), u.limit, e) == -1)
		ret = place(section, user_keys, nitems(user_keys), e);
	return ret;
}

static int
take_sections(struct settings *s, cfg_t *cfg, const char *what,
    int (*take)(struct settings *, cfg_t *, struct err *), struct err *e)
{
	unsigned	i;

	for (i = 0; i < cfg_size(cfg, what); i++)
		if (take(s, cfg_getnsec(cfg, what, i), e) == -1)
			return -1;
	return 0;
}

static int
take_config(struct settings *s, cfg_t *cfg, struct err *e)
{
	if (take_all(global_keys, nitems(global_keys), s, cfg, e) == -1)
		return -1;
	if (s->user_limit != -1 &&
	    catalog_add_limit(s->catalog, NULL, s->user_limit, e) == -1)
		return -1;
	if (take_sections(s, cfg, "host-type", take_host, e) == -1 ||
	    take_sections(s, cfg, "builder-type", take_builder, e) == -1 ||
	    take_sections(s, cfg, "user", take_user, e) == -1)
		return -1;
	return catalog_check(s->catalog, e);
}

/* --- the whole --------------------------------------------------------------------- */

struct settings *
settings_new(void)
{
	struct settings	*s = xcalloc(1, sizeof *s);

	defaults(global_keys, nitems(global_keys), s);
	s->catalog = catalog_new();
	return s;
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	free(s->listen);
	free(s->state_dir);
	free(s->legacy_master_key_file);
	free(s->buildlet);
	free(s->log);
	strs_release(&s->public_names);
	catalog_unref(s->catalog);
	free(s);
}

/* libConfuse takes the end of the file for the end of any section that is open
 * still; a last key that only the top level knows tells. */
static int
parse_text(cfg_t *cfg, const char *name, const char *text, size_t len, struct err *e)
{
	struct str	 whole = STR_INIT;
	FILE		*f;
	int		 ret;

	if (memchr(text, '\0', len) != NULL)
		return err_set(e, "%s: there is a NUL byte in it", name);
	str_addn(&whole, text, len);
	str_add(&whole, len == 0 || text[len - 1] == '\n' ? "" : "\n");
	str_add(&whole, KEY_LAST " = x\n");
	f = fmemopen(whole.s, whole.len, "r");
	if (f == NULL)
		fatal("fmemopen");
	cfg->filename = strdup(name);
	ret = cfg_parse_fp(cfg, f);
	fclose(f);
	str_release(&whole);
	if (ret == CFG_SUCCESS && e->msg[0] == '\0') {
		if (cfg_size(cfg, KEY_LAST) > 0 && cfg_getnptr(cfg, KEY_LAST, 0) != NULL)
			return 0;
		return err_set(e, "%s: the last comment is not closed", name);
	}
	if (e->msg[0] == '\0')
		return err_set(e, "%s:%d: syntax error", name, cfg->line);
	return -1;
}

static struct settings *
load_text(const char *name, const char *text, size_t len, bool may_include, struct err *e)
{
	struct settings	*s = settings_new();
	struct err	 why = ERR_INIT;
	cfg_t		*cfg = config_new(may_include, &why);

	if (parse_text(cfg, name, text, len, &why) == -1 ||
	    take_config(s, cfg, &why) == -1) {
		settings_free(s);
		s = NULL;
		(void)err_set(e, "%s", why.msg);
	}
	cfg_free(cfg);
	return s;
}

struct settings *
settings_parse(const char *name, const char *text, size_t len, struct err *e)
{
	return load_text(name, text, len, false, e);
}

struct settings *
settings_load(const char *path, struct err *e)
{
	struct settings	*s;
	size_t		 len;
	char		*text = file_read(path, FILE_MAX, &len, e);

	if (text == NULL)
		return NULL;
	s = load_text(path, text, len, true, e);
	free(text);
	return s;
}

void
settings_restart_keys(const struct settings *old, const struct settings *new,
    struct strs *keys)
{
	size_t	i;

	for (i = 0; i < nitems(global_keys); i++)
		if (global_keys[i].when == RESTART && !value_same(global_keys[i].kind,
		    (const char *)old + global_keys[i].at,
		    (const char *)new + global_keys[i].at))
			strs_add(keys, global_keys[i].opt.name);
}
