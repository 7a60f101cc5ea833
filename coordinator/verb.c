/* verb.c - the table of verbs. */
#include "coordinator/verb.h"

#include "base/clock.h"
#include "coordinator/verb_int.h"

struct verb {
	const char	*first, *second;	/* NULL: the verb is one word */
	const char	*operands;		/* for people; NULL: none */
	size_t		 n;			/* how many */
	bool		 offline;		/* needs no daemon */
	verb_fn		 run;
	const char	*help;
};

static const struct verb verbs[] = {
	{ "user", "add", "NAME", 1, true, verb_user_add,
	    "a new user; prints the token, once" },
	{ "user", "list", NULL, 0, true, verb_user_list, "all users" },
	{ "user", "disable", "NAME", 1, true, verb_user_disable,
	    "the user's token is refused from now on" },
	{ "user", "enable", "NAME", 1, true, verb_user_enable, "it is taken again" },
	{ "user", "token", "NAME", 1, true, verb_user_token,
	    "a new token in place of the old one; prints it, once" },
	{ "user", "limit", "NAME N|none", 2, true, verb_user_limit,
	    "how many instances at once; none: as the configuration says" },
	{ "user", "operator", "NAME yes|no", 2, true, verb_user_operator,
	    "may the user see what is others'?" },
	{ "key", "add", "HOST-TYPE NAME", 2, true, verb_key_add,
	    "a key for a machine; prints it, once" },
	{ "key", "list", NULL, 0, true, verb_key_list, "all machine keys" },
	{ "key", "revoke", "NAME", 1, true, verb_key_revoke,
	    "the key is refused from now on, and its machine cut off" },
	{ "machine", "list", NULL, 0, false, verb_machine_list, "machines and their state" },
	{ "instance", "list", NULL, 0, false, verb_instance_list, "everybody's instances" },
	{ "instance", "end", "NAME", 1, false, verb_instance_end, "ends an instance" },
	{ "drain", NULL, "MACHINE", 1, false, verb_drain,
	    "the machine is not lent again after its lease" },
	{ "undrain", NULL, "MACHINE", 1, false, verb_undrain, "it is lent again" },
	{ "events", NULL, NULL, 0, true, verb_events, "the last of the history" },
	{ "status", NULL, NULL, 0, false, verb_status, "host types, machines, queues" },
};

static size_t
words_of(const struct verb *v)
{
	return v->second == NULL ? 1 : 2;
}

static const struct verb *
find(const struct strs *words)
{
	const struct verb	*v;
	size_t			 i;

	for (i = 0; i < nitems(verbs); i++) {
		v = &verbs[i];
		if (words->n >= words_of(v) && str_eq(words->v[0], v->first) &&
		    (v->second == NULL || str_eq(words->v[1], v->second)))
			return v;
	}
	return NULL;
}

static void
usage_of(const struct verb *v, struct str *s)
{
	str_addf(s, "%s%s%s%s%s", v->first, v->second == NULL ? "" : " ",
	    v->second == NULL ? "" : v->second, v->operands == NULL ? "" : " ",
	    v->operands == NULL ? "" : v->operands);
}

int
verb_usage_check(const struct strs *words, struct err *e)
{
	const struct verb	*v = find(words);
	struct str		 s = STR_INIT;

	if (v == NULL)
		return err_set(e, "there is no verb \"%s%s%s\" (coordinator -help lists them)",
		    words->n > 0 ? words->v[0] : "", words->n > 1 ? " " : "",
		    words->n > 1 ? words->v[1] : "");
	if (words->n == words_of(v) + v->n)
		return 0;
	usage_of(v, &s);
	err_set(e, "usage: coordinator %s", str_text(&s));
	str_release(&s);
	return -1;
}

bool
verb_offline(const struct strs *words)
{
	const struct verb	*v = find(words);

	return v != NULL && v->offline;
}

int
verb_run(const struct verb_context *c, const struct strs *words, struct str *out,
    struct err *e)
{
	const struct verb	*v = find(words);

	if (verb_usage_check(words, e) == -1)
		return -1;
	if (!v->offline && c->core == NULL)
		return err_set(e, "the coordinator is not running");
	return v->run(c, words->v + words_of(v), out, e);
}

void
verb_usage(FILE *to)
{
	struct str	s = STR_INIT;
	size_t		i;

	for (i = 0; i < nitems(verbs); i++) {
		str_clear(&s);
		usage_of(&verbs[i], &s);
		fprintf(to, "  %-26s %s\n", str_text(&s), verbs[i].help);
	}
	str_release(&s);
}

const char *
verb_time(int64_t wall, char *buf)
{
	return wall == 0 ? "-" : clock_rfc3339(wall, 0, buf);
}
