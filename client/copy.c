/* copy.c - the copy of a command's output (copy.h). */
#include "client/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "client/say.h"
#include "client/show.h"
#include "client/target.h"

static void
copy_failed(const char *name)
{
	say_note("no copy of the output: %s: %s", name, strerror(errno));
}

static void
copy_start(struct copy *c, int flags, struct show *s)
{
	c->fd = open(c->name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	if (c->fd == -1)
		copy_failed(c->name);
	else
		show_copy(s, c->fd, c->name);
}

/* $TMPDIR/gomote.XXXXXX/INSTANCE.stdout, NULL: it cannot be. */
static char *
copy_place(const char *instance)
{
	const char	*tmp = getenv("TMPDIR");
	char		*dir, *name, *path = NULL;

	dir = xasprintf("%s/gomote.XXXXXX", tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL) {
		copy_failed(dir);
	} else {
		name = target_file_name(instance);
		path = xasprintf("%s/%s.stdout", dir, name);
		free(name);
	}
	free(dir);
	return path;
}

void
copy_open(struct copy *c, const char *instance, struct show *s)
{
	const char	*given = getenv(COPY_ENV);

	if (given != NULL && *given != '\0') {
		c->name = xstrdup(given);
		copy_start(c, O_APPEND, s);
		return;
	}
	if ((c->name = copy_place(instance)) == NULL)
		return;
	copy_start(c, O_EXCL, s);
	if (c->fd != -1)
		say_note("writing output to %s", c->name);
}

void
copy_close(struct copy *c)
{
	if (c->fd != -1 && close(c->fd) == -1)
		say_note("the copy of the output may lack something: %s: %s",
		    c->name, strerror(errno));
	free(c->name);
	c->fd = -1;
	c->name = NULL;
}
