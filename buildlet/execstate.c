/* execstate.c - see execstate.h. */
#include "buildlet/execstate.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "data/json.h"

#define NAME		"state"
#define NEW		"state.new"
/* Two texts, each byte of which JSON may make six of, and the numbers. */
#define SIZE_MAX_OURS	(16 * 1024)
#define RESERVE		4096	/* what it takes but in odd cases */

static const char *const whys[] = {
	[SUPER_WHY_NONE] = "", [SUPER_WHY_KILLED] = "killed",
	[SUPER_WHY_TIMEOUT] = "timeout", [SUPER_WHY_LINE] = "line",
	[SUPER_WHY_DISK] = "disk",
};

/* ---- writing ---- */

int
execstate_reserve(int dir)
{
	const int	flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int		fd = openat(dir, NEW, flags, 0644);

	if (fd == -1 && errno == EEXIST && unlinkat(dir, NEW, 0) == 0)
		fd = openat(dir, NEW, flags, 0644);
#if defined(_POSIX_ADVISORY_INFO) && _POSIX_ADVISORY_INFO > 0
	if (fd != -1)		/* where it fails there may be room later */
		(void)posix_fallocate(fd, 0, RESERVE);
#endif
	return fd;
}

static char *
state_text(const struct super_end *end, const char *state, const char *left)
{
	struct json	*j = json_object();
	char		*text;

	json_set_int(j, "Started", end->started);
	json_set_int(j, "Ended", end->ended);
	json_set_int(j, "LogEnd", (int64_t)end->log_end);
	json_set_int(j, "Output", (int64_t)end->output);
	json_set_int(j, "Dropped", (int64_t)end->dropped);
	json_set_str(j, "Why", whys[end->why < nitems(whys) ? end->why : 0]);
	json_set_int(j, "Left", end->left);
	json_set_str(j, "State", state);
	json_set_str(j, "LeftNames", left);
	text = json_text(j, false);
	json_free(j);
	return text;
}

int
execstate_write(int dir, int reserved, const struct super_end *end, const char *state,
    const char *left, struct err *e)
{
	char	*text = state_text(end, state, left);
	size_t	 len = strlen(text);
	int	 fd = reserved != -1 ? reserved : execstate_reserve(dir), ret = -1;

	if (fd == -1)
		err_errno(e, "create " NEW);
	else if (file_write_all(fd, text, len) == -1 || ftruncate(fd, (off_t)len) == -1)
		err_errno(e, "write " NEW);
	else if (renameat(dir, NEW, dir, NAME) == -1)
		err_errno(e, "rename " NEW);
	else
		ret = 0;
	if (fd != -1)
		close(fd);
	free(text);
	return ret;
}

/* ---- reading ---- */

static char *
state_load(int dir, size_t *len, struct err *e)
{
	int		 fd = openat(dir, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			    O_NOCTTY | O_CLOEXEC);
	struct stat	 st;
	char		*text = NULL;
	ssize_t		 n;

	if (fd == -1) {
		err_errno(e, "open " NAME);
		return NULL;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size > SIZE_MAX_OURS)
		err_set(e, NAME " is no state of an exec");
	else {
		text = xmalloc(SIZE_MAX_OURS);
		n = file_read_full(fd, text, SIZE_MAX_OURS);
		if (n == -1) {
			err_errno(e, "read " NAME);
			free(text);
			text = NULL;
		} else
			*len = (size_t)n;
	}
	close(fd);
	return text;
}

static bool
number(const struct json *j, const char *key, int64_t *n)
{
	const struct json	*v = json_get(j, key);

	*n = json_value_int(v, -1);
	return json_is(v) == JSON_INT && *n >= 0;
}

static bool
count(const struct json *j, const char *key, uint64_t *n)
{
	int64_t	v;

	if (!number(j, key, &v))
		return false;
	*n = (uint64_t)v;
	return true;
}

static bool
why_parse(const struct json *j, uint32_t *why)
{
	const char	*text = json_str(j, "Why", NULL);
	size_t		 i;

	for (i = 0; text != NULL && i < nitems(whys); i++)
		if (strcmp(whys[i], text) == 0) {
			*why = (uint32_t)i;
			return true;
		}
	return false;
}

static bool
text_ok(const char *s)
{
	return s != NULL && strlen(s) < EXECSTATE_TEXT_MAX;
}

static bool
state_parse(const struct json *j, struct super_end *end)
{
	uint64_t	left;

	memset(end, 0, sizeof *end);
	if (json_is(j) != JSON_OBJECT || !number(j, "Started", &end->started) ||
	    !number(j, "Ended", &end->ended) || !count(j, "LogEnd", &end->log_end) ||
	    !count(j, "Output", &end->output) || !count(j, "Dropped", &end->dropped) ||
	    !why_parse(j, &end->why) || !count(j, "Left", &left) || left > UINT32_MAX ||
	    end->dropped > end->output)
		return false;
	end->left = (uint32_t)left;
	return text_ok(json_str(j, "State", NULL)) && text_ok(json_str(j, "LeftNames", NULL));
}

int
execstate_read(int dir, struct super_end *end, char **state, char **left, struct err *e)
{
	size_t		 len;
	char		*text = state_load(dir, &len, e);
	struct json	*j;
	int		 ret = -1;

	*state = *left = NULL;
	if (text == NULL)
		return -1;
	j = json_parse(text, len, e);
	free(text);
	if (j != NULL && !state_parse(j, end))
		err_set(e, NAME " is no state of an exec");
	else if (j != NULL) {
		*state = xstrdup(json_str(j, "State", ""));
		*left = xstrdup(json_str(j, "LeftNames", ""));
		end->state_len = (uint32_t)strlen(*state);
		end->left_len = (uint32_t)strlen(*left);
		ret = 0;
	}
	json_free(j);
	return ret;
}
