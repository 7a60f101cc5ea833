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
#include "io/helper.h"

struct made *
bundle_start(struct loop *loop, const struct bundle_spec *spec,
    struct body **body, struct err *e)
{
	const char	*argv[] = { "bundle", spec->dir,
	    spec->zstd ? "zst" : "gz", spec->version, NULL };

	return made_start(loop, argv, spec->names, body, e);
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
