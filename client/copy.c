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

void
copy_open(struct copy *c, const char *instance, struct show *s)
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
	if (c->fd == -1) {
		copy_failed(c->name);
		return;
	}
	say_note("writing output to %s", c->name);
	show_copy(s, c->fd, c->name);
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
