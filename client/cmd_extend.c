/* cmd_extend.c - gomote extend */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/out.h"
#include "client/target.h"
#include "data/json.h"
#include "http/url.h"

#define ANSWER_MAX	(64 * 1024)

static int
extend_print(const char *name, bool json, const struct str *text, struct err *e)
{
	struct clock	 clock = CLOCK_INIT;
	struct json	*j = json_parse(str_text(text), text->len, e);
	int64_t		 expires, left;
	char		 buf[CLOCK_TEXT_MAX];
	int		 ret;

	if (json && j != NULL) {
		ret = asjson_print(j, e);
		json_free(j);
		return ret;
	}
	ret = clock_parse_rfc3339(json_str(j, "Expires", ""), &expires);
	json_free(j);
	if (ret == -1)
		return err_set(e, "coordinator: extend: the answer is not what it "
		    "should be");
	left = expires - clock_wall(&clock);
	printf("%s expires in %s\n", name,
	    clock_duration(left > 0 ? (left + 999) / 1000 * 1000 : 0, buf));
	return out_flush(e);
}

static int
extend_ask(struct gomote *g, const char *name, const char *duration, bool json,
    struct err *e)
{
	struct call_request	 q = { .method = "POST", .doing = "extend" };
	struct call		*c;
	struct form		*form;
	struct str		 text = STR_INIT;
	char			*path;
	int			 ret;

	if (target_is_direct(name))
		return err_set(e, "extend: %s is spoken to directly, so it has no "
		    "end", name);
	if ((c = cmd_call(g, NULL, e)) == NULL)
		return -1;
	q.path = path = xasprintf("/api/v1/instances/%s/extend", name);
	q.form = form = form_new();
	form_add(form, "duration", duration);
	ret = call_text(c, &q, ANSWER_MAX, &text, e);
	if (ret == 0)
		ret = extend_print(name, json, &text, e);
	str_release(&text);
	form_free(form);
	free(path);
	call_free(c);
	return ret;
}

/* All is as for one, or for none. */
static int
extend_several(struct broadcast_how *how, char **operands, int n, void *arg)
{
	int64_t	ms;

	(void)how;
	(void)n;
	(void)arg;
	return clock_parse_duration(operands[0], &ms) == 0 ? EXIT_OK :
	    cmd_usage(&cmd_extend, "%s: not a duration such as 2h30m", operands[0]);
}

static int
extend_run(struct gomote *g, int argc, char **argv)
{
	bool			json = false;
	const struct opt	opts[] = {
		{ "json", OPT_BOOL, &json, NULL,
		    "print all that is known of it then, as JSON" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	fan = { .cmd = &cmd_extend, .opts = opts, .min = 1,
		.max = 1, .several = extend_several, .json = &json };
	const char		*instance;
	struct err		e = ERR_INIT;
	int64_t			ms;
	char			text[CLOCK_TEXT_MAX];
	int			i, status;

	if ((i = fan_in(g, &fan, argc, argv, &instance, &status)) == -1)
		return status;
	if (clock_parse_duration(argv[i], &ms) == -1)
		return cmd_usage(&cmd_extend, "%s: not a duration such as 2h30m",
		    argv[i]);
	if (extend_ask(g, instance, clock_duration(ms, text), json, &e) == -1)
		return cmd_fail(&e);
	return EXIT_OK;
}

const struct cmd cmd_extend = { "extend", "[-json] [INSTANCE] DURATION",
	"keep an instance for longer",
	"The instance stays for at least DURATION from now, used or not, as far as\n"
	"the coordinator allows; prints how long that is.\n\n"
	"  gomote extend user-alice-linux-amd64-0 2h\n"
	"  gomote extend 45m",
	extend_run };
