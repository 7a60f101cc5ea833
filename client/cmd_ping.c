/* cmd_ping.c - gomote ping */
#include <stdio.h>

#include "base/clock.h"
#include "client/asjson.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/out.h"
#include "data/json.h"

#define ANSWER_MAX (64 * 1024)

/* /workdir needs the buildlet itself to answer, and a password where it has one. */
static int
ping_ask(struct call *c, bool status, struct str *text, struct err *e)
{
	struct call_request	q = { .method = "GET", .path = "/workdir",
	    .doing = "ping" };

	if (call_text(c, &q, ANSWER_MAX, NULL, e) == -1)
		return -1;
	if (!status)
		return 0;
	q.path = "/status";
	return call_text(c, &q, ANSWER_MAX, text, e);
}

/* took: until it had answered. */
static int
ping_json(const char *instance, int64_t took, const struct str *text, struct err *e)
{
	struct json	*j = json_object(), *status;
	int		 ret;

	status = json_parse(str_text(text), text->len, e);
	if (status == NULL) {
		json_free(j);
		return err_wrap(e, "buildlet: ping: the answer");
	}
	json_set_str(j, "Instance", instance);
	json_set_int(j, "Milliseconds", took);
	json_set(j, "Status", status);
	ret = asjson_print(j, e);
	json_free(j);
	return ret;
}

static int
ping_run(struct gomote *g, int argc, char **argv)
{
	bool			 show = false, json = false;
	const struct opt	 opts[] = {
		{ "status", OPT_BOOL, &show, NULL,
		    "print what the buildlet says of itself" },
		{ "json", OPT_BOOL, &json, NULL,
		    "print how long it took, and that, as JSON" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	 fan = { .cmd = &cmd_ping, .opts = opts,
		.json = &json };
	const char		*instance;
	struct err		 e = ERR_INIT;
	struct str		 text = STR_INIT;
	struct clock		 clock = CLOCK_INIT;
	int64_t			 begun = clock_mono(&clock);
	struct call		*c;
	int			 status, ret = -1;

	if (fan_in(g, &fan, argc, argv, &instance, &status) == -1)
		return status;
	if ((c = cmd_call(g, instance, &e)) != NULL)
		ret = ping_ask(c, show || json, &text, &e);
	call_free(c);
	if (ret == 0 && json)
		ret = ping_json(instance, clock_mono(&clock) - begun, &text, &e);
	else if (ret == 0 && show)
		printf("%s\n", str_text(&text));
	str_release(&text);
	if (ret == -1 || out_flush(&e) == -1)
		return cmd_fail(&e);
	return EXIT_OK;
}

const struct cmd cmd_ping = { "ping", "[-status] [-json] [INSTANCE]",
	"check that an instance is alive, and keep it so",
	"Asks the instance for a sign of life, which counts as use: its time\n"
	"to live begins anew. Says nothing where all is well.\n\n"
	"  gomote ping user-alice-linux-amd64-0 && echo alive",
	ping_run };
