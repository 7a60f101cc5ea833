/* cmd_put.c - gomote put */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/upload.h"

#define STDIN_MODE 0644

struct put {
	char		*mode;		/* octal, as given; NULL: the source's */
	bool		 quiet;
	const char	*instance, *source, *dest;
};

/* Exit status: what -mode says is fine. */
static int
put_check(const struct put *p)
{
	char	*end;
	long	 n;

	if (p->mode == NULL)
		return EXIT_OK;
	errno = 0;
	n = strtol(p->mode, &end, 8);
	if (*p->mode < '0' || *p->mode > '7' || *end != '\0' || errno != 0 ||
	    n > 0777)
		return cmd_usage(&cmd_put, "-mode %s: not permission bits such as 755",
		    p->mode);
	return EXIT_OK;
}

/* The permission bits to send. */
static int
put_mode(const struct put *p, int fd)
{
	struct stat	st;

	if (p->mode != NULL)
		return (int)strtol(p->mode, NULL, 8);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return STDIN_MODE;
	return (int)(st.st_mode & 0777);
}

static int
put_send(struct gomote *g, const struct put *p, int fd, struct err *e)
{
	struct form		*query;
	struct call		*c;
	struct call_request	 q = { .method = "PUT", .path = "/write" };
	int			 ret;

	if ((c = cmd_call(g, p->instance, e)) == NULL)
		return -1;
	query = form_new();
	form_addf(query, "mode", "%d", put_mode(p, fd));
	form_add(query, "path", p->dest);
	q.query = query;
	q.doing = "put";
	ret = upload_fd(g->loop, c, &q, fd, p->source, p->quiet, e);
	form_free(query);
	call_free(c);
	return ret;
}

static int
put_file(struct gomote *g, struct put *p, struct err *e)
{
	int	fd, ret;

	if (strcmp(p->source, "-") == 0) {
		p->source = "stdin";
		return put_send(g, p, STDIN_FILENO, e);
	}
	if ((fd = open(p->source, O_RDONLY | O_CLOEXEC)) == -1)
		return err_errno(e, "open %s", p->source);
	ret = put_send(g, p, fd, e);
	close(fd);
	return ret;
}

static int
put_several(struct broadcast_how *how, char **operands, int n, void *arg)
{
	(void)n;
	how->input = strcmp(operands[0], "-") == 0;
	return put_check(arg);
}

static int
put_run(struct gomote *g, int argc, char **argv)
{
	struct put		 p = { .quiet = false };
	const struct opt	 opts[] = {
		{ "mode", OPT_STRING, &p.mode, "OCTAL",
		    "permission bits (else those of FILE; 644 for stdin)" },
		{ "q", OPT_BOOL, &p.quiet, NULL, "do not show how far it is" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	 fan = { .cmd = &cmd_put, .opts = opts, .min = 1, .max = 2,
		.several = put_several, .arg = &p };
	struct err		 e = ERR_INIT;
	int			 i, status;

	if ((i = fan_in(g, &fan, argc, argv, &p.instance, &status)) == -1)
		return status;
	if ((status = put_check(&p)) != EXIT_OK)
		return status;
	p.source = argv[i];
	if (i + 1 < argc)
		p.dest = argv[i + 1];
	else if (strcmp(p.source, "-") == 0)
		return cmd_usage(&cmd_put, "stdin needs a name: where to?");
	else
		p.dest = path_base(p.source);
	if (put_file(g, &p, &e) == -1)
		return cmd_fail(&e);
	return EXIT_OK;
}

const struct cmd cmd_put = { "put", "[-mode OCTAL] [-q] [INSTANCE] FILE [DEST]",
	"copy a file to an instance",
	"Copies FILE, or stdin where FILE is \"-\", to DEST, a path relative to\n"
	"the work directory; without DEST to FILE's own name there. What stood\n"
	"at DEST is replaced once all has arrived.\n\n"
	"  gomote put user-alice-linux-amd64-0 tool bin/tool\n"
	"  git diff | gomote put user-alice-linux-amd64-0 - my.diff",
	put_run };
