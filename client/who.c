/* who.c - which instances a command means (who.h). */
#include "client/who.h"

#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/xmalloc.h"
#include "client/group.h"
#include "client/target.h"

#define NAME_LEN	200
#define LIST_MAX	(4 * 1024 * 1024)
#define SHOWN		8	/* names in an error text */

/* --- words ------------------------------------------------------------------ */

/* TYPE@HOST. A path may hold an '@', too. */
static bool
is_direct(const char *word)
{
	return target_is_direct(word) && strchr(word, '/') == NULL &&
	    *word != '@' && *word != '-';
}

/* user-...-NUMBER: what the names of instances are like. */
static bool
is_whole(const char *word)
{
	const char	*last = strrchr(word, '-');

	return str_starts(word, "user-") && str_name_ok(word, NAME_LEN) &&
	    last > word + strlen("user-") && last[1] != '\0' &&
	    strspn(last + 1, "0123456789") == strlen(last + 1);
}

static void
add_names(struct str *s, const struct strs *names, const char *prefix)
{
	size_t	i, n = 0;

	for (i = 0; i < names->n; i++) {
		if (!str_starts(names->v[i], prefix))
			continue;
		if (n++ < SHOWN)
			str_addf(s, "%s%s", n > 1 ? ", " : "", names->v[i]);
	}
	if (n > SHOWN)
		str_addf(s, " and %zu more", n - SHOWN);
}

/* As err_set, with the names that begin so at the end, and a hint. */
static int
err_names(struct err *e, const char *text, const struct strs *names,
    const char *prefix, const char *hint)
{
	struct str	s = STR_INIT;

	str_add(&s, text);
	add_names(&s, names, prefix);
	str_add(&s, hint);
	err_set(e, "%s", str_text(&s));
	str_release(&s);
	return -1;
}

static int
err_ambiguous(struct err *e, const char *word, const struct strs *alive)
{
	char	*text = xasprintf("\"%s\" may be any of ", word);
	int	 ret = err_names(e, text, alive, word, "");

	free(text);
	return ret;
}

static int
err_nobody(struct err *e, const char *word)
{
	return err_set(e, "there is no instance \"%s\" (see gomote list)", word);
}

/* The name that word means; NULL: none, or *many. */
static const char *
match(const struct strs *alive, const char *word, bool *many)
{
	const char	*found = NULL;
	size_t		 i;

	*many = false;
	for (i = 0; i < alive->n; i++) {
		if (str_eq(alive->v[i], word)) {
			*many = false;
			return alive->v[i];
		}
		if (!is_whole(word) && str_starts(alive->v[i], word)) {
			*many = found != NULL;
			found = alive->v[i];
		}
	}
	return *many ? NULL : found;
}

/* --- the decision ----------------------------------------------------------- */

static enum who_next
one(struct who *w, const char *name, int used)
{
	strs_add(&w->names, name);
	w->used = used;
	return WHO_DONE;
}

static enum who_next
wrong(struct err *e, const char *text)
{
	err_code(e, WHO_USAGE, "%s", text);
	return WHO_FAILED;
}

static enum who_next
decide_counted(struct who *w, const struct who_ask *a, const struct who_view *v,
    struct err *e)
{
	/* It may be said twice. */
	int	used = a->max != -1 && a->n == a->max + 1 &&
		    str_eq(a->operands[0], v->one) ? 1 : 0;

	if (a->n < a->min)
		return wrong(e, "too few arguments");
	if (a->max != -1 && a->n - used > a->max)
		return wrong(e, "too many arguments");
	return one(w, v->one, used);
}

/* The first operand as an instance. must: it can be nothing else; or else, after
 * WHO_FAILED, *own tells that it is the command's. */
static enum who_next
decide_word(struct who *w, const char *word, bool must, const struct who_view *v,
    bool *own, struct err *e)
{
	const char	*name;
	bool		 many;

	*own = false;
	if (is_direct(word))
		return one(w, word, 1);
	if (!str_name_ok(word, NAME_LEN) || (!must && strchr(word, '-') == NULL)) {
		*own = !must;
		err_set(e, "\"%s\" is no name of an instance (see gomote list)", word);
		return WHO_FAILED;
	}
	if (is_whole(word) && v->group == NULL && v->usual == NULL && !v->check)
		return one(w, word, 1);
	if (v->alive == NULL)
		return WHO_NEEDS_ALIVE;
	if ((name = match(v->alive, word, &many)) != NULL)
		return one(w, name, 1);
	*own = !must && !many && !is_whole(word);
	if (many)
		err_ambiguous(e, word, v->alive);
	else
		err_nobody(e, word);
	return WHO_FAILED;
}

static enum who_next
decide_group(struct who *w, const struct who_view *v, struct err *e)
{
	size_t	i;

	w->group = xstrdup(v->group);
	if (v->members->n == 0) {
		err_code(e, WHO_EMPTY, "group %s has no instances (see gomote "
		    "create, and group add)", v->group);
		return WHO_FAILED;
	}
	for (i = 0; i < v->members->n; i++)
		strs_add(&w->names, v->members->v[i]);
	return WHO_DONE;
}

static enum who_next
decide_usual(struct who *w, const struct who_view *v, struct err *e)
{
	const char	*name;
	bool		 many;

	if (is_direct(v->usual) || is_whole(v->usual))
		return one(w, v->usual, 0);
	if (v->alive == NULL)
		return WHO_NEEDS_ALIVE;
	if ((name = match(v->alive, v->usual, &many)) != NULL)
		return one(w, name, 0);
	if (many)
		err_ambiguous(e, v->usual, v->alive);
	else
		err_nobody(e, v->usual);
	err_wrap(e, "GOMOTE_INSTANCE");
	return WHO_FAILED;
}

static enum who_next
decide_only(struct who *w, const struct who_ask *a, const struct who_view *v,
    struct err *e)
{
	if (!a->guess)
		return wrong(e, "which instance?");
	if (v->alive == NULL)
		return WHO_NEEDS_ALIVE;
	if (v->alive->n == 1)
		return one(w, v->alive->v[0], 0);
	if (v->alive->n == 0)
		err_set(e, "you have no instance (see gomote create)");
	else
		err_names(e, "which instance? Name one of ", v->alive, "",
		    ", or set GOMOTE_INSTANCE or GOMOTE_GROUP");
	return WHO_FAILED;
}

static enum who_next
no_group(const struct who_view *v, struct err *e)
{
	err_set(e, "there is no group \"%s\" (see gomote group list)", v->group);
	return WHO_FAILED;
}

/* Where no operand says it. */
static enum who_next
decide_rest(struct who *w, const struct who_ask *a, const struct who_view *v,
    struct err *e)
{
	if (v->group != NULL && !v->group_asked)
		return WHO_NEEDS_GROUP;
	if (v->group != NULL && v->members != NULL)
		return decide_group(w, v, e);
	return v->usual != NULL ? decide_usual(w, v, e) : decide_only(w, a, v, e);
}

enum who_next
who_decide(struct who *w, const struct who_ask *a, const struct who_view *v,
    struct err *e)
{
	const char	*word = a->n > 0 ? a->operands[0] : NULL;
	bool		 must = a->max != -1 && a->n > a->max;
	bool		 may = word != NULL && a->n - 1 >= a->min, own;
	enum who_next	 next;

	if (v->one != NULL)
		return decide_counted(w, a, v, e);
	if (v->group_named && !v->group_asked)
		return WHO_NEEDS_GROUP;
	if (v->group_named && v->members == NULL)
		return no_group(v, e);
	if (a->n < a->min)
		return wrong(e, "too few arguments");
	if (must && a->n - 1 > a->max)
		return wrong(e, "too many arguments");
	if (word != NULL && !may && is_whole(word))	/* not run elsewhere */
		return wrong(e, "too few arguments");
	if (may) {
		next = decide_word(w, word, must, v, &own, e);
		if (!own)
			return next;
	}
	return decide_rest(w, a, v, e);
}

/* --- asking ----------------------------------------------------------------- */

static int
add_alive(struct strs *alive, const struct json *j, struct err *e)
{
	struct api_instance	i;

	if (api_instance_parse(&i, j, e) == -1)
		return -1;
	strs_add(alive, i.name);
	api_instance_release(&i);
	return 0;
}

static int
get_alive(struct strs *alive, struct call *c, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = "/buildlet/list",
		.doing = "list" };
	struct str		 text = STR_INIT;
	struct json		*j = NULL;
	size_t			 i;
	int			 ret = call_text(c, &q, LIST_MAX, &text, e);

	if (ret == 0 && (j = json_parse(str_text(&text), text.len, e)) == NULL)
		ret = err_wrap(e, "coordinator: list: the answer");
	for (i = 0; ret == 0 && i < json_len(j); i++)
		if ((ret = add_alive(alive, json_at(j, i), e)) == -1)
			err_wrap(e, "coordinator: list: the answer");
	json_free(j);
	str_release(&text);
	return ret;
}

struct asked {
	struct call	*c;		/* NULL: nothing was asked yet */
	struct strs	 alive;
	struct group	 group;
};

/* Fills in v what who_decide wants to know. */
static int
look(struct who_view *v, struct asked *k, struct gomote *g, enum who_next next,
    struct err *e)
{
	if (k->c == NULL && (k->c = cmd_call(g, NULL, e)) == NULL)
		return -1;
	if (next == WHO_NEEDS_ALIVE) {
		v->alive = &k->alive;
		return get_alive(&k->alive, k->c, e);
	}
	v->group_asked = true;
	if (group_get(&k->group, k->c, v->group, e) == 0) {
		v->members = &k->group.instances;
	} else if (e->code != GROUP_NONE) {
		group_blame(e, v->group_named);
		return -1;
	}
	return 0;
}

static void
asked_release(struct asked *k)
{
	call_free(k->c);
	strs_release(&k->alive);
	group_release(&k->group);
}

static const char *
env_instance(void)
{
	const char	*name = getenv("GOMOTE_INSTANCE");

	return name != NULL && *name != '\0' ? name : NULL;
}

int
who_find(struct who *w, struct gomote *g, const struct who_ask *a, struct err *e)
{
	struct who_view	 v = { .one = g->instance, .usual = env_instance() };
	struct asked	 k = { NULL, STRS_INIT, { NULL, STRS_INIT } };
	enum who_next	 next;

	memset(w, 0, sizeof *w);
	v.group = group_active(g, &v.group_named);
	while ((next = who_decide(w, a, &v, e)) == WHO_NEEDS_ALIVE ||
	    next == WHO_NEEDS_GROUP)
		if (look(&v, &k, g, next, e) == -1) {
			next = WHO_FAILED;
			break;
		}
	asked_release(&k);
	return next == WHO_DONE ? 0 : -1;
}

void
who_release(struct who *w)
{
	strs_release(&w->names);
	free(w->group);
	memset(w, 0, sizeof *w);
}

int
who_names(struct strs *names, struct gomote *g, char *const *words, int n,
    bool check, struct err *e)
{
	struct who_view	 v = { .check = check };
	struct asked	 k = { NULL, STRS_INIT, { NULL, STRS_INIT } };
	struct who	 w = { STRS_INIT, NULL, 0 };
	enum who_next	 next = WHO_DONE;
	bool		 own;
	int		 i;

	for (i = 0; i < n && next == WHO_DONE; i++)
		while ((next = decide_word(&w, words[i], true, &v, &own, e)) ==
		    WHO_NEEDS_ALIVE)
			if (look(&v, &k, g, next, e) == -1) {
				next = WHO_FAILED;
				break;
			}
	for (i = 0; next == WHO_DONE && (size_t)i < w.names.n; i++)
		strs_add(names, w.names.v[i]);
	asked_release(&k);
	who_release(&w);
	return next == WHO_DONE ? 0 : -1;
}
