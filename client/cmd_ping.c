/* cmd_ping.c - gomote ping */
#include <stdio.h>

#include "client/cmd.h"
#include "client/fan.h"
#include "client/out.h"

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

static int
ping_run(struct gomote *g, int argc, char **argv)
{
	bool			 show = false;
	const struct opt	 opts[] = {
		{ "status", OPT_BOOL, &show, NULL,
		    "print what the buildlet says of itself" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	 fan = { .cmd = &cmd_ping, .opts = opts };
	const char		*instance;
	struct err		 e = ERR_INIT;
	struct str		 text = STR_INIT;
	struct call		*c;
	int			 status, ret = -1;

	if (fan_in(g, &fan, argc, argv, &instance, &status) == -1)
		return status;
	if ((c = cmd_call(g, instance, &e)) != NULL)
		ret = ping_ask(c, show, &text, &e);
	call_free(c);
	if (ret == 0 && show)
		printf("%s\n", str_text(&text));
	str_release(&text);
	if (ret == -1 || out_flush(&e) == -1)
		return cmd_fail(&e);
	return EXIT_OK;
}

const struct cmd cmd_ping = { "ping", "[-status] [INSTANCE]",
	"check that an instance is alive, and keep it so",
	"Asks the instance for a sign of life, which counts as use: its time\n"
	"to live begins anew. Says nothing where all is well.",
	ping_run };
