/*
 * cmd_gettar.c - gomote gettar
 *
 * The archive is written beside its name and renamed at the end, so that what
 * has the name is always whole. Signals are caught to take the part away.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/out.h"
#include "client/progress.h"
#include "client/say.h"
#include "client/target.h"
#include "io/buf.h"
#include "io/loop.h"

#define ZSTD "application/zstd"

struct gettar {
	char			*dir, *file;
	const char		*instance;
	bool			 quiet, zstd;
	uint64_t		 bytes;		/* written */
	struct tree_file	*part;	/* NULL: to stdout */
	int			 at;	/* the directory of file; to be closed */
	int			 fd;
};

static void
gettar_drop(struct gettar *t)
{
	tree_drop(t->part);
	t->part = NULL;
	if (t->at != -1)
		close(t->at);
	t->at = -1;
}

static void
gettar_interrupted(struct gettar *t, int signo)
{
	struct sigaction	usual;

	gettar_drop(t);
	say_error("gettar: interrupted");
	memset(&usual, 0, sizeof usual);
	usual.sa_handler = SIG_DFL;
	(void)sigaction(signo, &usual, NULL);
	(void)raise(signo);
	_exit(128 + signo);
}

static void
on_int(void *arg)
{
	gettar_interrupted(arg, SIGINT);
}

static void
on_term(void *arg)
{
	gettar_interrupted(arg, SIGTERM);
}

static void
on_hup(void *arg)
{
	gettar_interrupted(arg, SIGHUP);
}

/* A device or a pipe is written to, not replaced. */
static bool
gettar_is_special(const char *file)
{
	struct stat	st;

	return stat(file, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode);
}

static int
gettar_open_special(struct gettar *t, struct err *e)
{
	t->at = t->fd = open(t->file, O_WRONLY | O_CLOEXEC);
	return t->fd != -1 ? 0 : err_errno(e, "open %s", t->file);
}

static int
gettar_open(struct gettar *t, struct loop *loop, struct err *e)
{
	char	*dir;
	mode_t	 mask;

	if (gettar_is_special(t->file))
		return gettar_open_special(t, e);
	dir = path_dir(t->file);
	umask(mask = umask(0));
	if ((t->at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err_errno(e, "open %s", dir);
	else
		t->part = tree_create(t->at, path_base(t->file), 0666 & ~mask, e);
	free(dir);
	if (t->part == NULL)
		return -1;
	t->fd = tree_fd(t->part);
	loop_signal(loop, SIGINT, on_int, t);
	loop_signal(loop, SIGTERM, on_term, t);
	loop_signal(loop, SIGHUP, on_hup, t);
	return 0;
}

static int
gettar_sink(struct evbuffer *b, void *arg, struct err *e)
{
	struct gettar	*t = arg;

	t->bytes += buf_len(b);
	return out_buf(t->fd, b, t->file, e);
}

static uint64_t
gettar_bytes(void *arg)
{
	const struct gettar	*t = arg;

	return t->bytes;
}

static int
gettar_read(struct gettar *t, struct loop *loop, struct call *c, struct err *e)
{
	struct progress_of	 of = { "gettar", -1, false, gettar_bytes, t };
	struct progress		*p;
	const char		*length = call_field(c, "Content-Length");
	int			 ret;

	if (!str_eq(t->file, "-") && gettar_open(t, loop, e) == -1)
		return -1;
	if (length == NULL || str_int64(length, 0, INT64_MAX, &of.total) == -1)
		of.total = -1;
	p = progress_new(loop, &of, t->quiet);
	ret = call_read(c, gettar_sink, t, e);
	progress_free(p);
	if (ret == -1)
		return -1;
	if (t->part == NULL)
		return 0;
	ret = tree_commit(t->part, e);
	t->part = NULL;
	if (ret == 0)
		say_note("wrote %s", t->file);
	return ret;
}

static int
gettar_fetch(struct gomote *g, struct gettar *t, struct err *e)
{
	struct call_request	 q = { .method = "GET", .path = "/tgz",
	    .doing = "gettar" };
	struct form		*query;
	struct call		*c = cmd_call(g, t->instance, e);
	int			 ret;

	if (c == NULL)
		return -1;
	query = form_new();
	form_add(query, "dir", t->dir);
	if (t->zstd)
		form_add(query, "format", "zst");
	q.query = query;
	ret = call_send(c, &q, e);
	/* Buildlets of others know gzip alone, and do not say so. */
	if (ret == 0 && t->zstd && !str_eq(call_field(c, "Content-Type"), ZSTD))
		ret = err_set(e, "%s: gettar: it cannot pack with zstd "
		    "(leave -zstd out)", call_hop(c));
	if (ret == 0)
		ret = gettar_read(t, g->loop, c, e);
	form_free(query);
	call_free(c);
	return ret;
}

/* Each has a file of its own. */
static int
gettar_several(struct broadcast_how *how, char **operands, int n, void *arg)
{
	const struct gettar	*t = arg;

	(void)how;
	(void)operands;
	(void)n;
	return t->file == NULL ? EXIT_OK : cmd_usage(&cmd_gettar, "-o: one file "
	    "for several instances; without it each has its own");
}

static int
gettar_run(struct gomote *g, int argc, char **argv)
{
	char			 here[] = ".";
	struct gettar		 t = { .dir = here, .at = -1, .fd = STDOUT_FILENO };
	const struct opt	 opts[] = {
		{ "dir", OPT_STRING, &t.dir, "DIR",
		    "what to fetch, relative to the work directory" },
		{ "o", OPT_STRING, &t.file, "FILE",
		    "where to, - for stdout (else INSTANCE.tar.gz)" },
		{ "q", OPT_BOOL, &t.quiet, NULL, "do not show how far it is" },
		{ "zstd", OPT_BOOL, &t.zstd, NULL,
		    "as .tar.zst: about as small, and sooner" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	const struct fan	 fan = { .cmd = &cmd_gettar, .opts = opts,
		.several = gettar_several, .arg = &t };
	struct err		 e = ERR_INIT;
	char			*base, *name = NULL;
	int			 status;

	if (fan_in(g, &fan, argc, argv, &t.instance, &status) == -1)
		return status;
	if (t.file == NULL) {
		base = target_file_name(t.instance);
		t.file = name = xasprintf("%s.tar.%s", base, t.zstd ? "zst" : "gz");
		free(base);
	}
	status = gettar_fetch(g, &t, &e) == -1 ? cmd_fail(&e) : EXIT_OK;
	gettar_drop(&t);
	free(name);
	return status;
}

const struct cmd cmd_gettar = { "gettar", "[-dir DIR] [-o FILE] [-q] [-zstd] [INSTANCE]",
	"fetch a directory of an instance as .tar.gz",
	"Fetches DIR, or the whole work directory, and writes INSTANCE.tar.gz\n"
	"here, or FILE. Names in the archive are relative to DIR.\n\n"
	"  gomote gettar -dir go/bin user-alice-linux-amd64-0\n"
	"  gomote gettar -o - user-alice-linux-amd64-0 | tar tz",
	gettar_run };
