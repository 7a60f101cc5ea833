/* cmd_putbootstrap.c - gomote putbootstrap */
#include "client/bootstrap.h"
#include "client/cmd.h"
#include "client/fan.h"

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
	const struct fan	fan = { .cmd = &cmd_putbootstrap, .opts = none };
	const char		*instance;
	struct err		e = ERR_INIT;
	int			status;

	if (fan_in(g, &fan, argc, argv, &instance, &status) == -1)
		return status;
	return putbootstrap(g, instance, &e) == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_putbootstrap = { "putbootstrap", "[INSTANCE]",
	"put the bootstrap toolchain on an instance",
	"Unpacks the toolchain that the builder type names into go1.4, unless\n"
	"that is there already. push does it by itself for a Go tree.\n\n"
	"  gomote putbootstrap user-alice-linux-amd64-0",
	putbootstrap_run };
