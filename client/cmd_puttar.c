/* cmd_puttar.c - gomote puttar */
#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/upload.h"

struct puttar {
	char		*dir;
	bool		 quiet;
	const char	*instance, *source;
};

/* The buildlet fetches it by itself. */
static int
puttar_url(struct call *c, struct call_request *q, const char *url,
    struct err *e)
{
	struct form	*form = form_new();
	int		 ret;

	form_add(form, "url", url);
	q->method = "POST";
	q->form = form;
	q->head_ms = UPLOAD_ANSWER_MS;
	ret = call_text(c, q, 4096, NULL, e);
	form_free(form);
	return ret;
}

static int
puttar_file(struct gomote *g, struct call *c, struct call_request *q,
    const struct puttar *p, struct err *e)
{
	const char	*source = p->source;
	int		 fd, ret;

	if (str_eq(source, "-"))
		return upload_fd(g->loop, c, q, STDIN_FILENO, "stdin", p->quiet,
		    e);
	if ((fd = open(source, O_RDONLY | O_CLOEXEC)) == -1)
		return err_errno(e, "open %s", source);
	ret = upload_fd(g->loop, c, q, fd, source, p->quiet, e);
	close(fd);
	return ret;
}

static int
puttar_send(struct gomote *g, const struct puttar *p, struct err *e)
{
	struct form		*query;
	struct call		*c;
	struct call_request	 q = { .method = "PUT", .path = "/writetgz",
	    .doing = "puttar" };
	int			 ret;

	if ((c = cmd_call(g, p->instance, e)) == NULL)
		return -1;
	query = form_new();
	form_add(query, "dir", p->dir);
	q.query = query;
	if (str_starts(p->source, "http://") ||
	    str_starts(p->source, "https://"))
		ret = puttar_url(c, &q, p->source, e);
	else
		ret = puttar_file(g, c, &q, p, e);
	form_free(query);
	call_free(c);
	return ret;
}

static int
puttar_several(struct broadcast_how *how, char **operands, int n, void *arg)
{
	(void)arg;
	how->input = n == 0 || str_eq(operands[0], "-");
	return EXIT_OK;
}

static int
puttar_run(struct gomote *g, int argc, char **argv)
{
	char			 here[] = ".";
	struct puttar		 p = { here, false, NULL, "-" };
	const struct opt	 opts[] = {
		{ "dir", OPT_STRING, &p.dir, "DIR",
		    "where to, relative to the work directory" },
		{ "q", OPT_BOOL, &p.quiet, NULL, "do not show how far it is" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	 fan = { .cmd = &cmd_puttar, .opts = opts, .max = 1,
		.several = puttar_several };
	struct err		 e = ERR_INIT;
	int			 i, status;

	if ((i = fan_in(g, &fan, argc, argv, &p.instance, &status)) == -1)
		return status;
	if (i < argc)
		p.source = argv[i];
	if (puttar_send(g, &p, &e) == -1)
		return cmd_fail(&e);
	return EXIT_OK;
}

const struct cmd cmd_puttar = { "puttar", "[-dir DIR] [-q] [INSTANCE] [SOURCE]",
	"unpack a .tar.gz on an instance",
	"Unpacks a .tar.gz into DIR, which is made if it is missing. SOURCE is a\n"
	"file, a URL that the instance fetches itself (http:// or https://), or\n"
	"\"-\" or nothing for stdin.\n\n"
	"  tar -C src -zc x | gomote puttar -dir gopath/src user-alice-linux-amd64-0\n"
	"  gomote puttar -dir go user-alice-linux-amd64-0 https://host/go1.22.tar.gz",
	puttar_run };
