/* setup.c - making a new instance ready (setup.h). */
#include "client/setup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "client/command.h"
#include "client/execid.h"
#include "client/patience.h"
#include "client/push.h"
#include "client/say.h"
#include "client/scan.h"
#include "client/share.h"
#include "data/json.h"

#define DEFAULT		"make.bash"
#define ON_WINDOWS	"make.bat"
#define NOTHING		"none"
#define SCRIPTS		"go/src/"	/* where push puts those of a Go tree */

#define LATE_MS		60000
#define TAIL_MAX	4096	/* of a build that failed so much is shown, */
#define TAIL_LINES	20	/* in so many lines at most */

/* --- what to do --------------------------------------------------------------- */

/* A script of a Go tree: "make.bash". */
static bool
is_script(const char *word)
{
	const char	*dot = strrchr(word, '.');

	return strchr(word, '/') == NULL && dot != NULL && (str_eq(dot, ".bash") ||
	    str_eq(dot, ".bat") || str_eq(dot, ".rc"));
}

static void
setup_set(struct setup *s, const char *type, const char *text)
{
	char	*first;

	if (str_eq(text, DEFAULT) && str_starts(type, "windows"))
		text = ON_WINDOWS;
	s->text = xstrdup(text);
	if (str_eq(text, NOTHING))
		return;
	strs_split(&s->words, text, ' ', true);
	if (s->words.n > 0 && is_script(s->words.v[0])) {
		first = xasprintf(SCRIPTS "%s", s->words.v[0]);
		free(s->words.v[0]);
		s->words.v[0] = first;
	}
}

/* Better found out before there is an instance. */
static int
check_goroot(struct err *e)
{
	const char	*goroot = getenv("GOROOT");
	struct stat	 st;

	if (goroot == NULL || *goroot == '\0')
		return 0;
	if (stat(goroot, &st) == -1)
		return err_errno(e, "GOROOT %s", goroot);
	return S_ISDIR(st.st_mode) ? 0 : err_set(e, "GOROOT %s: not a directory",
	    goroot);
}

int
setup_find(struct setup *s, struct gomote *g, const char *type, struct err *e)
{
	struct err	 why = ERR_INIT;
	struct json	*j, *one;

	memset(s, 0, sizeof *s);
	if (check_goroot(e) == -1)
		return -1;
	j = execid_get(g, NULL, "/api/v1/builders", NULL, "builder types", &why);
	if (j == NULL && why.code != EXECID_NONE) {
		*e = why;
		return -1;
	}
	one = json_get(json_get(j, "Builders"), type);
	setup_set(s, type, json_str(one, "Setup", DEFAULT));
	json_free(j);
	return 0;
}

void
setup_several(struct setup *s)
{
	s->share = share_make();
	if (s->share != NULL)
		share_invite(s->share);
}

void
setup_release(struct setup *s)
{
	push_share_end(s->share);
	free(s->text);
	strs_release(&s->words);
	memset(s, 0, sizeof *s);
}

/* --- doing it ------------------------------------------------------------------ */

/* The last lines of p. */
static char *
last_lines(char *p)
{
	char	*at = p + strlen(p);
	int	 lines = 0;

	if (at > p && at[-1] == '\n')
		*--at = '\0';
	for (; at > p; at--)
		if (at[-1] == '\n' && ++lines == TAIL_LINES)
			break;
	return at;
}

/* What it said at last, where somebody looks at once. */
static void
tell_tail(const char *file)
{
	char	 buf[TAIL_MAX + 1], *line, *next;
	off_t	 size;
	ssize_t	 n;
	int	 fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	size = lseek(fd, 0, SEEK_END);
	n = pread(fd, buf, TAIL_MAX, size > TAIL_MAX ? size - TAIL_MAX : 0);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	for (line = last_lines(buf); line != NULL && *line != '\0'; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		say_note("| %s", line);
	}
}

static int
build(const struct setup *s, struct gomote *g, const char *instance)
{
	const struct command		 c = { .instance = instance,
		.cmd = s->words.v[0], .args = s->words.v + 1,
		.give_up_ms = PATIENCE_MS };
	struct copy			 copy = COPY_INIT;
	const struct command_out	 out = { .quiet = true, .copy = &copy };
	struct command_end		 end;
	struct err			 e = ERR_INIT;
	int				 status;

	say_note("Running %s on %s...", s->text, instance);
	if (command_run(g, &c, &out, &end, &e) == -1)
		status = cmd_fail(&e);
	else
		status = end.status;
	if (status != EXIT_OK && copy.fd != -1)
		tell_tail(copy.name);
	copy_close(&copy);
	return status;
}

/* Its turn may have come hours later: what the others saw of the tree is not that any
 * more. */
static void
leave_late(const struct setup *s)
{
	if (s->share != NULL && share_told_age(s->share, SCAN_TASK) > LATE_MS)
		share_leave(share_join());
}

int
setup_do(const struct setup *s, struct gomote *g, const char *instance)
{
	int	status;

	leave_late(s);
	status = cmd_on(g, &cmd_push, instance);
	if (status == EXIT_OK && s->words.n > 0)
		status = build(s, g, instance);
	if (status != EXIT_OK)
		say_error("%s: setup failed with status %d; the instance stays",
		    instance, status);
	return status;
}
