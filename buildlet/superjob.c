/* superjob.c - see superjob.h. */
#include "buildlet/superjob.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define FLAGS	(SUPER_PTY | SUPER_MERGE | SUPER_STDIN_OPEN | SUPER_TRANSIENT | \
    SUPER_SAYS)

/* The next text; NULL: there is none. */
static char *
text_next(char **at, const char *end)
{
	char	*text = *at, *nul = memchr(text, '\0', (size_t)(end - text));

	if (nul == NULL)
		return NULL;
	*at = nul + 1;
	return text;
}

/* The next n as a list; NULL: there are not so many. */
static char **
list_next(char **at, const char *end, uint32_t n)
{
	char		**v;
	uint32_t	  i;

	if (n > (size_t)(end - *at))	/* each has its NUL */
		return NULL;
	v = xcalloc((size_t)n + 1, sizeof *v);
	for (i = 0; i < n; i++)
		if ((v[i] = text_next(at, end)) == NULL) {
			free(v);
			return NULL;
		}
	return v;
}

static bool
texts_parse(struct superjob *job, size_t len)
{
	char	*at = job->text, *end = at + len;

	job->path = text_next(&at, end);
	job->where = job->path != NULL ? text_next(&at, end) : NULL;
	if (job->where == NULL || job->set.argc == 0)
		return false;
	job->argv = list_next(&at, end, job->set.argc);
	if (job->argv != NULL)
		job->env = list_next(&at, end, job->set.envc);
	if (job->env == NULL)
		return false;
	if (job->set.flags & SUPER_SAYS && (job->says = text_next(&at, end)) == NULL)
		return false;
	return at == end;
}

static bool
set_ok(const struct super_job *set)
{
	return (set->flags & ~(uint32_t)FLAGS) == 0 && set->timeout_ms >= 0 &&
	    set->grace_ms >= 0 && set->drain_ms >= 0;
}

bool
superjob_parse(struct superjob *job, const void *payload, size_t len, const int *fds,
    size_t n)
{
	*job = (struct superjob)SUPERJOB_INIT;
	if (n > 0)
		job->dir = fds[0];
	if (n > 1)
		job->input = fds[1];
	if (n == 0 || len < sizeof job->set)
		return false;
	memcpy(&job->set, payload, sizeof job->set);
	len -= sizeof job->set;
	job->text = xmemdup((const char *)payload + sizeof job->set, len);
	return set_ok(&job->set) && texts_parse(job, len);
}

void
superjob_release(struct superjob *job)
{
	if (job->dir != -1)
		close(job->dir);
	if (job->input != -1)
		close(job->input);
	free(job->argv);
	free(job->env);
	free(job->text);
	*job = (struct superjob)SUPERJOB_INIT;
}
