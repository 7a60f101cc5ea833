/* cmd_putbootstrap.c - gomote putbootstrap */
#include "client/bootstrap.h"
#include "client/cmd.h"

static int
putbootstrap(struct gomote *g, const char *instance, struct err *e)
{
	struct call	*c = cmd_call(g, instance, e);
	int		 ret;

	if (c == NULL)
		return -1;
	ret = bootstrap_put(g, c, instance, true, e);
	call_free(c);
	return ret;
}

static int
putbootstrap_run(struct gomote *g, int argc, char **argv)
{
	const struct opt	none[] = { { NULL, OPT_BOOL, NULL, NULL, NULL } };
	struct err		e = ERR_INIT;
	int			i, status;

	i = cmd_options(&cmd_putbootstrap, none, argc, argv, 1, 1, &status);
	if (i == -1)
		return status;
	return putbootstrap(g, argv[i], &e) == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_putbootstrap = { "putbootstrap", "INSTANCE",
	"put the bootstrap toolchain on an instance",
	"Unpacks the toolchain that the builder type names into go1.4, unless\n"
	"that is there already. push does it by itself for a Go tree.",
	putbootstrap_run };
