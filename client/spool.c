/* spool.c - stdin into a file (spool.h). */
#include "client/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "client/out.h"
#include "io/pipes.h"

#define PIECE (256 * 1024)

static int
read_some(char *p, struct err *e)
{
	ssize_t	n;

	do
		n = read(STDIN_FILENO, p, PIECE);
	while (n == -1 && errno == EINTR);
	return n == -1 ? err_errno(e, "read stdin") : (int)n;
}

static int
copy_in(int to, struct err *e)
{
	char	*p = xmalloc(PIECE);
	int64_t	 all = 0;
	int	 n, ret = 0;

	while (ret == 0 && (n = read_some(p, e)) != 0) {
		all += n;
		if (n == -1)
			ret = -1;
		else if (all > SPOOL_MAX)
			ret = err_set(e, "stdin: more than 16 GiB, which is too "
			    "much to keep for several instances");
		else if (out_write(to, p, (size_t)n) == -1)
			ret = err_errno(e, "keep stdin in a temporary file");
	}
	free(p);
	return ret;
}

static void
close_all(int *fds, size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++)
		pipes_close(&fds[i]);
}

/* Each of its own open file: they read at their own pace. */
static int
open_readers(const char *name, int *fds, size_t n, struct err *e)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if ((fds[i] = open(name, O_RDONLY | O_CLOEXEC)) == -1)
			return err_errno(e, "open %s", name);
	return 0;
}

int
spool_stdin(int *fds, size_t n, struct err *e)
{
	const char	*tmp = getenv("TMPDIR");
	char		*name;
	size_t		 i;
	int		 fd, ret;

	for (i = 0; i < n; i++)
		fds[i] = -1;
	name = xasprintf("%s/gomote.XXXXXX", tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if ((fd = mkstemp(name)) == -1) {
		ret = err_errno(e, "create %s", name);
	} else {
		file_cloexec(fd);
		ret = open_readers(name, fds, n, e);
		(void)unlink(name);
		if (ret == 0)
			ret = copy_in(fd, e);
		close(fd);
	}
	if (ret == -1)
		close_all(fds, n);
	free(name);
	return ret;
}
