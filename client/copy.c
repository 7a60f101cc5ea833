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

/* A temporary one. */
static void
copy_make(struct copy *c, const char *instance)
{
	const char	*tmp = getenv("TMPDIR");
	char		*dir, *name;

	if (tmp == NULL || *tmp == '\0')
		tmp = "/tmp";
	dir = xasprintf("%s/gomote.XXXXXX", tmp);
	if (mkdtemp(dir) == NULL) {
		copy_failed(dir);
		free(dir);
		return;
	}
	name = target_file_name(instance);
	c->name = xasprintf("%s/%s.stdout", dir, name);
	free(name);
	free(dir);
	c->fd = open(c->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (c->fd == -1)
		copy_failed(c->name);
}

/* Whoever set it knows. */
static void
copy_use(struct copy *c, const char *name)
{
	c->name = xstrdup(name);
	c->told = true;
	c->fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (c->fd == -1)
		copy_failed(name);
}

int
copy_collect(struct copy *c, const char *instance, struct err *e)
{
	char	*base = target_file_name(instance);

	c->name = xasprintf("%s.stdout", base);
	free(base);
	c->fd = open(c->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	c->fresh = c->fd != -1;
	if (c->fd == -1 && errno == EEXIST)	/* a pipe that nobody reads is no place */
		c->fd = open(c->name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return c->fd != -1 ? 0 : err_errno(e, "open %s", c->name);
}

/* What an earlier run has left there. A pipe or device has nothing to empty. */
static void
copy_empty(struct copy *c)
{
	if (c->fd == -1 || lseek(c->fd, 0, SEEK_SET) == -1)
		return;
	if (ftruncate(c->fd, 0) == -1)
		say_note("%s: %s", c->name, strerror(errno));
}

static void
copy_tell(struct copy *c, bool collects)
{
	if (c->told || c->fd == -1)
		return;
	if (collects)
		say_note("Writing output to %s...", c->name);
	else
		say_note("writing output to %s", c->name);
	c->told = true;
}

void
copy_open(struct copy *c, const char *instance, struct show *s)
{
	const char	*given = getenv(COPY_ENV);
	bool		 collects = c->fd != -1;

	if (c->name == NULL && given != NULL && *given != '\0')
		copy_use(c, given);
	else if (c->name == NULL)
		copy_make(c, instance);
	else
		copy_empty(c);
	copy_tell(c, collects);
	c->fresh = false;
	if (c->fd != -1)
		show_copy(s, c->fd, c->name);
}

void
copy_close(struct copy *c)
{
	if (c->fd != -1 && close(c->fd) == -1)
		say_note("the copy of the output may lack something: %s: %s",
		    c->name, strerror(errno));
	if (c->fresh && unlink(c->name) == -1) {
		/* Somebody was quicker. */
	}
	free(c->name);
	c->fd = -1;
	c->name = NULL;
	c->fresh = false;
}
