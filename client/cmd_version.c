/* cmd_version.c - gomote version */
#include <stdio.h>

#include "client/cmd.h"

static int
version_run(struct gomote *g, int argc, char **argv)
{
	const struct opt	none[] = { { NULL, OPT_BOOL, NULL, NULL, NULL } };
	int			status;

	(void)g;
	if (cmd_options(&cmd_version, none, argc, argv, 0, 0, &status) == -1)
		return status;
	printf("gomote %s\n", GOMOTE_VERSION);
	return EXIT_OK;
}

const struct cmd cmd_version = { "version", "",
	"print the version of gomote",
	"Prints the version of this gomote.",
	version_run };
