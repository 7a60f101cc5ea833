/*
 * types.c - what goes over the wire as JSON or as lines of GET /ls, both ways.
 */
#include "api/types.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/xmalloc.h"
#include "http/url.h"

/* A member that must be a string if it is there; "" where it is missing. */
static int
take_str(const struct json *j, const char *key, char **out, struct err *e)
{
	const struct json *v = json_get(j, key);

	if (v != NULL && json_is(v) != JSON_NULL && json_is(v) != JSON_STRING)
		return err_set(e, "%s is not a string", key);
	*out = xstrdup(json_str(j, key, ""));
	return 0;
}

/* As take_str, but what is missing or empty gives NULL. */
static int
take_optional(const struct json *j, const char *key, char **out, struct err *e)
{
	if (take_str(j, key, out, e) == -1)
		return -1;
	if (**out == '\0') {
		free(*out);
		*out = NULL;
	}
	return 0;
}

static int
take_time(const struct json *j, const char *key, int64_t *out, struct err *e)
{
	const char *s = json_str(j, key, NULL);

	if (s == NULL)
		return err_set(e, "%s is missing or not a string", key);
	if (clock_parse_rfc3339(s, out) == -1)
		return err_set(e, "%s is not a time: %.60s", key, s);
	return 0;
}

static void
set_time(struct json *j, const char *key, int64_t wall_ms)
{
	char buf[CLOCK_TEXT_MAX];

	json_set_str(j, key, clock_rfc3339(wall_ms, true, buf));
}

/* --- buildlet objects ---------------------------------------------------- */

struct json *
api_instance_json(const struct api_instance *i)
{
	struct json *j = json_object();

	json_set_str(j, "User", i->user);
	json_set_str(j, "Name", i->name);
	json_set_str(j, "HostType", i->host_type);
	json_set_str(j, "BuilderType", i->builder_type);
	set_time(j, "Created", i->created);
	set_time(j, "Expires", i->expires);
	return j;
}

int
api_instance_parse(struct api_instance *i, const struct json *j, struct err *e)
{
	memset(i, 0, sizeof *i);
	if (json_is(j) != JSON_OBJECT)
		return err_set(e, "buildlet: not an object");
	if (take_str(j, "User", &i->user, e) == -1 ||
	    take_str(j, "Name", &i->name, e) == -1 ||
	    take_str(j, "HostType", &i->host_type, e) == -1 ||
	    take_str(j, "BuilderType", &i->builder_type, e) == -1 ||
	    take_time(j, "Created", &i->created, e) == -1 ||
	    take_time(j, "Expires", &i->expires, e) == -1)
		goto bad;
	if (*i->name == '\0') {
		err_set(e, "Name is missing");
		goto bad;
	}
	return 0;
bad:
	api_instance_release(i);
	return err_wrap(e, "buildlet");
}

void
api_instance_release(struct api_instance *i)
{
	free(i->user);
	free(i->name);
	free(i->host_type);
	free(i->builder_type);
	memset(i, 0, sizeof *i);
}

/* --- GET /status --------------------------------------------------------- */

struct json *
api_status_json(const struct api_status *s)
{
	struct json	*j = json_object();
	struct json	*features;
	size_t		 n;

	json_set_int(j, "Version", s->version);
	if (s->features.n > 0) {
		features = json_array();
		for (n = 0; n < s->features.n; n++)
			json_push_str(features, s->features.v[n]);
		json_set(j, "Features", features);
	}
	if (s->lease != NULL)
		json_set_str(j, "Lease", s->lease);
	if (s->boot != NULL)
		json_set_str(j, "Boot", s->boot);
	if (strs_has(&s->features, API_F_EXECS)) {
		json_set_int(j, "ExecSeq", s->exec_seq);
		json_set_int(j, "Running", s->running);
	}
	return j;
}

/* Features of a type that we do not know are no feature of ours: skipped. */
static void
take_features(struct strs *out, const struct json *list)
{
	size_t		 n;
	const char	*s;

	if (json_is(list) != JSON_ARRAY)
		return;
	for (n = 0; n < json_len(list); n++)
		if ((s = json_value_str(json_at(list, n))) != NULL)
			strs_add(out, s);
}

static int
status_from(struct api_status *s, const struct json *j, struct err *e)
{
	int64_t version;

	if (json_is(j) != JSON_OBJECT)
		return err_set(e, "not an object");
	version = json_int(j, "Version", -1);
	if (version < 0 || version > INT32_MAX)
		return err_set(e, "no usable Version");
	s->version = (int)version;
	take_features(&s->features, json_get(j, "Features"));
	if (strs_has(&s->features, API_F_EXECS)) {
		s->exec_seq = json_int(j, "ExecSeq", 0);
		s->running = json_int(j, "Running", 0);
	}
	if (take_optional(j, "Lease", &s->lease, e) == -1)
		return -1;
	return take_optional(j, "Boot", &s->boot, e);
}

int
api_status_parse(struct api_status *s, const char *text, size_t len, struct err *e)
{
	struct json	*j;
	int		 ret;

	memset(s, 0, sizeof *s);
	if ((j = json_parse(text, len, e)) == NULL)
		return err_wrap(e, "status");
	ret = status_from(s, j, e);
	json_free(j);
	if (ret == -1) {
		api_status_release(s);
		err_wrap(e, "status");
	}
	return ret;
}

void
api_status_release(struct api_status *s)
{
	strs_release(&s->features);
	free(s->lease);
	free(s->boot);
	memset(s, 0, sizeof *s);
}

/* --- execs ---------------------------------------------------------------- */

static const char *const exec_states[] = {
	[API_EXEC_RUNNING] = "running",
	[API_EXEC_ENDED] = "ended",
	[API_EXEC_LOST] = "lost",
};

const char *
api_exec_state_name(enum api_exec_state st)
{
	return exec_states[st];
}

bool
api_exec_id_ok(const char *id)
{
	size_t	len = strlen(id);

	return len >= API_EXEC_ID_MIN && len <= API_EXEC_ID_MAX &&
	    strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") == len;
}

static int
take_state(const struct json *j, enum api_exec_state *out, struct err *e)
{
	const char	*s = json_str(j, "State", "");
	size_t		 i;

	for (i = 0; i < nitems(exec_states); i++) {
		if (str_eq(s, exec_states[i])) {
			*out = (enum api_exec_state)i;
			return 0;
		}
	}
	return err_set(e, "State is none that we know: %.60s", s);
}

static void
take_args(struct strs *out, const struct json *list)
{
	const char	*s;
	size_t		 i;

	for (i = 0; json_is(list) == JSON_ARRAY && i < json_len(list); i++) {
		s = json_value_str(json_at(list, i));
		strs_add(out, s == NULL ? "" : s);
	}
}

static int
exec_from(struct api_exec *x, const struct json *j, struct err *e)
{
	if (json_is(j) != JSON_OBJECT)
		return err_set(e, "not an object");
	if (take_str(j, "ID", &x->id, e) == -1 || take_str(j, "Cmd", &x->cmd, e) == -1 ||
	    take_str(j, "Status", &x->status, e) == -1 ||
	    take_str(j, "Why", &x->why, e) == -1 || take_state(j, &x->state, e) == -1 ||
	    take_time(j, "Created", &x->created, e) == -1)
		return -1;
	if (!api_exec_id_ok(x->id))
		return err_set(e, "ID is none: %.60s", x->id);
	if (json_str(j, "Ended", NULL) != NULL && take_time(j, "Ended", &x->ended, e) == -1)
		return -1;
	take_args(&x->args, json_get(j, "Args"));
	x->seq = json_int(j, "Seq", 0);
	x->log_end = json_int(j, "LogEnd", 0);
	x->output = json_int(j, "Output", 0);
	return 0;
}

int
api_exec_parse(struct api_exec *x, const struct json *j, struct err *e)
{
	memset(x, 0, sizeof *x);
	if (exec_from(x, j, e) == 0)
		return 0;
	api_exec_release(x);
	return err_wrap(e, "exec");
}

void
api_exec_release(struct api_exec *x)
{
	free(x->id);
	free(x->cmd);
	strs_release(&x->args);
	free(x->status);
	free(x->why);
	memset(x, 0, sizeof *x);
}

static int
execs_from(struct api_execs *l, const struct json *j, struct err *e)
{
	const struct json	*list = json_get(j, "Execs");
	size_t			 i, n = json_is(list) == JSON_ARRAY ? json_len(list) : 0;

	if (json_is(j) != JSON_OBJECT || json_is(list) != JSON_ARRAY)
		return err_set(e, "Execs is missing or not a list");
	l->seq = json_int(j, "Seq", 0);
	l->running = json_int(j, "Running", 0);
	l->v = xcalloc(n + 1, sizeof *l->v);
	for (i = 0; i < n; i++, l->n++)
		if (api_exec_parse(&l->v[i], json_at(list, i), e) == -1)
			return -1;
	return 0;
}

int
api_execs_parse(struct api_execs *l, const char *text, size_t len, struct err *e)
{
	struct json	*j;
	int		 ret;

	memset(l, 0, sizeof *l);
	if ((j = json_parse(text, len, e)) == NULL)
		return err_wrap(e, "execs");
	ret = execs_from(l, j, e);
	json_free(j);
	if (ret == 0)
		return 0;
	api_execs_release(l);
	return err_wrap(e, "execs");
}

void
api_execs_release(struct api_execs *l)
{
	size_t	i;

	for (i = 0; i < l->n; i++)
		api_exec_release(&l->v[i]);
	free(l->v);
	memset(l, 0, sizeof *l);
}

/* --- lines of GET /ls ---------------------------------------------------- */

#define PERM_LETTERS "rwxrwxrwx"
#define PERM_LEN (sizeof PERM_LETTERS - 1)

/* In the order in which Go prints them. */
static const struct {
	uint32_t	mask, bits;
	char		letter;
} mode_letters[] = {
	{ S_IFMT, S_IFDIR, 'd' },
	{ S_IFMT, S_IFLNK, 'L' },
	{ S_IFMT, S_IFBLK, 'D' },
	{ S_IFMT, S_IFCHR, 'D' },
	{ S_IFMT, S_IFIFO, 'p' },
	{ S_IFMT, S_IFSOCK, 'S' },
	{ S_ISUID, S_ISUID, 'u' },
	{ S_ISGID, S_ISGID, 'g' },
	{ S_IFMT, S_IFCHR, 'c' },
	{ S_ISVTX, S_ISVTX, 't' },
};

void
api_ls_mode(uint32_t st_mode, char *out)
{
	char	*p = out;
	size_t	 i;

	for (i = 0; i < nitems(mode_letters); i++)
		if ((st_mode & mode_letters[i].mask) == mode_letters[i].bits)
			*p++ = mode_letters[i].letter;
	if (p == out)
		*p++ = '-';
	for (i = 0; i < PERM_LEN; i++)
		*p++ = st_mode & (0400U >> i) ? PERM_LETTERS[i] : '-';
	*p = '\0';
}

/* The letters before the permission bits: how many, 0 if mode is no mode. No
 * file is of two types. */
static size_t
mode_prefix(const char *mode)
{
	size_t len = strlen(mode), n, i, types = 0;

	if (len <= PERM_LEN || len >= API_LS_MODE_MAX)
		return 0;
	n = len - PERM_LEN;
	if (n == 1 && mode[0] == '-')
		return 1;
	for (i = 0; i < n; i++)
		types += strchr("dLDpS?", mode[i]) != NULL;
	return types <= 1 && strspn(mode, "dalTLDpSugct?") >= n ? n : 0;
}

int
api_ls_perm(const char *mode)
{
	size_t	n = mode_prefix(mode), i;
	int	perm = 0;

	if (n == 0)
		return -1;
	for (i = 0; i < PERM_LEN; i++) {
		if (mode[n + i] == PERM_LETTERS[i])
			perm |= 0400 >> i;
		else if (mode[n + i] != '-')
			return -1;
	}
	return perm;
}

char *
api_ls_format(const struct api_ls *l)
{
	struct str	s = STR_INIT;
	char		time[CLOCK_TEXT_MAX];

	str_addf(&s, "%s\t%s", l->mode, l->path);
	if (l->dir)
		str_addc(&s, '/');
	if (l->regular) {
		str_addf(&s, "\t%" PRId64 "\t%s", l->size,
		    clock_rfc3339(l->mtime, false, time));
		if (l->sha1[0] != '\0')
			str_addf(&s, "\t%s", l->sha1);
	}
	if (l->target != NULL) {
		char *escaped = url_escape(l->target, true);

		str_addf(&s, "\t->%s", escaped);
		free(escaped);
	}
	return str_take(&s);
}

/* Cuts the text after the last tab off and returns it; NULL if there is no tab. */
static char *
cut_field(char *rest)
{
	char *tab = strrchr(rest, '\t');

	if (tab == NULL)
		return NULL;
	*tab = '\0';
	return tab + 1;
}

static bool
is_sha1(const char *s)
{
	return strlen(s) == 40 && strspn(s, "0123456789abcdef") == 40;
}

/* PATH, size, mtime and perhaps the digest, from the right, so that a tab in
 * a name does no harm here. */
static int
parse_regular(struct api_ls *l, char *rest, struct err *e)
{
	char *f = cut_field(rest);

	if (f != NULL && is_sha1(f)) {
		memcpy(l->sha1, f, sizeof l->sha1);
		f = cut_field(rest);
	}
	if (f == NULL || clock_parse_rfc3339(f, &l->mtime) == -1)
		return err_set(e, "no time");
	if ((f = cut_field(rest)) == NULL ||
	    str_int64(f, 0, INT64_MAX, &l->size) == -1)
		return err_set(e, "no size");
	return 0;
}

static int
parse_mode(struct api_ls *l, const char *line, size_t len, struct err *e)
{
	size_t n;

	if (len >= sizeof l->mode)
		return err_set(e, "no mode");
	memcpy(l->mode, line, len);
	l->mode[len] = '\0';
	if (api_ls_perm(l->mode) == -1)
		return err_set(e, "no mode");
	n = mode_prefix(l->mode);
	l->dir = memchr(l->mode, 'd', n) != NULL;
	l->regular = strcspn(l->mode, "dLDpSc?") >= n;
	return 0;
}

/* Cuts "\t->TARGET" off a link's PATH, if it is there. */
static int
parse_link(struct api_ls *l, char *rest, struct err *e)
{
	char *tab = strrchr(rest, '\t');

	if (tab == NULL || !str_starts(tab, "\t->"))
		return 0;
	*tab = '\0';
	l->target = url_unescape(tab + 3, strlen(tab + 3), false);
	return l->target == NULL ? err_set(e, "a broken link target") : 0;
}

static int
parse_path(struct api_ls *l, char *rest, struct err *e)
{
	size_t len = strlen(rest);

	if (l->regular && parse_regular(l, rest, e) == -1)
		return -1;
	if (l->mode[0] == 'L' && parse_link(l, rest, e) == -1)
		return -1;
	if (l->dir) {
		if (len < 2 || rest[len - 1] != '/')
			return err_set(e, "a directory without '/'");
		rest[len - 1] = '\0';
	}
	if (*rest == '\0')
		return err_set(e, "no path");
	return path_check(rest, e);
}

int
api_ls_parse(struct api_ls *l, const char *line, struct err *e)
{
	const char *tab = strchr(line, '\t');

	memset(l, 0, sizeof *l);
	if (tab == NULL) {
		err_set(e, "no tab");
		goto bad;
	}
	l->path = xstrdup(tab + 1);
	if (parse_mode(l, line, (size_t)(tab - line), e) == -1 ||
	    parse_path(l, l->path, e) == -1)
		goto bad;
	return 0;
bad:
	api_ls_release(l);
	return err_wrap(e, "listing line \"%.80s\"", line);
}

void
api_ls_release(struct api_ls *l)
{
	free(l->path);
	free(l->target);
	memset(l, 0, sizeof *l);
}
