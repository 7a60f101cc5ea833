/* bundle.c - files into an archive, both ends of the pipe. */
#include "client/bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "data/tarout.h"
#include "http/pump.h"
#include "io/helper.h"

#define STALL_MS (5 * 60 * 1000)

struct bundle {
	struct helper	*helper;
	struct pump	*names, *archive;
	struct body	*body;		/* the writer's end; NULL: ended */
	bool		 drained;	/* all of the archive is in body */
	bool		 ended;		/* the helper, with success */
	bool		 failed;
	struct err	 why;
};

/* --- this side ------------------------------------------------------------- */

static void
bundle_fail(struct bundle *p)
{
	struct body	*b = p->body;

	p->failed = true;
	p->body = NULL;
	if (b != NULL)
		body_fail(b, &p->why);
}

/* The archive is whole when all of it has come and the helper says so. */
static void
bundle_try_end(struct bundle *p)
{
	struct body	*b = p->body;

	if (b == NULL || !p->drained || !p->ended)
		return;
	p->body = NULL;
	body_end(b, NULL);
}

/* A helper that takes no more names has a reason, which on_end tells. */
static void
on_names(const struct err *why, void *arg)
{
	(void)why;
	(void)arg;
}

static void
on_archive(const struct err *why, void *arg)
{
	struct bundle	*p = arg;

	if (why == NULL) {
		p->drained = true;
		bundle_try_end(p);
	} else if (p->body != NULL) {
		p->why = *why;
		bundle_fail(p);
	}
}

static void
on_end(struct helper *h, int status, const char *text, void *arg)
{
	struct bundle	*p = arg;

	(void)h;
	if (status == HELPER_OK) {
		p->ended = true;
		bundle_try_end(p);
	} else if (p->body != NULL) {
		pump_free(p->archive);
		p->archive = NULL;
		err_set(&p->why, "%s", *text != '\0' ? text : "packing failed");
		bundle_fail(p);
	}
}

struct bundle *
bundle_start(struct loop *loop, const struct bundle_spec *spec, struct body **body,
    struct err *e)
{
	const char		*argv[] = { "bundle", spec->dir,
	    spec->zstd ? "zst" : "gz", spec->version, NULL };
	struct helper_spec	 hs = { .argv = argv, .ms = STALL_MS,
	    .input = true, .output = true };
	struct bundle		*p = xcalloc(1, sizeof *p);

	p->helper = helper_start(loop, &hs, on_end, p, e);
	if (p->helper == NULL) {
		free(p);
		return NULL;
	}
	p->body = *body = body_new(loop, -1);
	p->names = pump_to_stream(body_of(loop, spec->names),
	    helper_in(p->helper), on_names, p);
	p->archive = pump_from_stream(helper_out(p->helper), p->body,
	    on_archive, p);
	return p;
}

const struct err *
bundle_error(const struct bundle *p)
{
	return p->failed ? &p->why : NULL;
}

uint64_t
bundle_bytes(const struct bundle *p)
{
	return stream_bytes_in(helper_out(p->helper));
}

void
bundle_free(struct bundle *p)
{
	if (p == NULL)
		return;
	pump_free(p->names);
	pump_free(p->archive);
	if (p->body != NULL) {
		err_set(&p->why, "packing was given up");
		bundle_fail(p);
	}
	helper_free(p->helper);
	free(p);
}

/* --- the helper's side ----------------------------------------------------- */

static int
bundle_names(struct tarout *t, int dir, struct err *e)
{
	char	*name = NULL;
	size_t	 cap = 0;
	int	 ret = 0;

	while (ret == 0 && getdelim(&name, &cap, '\0', stdin) != -1)
		ret = tarout_add(t, dir, name, name, e);
	if (ret == 0 && ferror(stdin))
		ret = err_errno(e, "read the names to pack");
	free(name);
	return ret;
}

static int
bundle_write(const char *dir, bool zstd, const char *version, struct err *e)
{
	int		 out = STDOUT_FILENO, ret = -1;
	int		 fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tarout	*t = NULL;

	if (fd == -1)
		return err_errno(e, "open %s", dir);
	t = tarout_new(zstd ? TAROUT_TAR_ZST : TAROUT_TAR_GZ, 0, tarout_to_fd,
	    &out, e);
	if (t == NULL || bundle_names(t, fd, e) == -1)
		goto out;
	if (version != NULL && tarout_add_data(t, "VERSION", 0644, version,
	    strlen(version), e) == -1)
		goto out;
	ret = tarout_finish(t, e);
out:
	tarout_free(t);
	close(fd);
	return ret;
}

int
bundle_role(int argc, char **argv)
{
	struct err	e = ERR_INIT;

	if (argc < 3) {
		fprintf(stderr, "bundle: DIR and format are missing\n");
		return HELPER_FAILED;
	}
	if (bundle_write(argv[1], str_eq(argv[2], "zst"),
	    argc > 3 ? argv[3] : NULL, &e) == -1) {
		fprintf(stderr, "%s\n", e.msg);
		return HELPER_FAILED;
	}
	return HELPER_OK;
}
