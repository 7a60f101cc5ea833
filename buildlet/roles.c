/* roles.c - the helpers' side: arguments in, work done, exit status out. */
#include "buildlet/roles.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "buildlet/lswalk.h"
#include "buildlet/pushdir.h"
#include "buildlet/pushrole.h"
#include "buildlet/sshrole.h"
#include "buildlet/upload.h"
#include "buildlet/workdir.h"
#include "data/tarin.h"
#include "data/tarout.h"
#include "io/procs.h"
#include "io/ring.h"

#define OUT_SIZE	(64 * 1024)
#define KILL_PAUSE_MS	10
#define KILL_TRIES	1000

/* Errors of the system end in lower case, as the stock programs print them. */
static void
text_soften(struct err *e)
{
	const char	*why = e->code > 0 ? strerror(e->code) : "";
	size_t		 at = strlen(e->msg) - strlen(why);

	if (why[0] == '\0' || !str_ends(e->msg, why) || islower((unsigned char)why[1]) == 0)
		return;
	e->msg[at] = (char)tolower((unsigned char)e->msg[at]);
}

/* Says why on stderr; the exit status tells whose fault it was. */
int
role_fail(struct err *e)
{
	text_soften(e);
	fprintf(stderr, "%s\n", e->msg);
	switch (e->code) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ROLE_NOSPACE;
	case ENOENT:
		return ROLE_ABSENT;
	case EINVAL:
	case ELOOP:
	case EXDEV:
	case EISDIR:
	case ENOTDIR:
	case ENAMETOOLONG:
		return HELPER_BAD;
	default:
		return HELPER_FAILED;
	}
}

static int
usage(const char *role)
{
	fprintf(stderr, "role %s: wrong arguments\n", role);
	return HELPER_FAILED;
}

/* The open work directory; dies with the reason, since nothing can be done. */
static int
root_open(const char *path)
{
	int	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		fprintf(stderr, "open work directory %s: %s\n", path,
		    strerror(errno));
		exit(HELPER_FAILED);
	}
	return fd;
}

/* Kills whatever commands of this work directory have left, wherever it went.
 * -1 and e. */
static int
leftovers_kill(int root, struct err *e)
{
	const struct timespec	pause = { 0, KILL_PAUSE_MS * 1000000L };
	char			mark[PROCS_MARK_MAX];
	size_t			left;
	int			tries = KILL_TRIES;

	procs_mark(root, mark);
	while ((left = procs_marked(mark, procs_kill)) > 0 && tries-- > 0)
		nanosleep(&pause, NULL);
	return left == 0 ? 0 :
	    err_set(e, "%zu processes could not be killed", left);
}

static int
clean(const char *workdir, const char *execs, bool furnish, struct err *e)
{
	struct err	why = ERR_INIT;
	int		root = root_open(workdir);
	int		ret = leftovers_kill(root, e);

	if (execs != NULL && tree_remove(root_open(execs), ".", &why) == -1 && ret == 0) {
		*e = why;
		ret = err_wrap(e, "empty %s", execs);
	}
	if (workdir_empty(root, furnish, &why) == -1 && ret == 0) {
		*e = why;
		ret = -1;
	}
	return ret;
}

static int
role_clean(int argc, char **argv)
{
	struct err	e = ERR_INIT;

	if (argc < 3)
		return usage(argv[0]);
	if (argc > 4) {
		sshrole_clean(argv[4]);
		pushdir_clean(argv[4]);
	}
	if (clean(argv[1], argc > 3 ? argv[3] : NULL, str_eq(argv[2], "furnish"), &e) == -1) {
		text_soften(&e);
		fprintf(stderr, "%s\n", e.msg);
		return HELPER_FAILED;
	}
	return HELPER_OK;
}

char *
role_names(size_t *len)
{
	char	*all = xmalloc(ROLE_NAMES_MAX);
	ssize_t	 n = file_read_full(STDIN_FILENO, all, ROLE_NAMES_MAX);

	if (n >= 0 && n < ROLE_NAMES_MAX) {
		*len = (size_t)n;
		return all;
	}
	free(all);
	return NULL;
}

static int
name_remove(int root, const char *name, struct err *e)
{
	char	*clean = path_clean(name);
	int	 ret;

	if (str_eq(clean, "."))
		ret = workdir_empty(root, true, e);
	else
		ret = tree_remove(root, clean, e);
	free(clean);
	return ret;
}

static int
role_rm(int argc, char **argv)
{
	struct err	 first = ERR_INIT, e = ERR_INIT;
	size_t		 len, at = 0;
	char		*all, *nul;
	int		 root;

	if (argc != 2)
		return usage(argv[0]);
	root = root_open(argv[1]);
	if ((all = role_names(&len)) == NULL) {
		fprintf(stderr, "read the names to remove: too many\n");
		return HELPER_FAILED;
	}
	/* A name without its NUL was cut off: it may be only half of one. */
	while (at < len && (nul = memchr(all + at, '\0', len - at)) != NULL) {
		if (name_remove(root, all + at, &e) == -1 && first.msg[0] == '\0')
			first = e;
		at = (size_t)(nul - all) + 1;
	}
	free(all);
	return first.msg[0] == '\0' ? HELPER_OK : role_fail(&first);
}

static int
role_write(int argc, char **argv)
{
	struct err		 e = ERR_INIT;
	struct tree_file	*f;
	struct ring		*in;
	uint64_t		 bytes;
	int64_t			 mode;
	int			 ret;

	if (argc != 4 || str_int64(argv[3], 0, 0777, &mode) == -1)
		return usage(argv[0]);
	f = tree_create(root_open(argv[1]), argv[2], (mode_t)mode, &e);
	if (f == NULL)
		return role_fail(&e);
	in = ring_join(STDIN_FILENO, &e);
	ret = in == NULL ? -1 : upload_receive(in, tree_fd(f), &bytes, &e);
	ring_leave(in);
	if (ret == -1) {
		tree_drop(f);
		if (e.code != 0)
			return role_fail(&e);
		fprintf(stderr, "%s\n", e.msg);
		return HELPER_BAD;
	}
	return tree_commit(f, &e) == -1 ? role_fail(&e) : HELPER_OK;
}

static int
role_untar(int argc, char **argv)
{
	struct err	e = ERR_INIT;
	int		dir;

	if (argc != 3)
		return usage(argv[0]);
	dir = tree_open_dir(root_open(argv[1]), argv[2], true, &e);
	if (dir == -1 || tarin_extract(STDIN_FILENO, dir, NULL, &e) == -1)
		return role_fail(&e);
	return HELPER_OK;
}

static int
role_tar(int argc, char **argv)
{
	struct err		 e = ERR_INIT;
	enum tarout_format	 format = TAROUT_TAR_GZ;
	struct tarout		*t = NULL;
	int			 dir, out = STDOUT_FILENO, ret = HELPER_OK;

	if (argc != 4)
		return usage(argv[0]);
	if (str_eq(argv[3], "zst"))
		format = TAROUT_TAR_ZST;
	dir = tree_open_dir(root_open(argv[1]), argv[2], false, &e);
	if (dir != -1)
		t = tarout_new(format, 0, tarout_to_fd, &out, &e);
	if (t == NULL || tarout_add_tree(t, dir, &e) == -1 ||
	    tarout_finish(t, &e) == -1)
		ret = role_fail(&e);
	tarout_free(t);
	return ret;
}

/* ---- ls ---- */

static int
line_add(const struct api_ls *entry, void *arg)
{
	struct str	*out = arg;
	char		*line = api_ls_format(entry);
	int		 ret = 0;

	str_add(out, line);
	str_addc(out, '\n');
	free(line);
	if (out->len >= OUT_SIZE) {
		ret = file_write_all(STDOUT_FILENO, out->s, out->len);
		str_clear(out);
	}
	return ret;
}

static int
walk_fail(const char *workdir, const char *dir, const struct err *why)
{
	struct err	 e = *why;
	char		*path = path_join(workdir, dir);

	if (why->code == ENOENT || why->code == ENOTDIR || why->code == EACCES)
		err_code(&e, why->code, "lstat %s: %s", path, strerror(why->code));
	err_wrap(&e, "Walk error");
	text_soften(&e);
	fprintf(stderr, "%s\n", e.msg);
	free(path);
	return why->code == ELOOP || why->code == EXDEV || why->code == EINVAL ?
	    HELPER_BAD : HELPER_FAILED;
}

static int
role_ls(int argc, char **argv)
{
	struct err	e = ERR_INIT;
	struct strs	skip = STRS_INIT;
	struct str	out = STR_INIT;
	struct lswalk	how = { .skip = &skip };
	int		dir, i, ret = HELPER_OK;

	if (argc < 4)
		return usage(argv[0]);
	how.recursive = strchr(argv[3], 'r') != NULL;
	how.digest = strchr(argv[3], 'd') != NULL;
	how.links = strchr(argv[3], 'l') != NULL;
	for (i = 4; i < argc; i++)
		strs_adopt(&skip, path_clean(argv[i]));
	dir = tree_open_dir(root_open(argv[1]), argv[2], false, &e);
	if (dir == -1) {
		ret = walk_fail(argv[1], argv[2], &e);
	} else if (lswalk(dir, &how, line_add, &out, &e) == -1) {
		text_soften(&e);
		fprintf(stderr, "Walk error: %s\n", e.msg);
		ret = HELPER_FAILED;
	} else if (out.len > 0 &&
	    file_write_all(STDOUT_FILENO, out.s, out.len) == -1) {
		fprintf(stderr, "write the listing: %s\n", strerror(errno));
		ret = HELPER_FAILED;
	}
	str_release(&out);
	strs_release(&skip);
	return ret;
}

const struct helper_role roles[] = {
	{ "clean", role_clean },
	{ "rm", role_rm },
	{ "write", role_write },
	{ "untar", role_untar },
	{ "tar", role_tar },
	{ "ls", role_ls },
	{ "ssh", sshrole_run },
	{ "pushcheck", pushrole_check },
	{ "pushguests", pushrole_guests },
	{ "pushput", pushrole_put },
	{ NULL, NULL },
};
