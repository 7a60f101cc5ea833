/* cmd_list.c - gomote list */
#include <stdio.h>

#include "api/types.h"
#include "base/clock.h"
#include "client/cmd.h"
#include "client/group.h"
#include "client/out.h"

#define LIST_MAX (4 * 1024 * 1024)

/* only: the group that is set; NULL: all are shown. */
static int
list_print(const struct json *j, const struct group *only, int64_t now,
    struct err *e)
{
	struct api_instance	i;
	char			buf[CLOCK_TEXT_MAX];

	if (api_instance_parse(&i, j, e) == -1)
		return -1;
	if (only != NULL && !strs_has(&only->instances, i.name)) {
		api_instance_release(&i);
		return 0;
	}
	printf("%s\t%s\t%s\t", i.name, i.builder_type, i.host_type);
	if (i.expires > now)
		printf("expires in %s\n", clock_duration(
		    (i.expires - now + 999) / 1000 * 1000, buf));
	else
		printf("expired\n");
	api_instance_release(&i);
	return 0;
}

static int
list_print_all(const struct str *text, const struct group *only, struct err *e)
{
	struct json		*j = json_parse(str_text(text), text->len, e);
	struct clock		 clock = CLOCK_INIT;
	int64_t			 now = clock_wall(&clock);
	size_t			 n;
	int			 ret = 0;

	if (j == NULL || json_is(j) != JSON_ARRAY)
		ret = j == NULL ? -1 : err_set(e, "not a list");
	for (n = 0; ret == 0 && n < json_len(j); n++)
		ret = list_print(json_at(j, n), only, now, e);
	json_free(j);
	return ret == 0 ? 0 : err_wrap(e, "coordinator: list: the answer");
}

/* All, or those of the group that is set. */
static int
list_ask(struct call *c, struct gomote *g, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = "/buildlet/list",
	    .doing = "list" };
	struct str		 text = STR_INIT;
	struct group		 only;
	int			 set = group_get_active(&only, g, c, e), ret = -1;

	if (set != -1 && call_text(c, &q, LIST_MAX, &text, e) == 0)
		ret = list_print_all(&text, set == 1 ? &only : NULL, e);
	group_release(&only);
	str_release(&text);
	return ret;
}

static int
list_run(struct gomote *g, int argc, char **argv)
{
	const struct opt	 none[] = { { NULL, OPT_BOOL, NULL, NULL, NULL } };
	struct err		 e = ERR_INIT;
	struct call		*c;
	int			 status, ret = -1;

	if (cmd_options(&cmd_list, none, argc, argv, 0, 0, &status) == -1)
		return status;
	if ((c = cmd_call(g, NULL, &e)) != NULL)
		ret = list_ask(c, g, &e);
	call_free(c);
	if (ret == -1 || out_flush(&e) == -1)
		return cmd_fail(&e);
	return EXIT_OK;
}

const struct cmd cmd_list = { "list", "",
	"list your instances",
	"Prints a line for each of your instances, or of the group that is set: name, builder type, host\n"
	"type, and when it ends unless it is used before; tabs between them.",
	list_run };
