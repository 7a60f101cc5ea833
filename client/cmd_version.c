/* cmd_version.c - gomote version */
#include <stdio.h>

#include "client/asjson.h"
#include "client/cmd.h"
#include "client/out.h"
#include "data/json.h"

static int
version_json(struct err *e)
{
	struct json	*j = json_object();
	int		 ret;

	json_set_str(j, "Version", GOMOTE_VERSION);
	ret = asjson_print(j, e);
	json_free(j);
	return ret;
}

static int
version_run(struct gomote *g, int argc, char **argv)
{
	bool			 json = false;
	const struct opt	 opts[] = {
		{ "json", OPT_BOOL, &json, NULL, "as JSON" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;
	int			 status;

	(void)g;
	if (cmd_options(&cmd_version, opts, argc, argv, 0, 0, &status) == -1)
		return status;
	if (json)
		return version_json(&e) == -1 ? cmd_fail(&e) : EXIT_OK;
	printf("gomote %s\n", GOMOTE_VERSION);
	return out_flush(&e) == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_version = { "version", "[-json]",
	"print the version of gomote",
	"Prints the version of this gomote; gomote doctor tells also the server's.\n\n"
	"  gomote version",
	version_run };
