/* cmd_push.c - gomote push */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/cmd.h"
#include "client/fan.h"
#include "client/push.h"
#include "client/say.h"
#include "client/share.h"

#define USUAL_DIR "go"

/* The directory at or above dir that holds a .git, malloc'ed; else dir itself. */
static char *
work_tree(const char *dir)
{
	char	*at = xstrdup(dir), *git, *slash;
	bool	 found;

	for (;;) {
		git = xasprintf("%s/.git", at);
		found = access(git, F_OK) == 0;
		free(git);
		if (found)
			return at;
		if ((slash = strrchr(at, '/')) == NULL)
			break;
		*slash = '\0';
	}
	free(at);
	return xstrdup(dir);
}

/* What to push, malloc'ed; NULL and e. *named: by $GOROOT. */
static char *
push_source(bool *named, struct err *e)
{
	const char	*goroot = getenv("GOROOT");
	char		*here, *tree;

	*named = goroot != NULL && *goroot != '\0';
	if (*named) {
		if ((tree = realpath(goroot, NULL)) == NULL)
			err_errno(e, "GOROOT %s", goroot);
		return tree;
	}
	if ((here = realpath(".", NULL)) == NULL) {
		err_errno(e, "the current directory");
		return NULL;
	}
	tree = work_tree(here);
	free(here);
	return tree;
}

static int
push_it(struct gomote *g, struct push_spec *spec, bool rules_only, struct err *e)
{
	char	*source = push_source(&spec->goroot, e), *dir = path_clean(spec->dir);
	int	 ret = -1;

	if (source != NULL && path_check(spec->dir, e) == 0) {
		spec->source = *source != '\0' ? source : "/";
		spec->dir = dir;
		if (rules_only) {
			ret = push_print_rules(spec, e);
			goto out;
		}
		if (str_eq(dir, USUAL_DIR))
			say_note("Pushing %s to %s", spec->source, spec->instance);
		else
			say_note("pushing %s to %s on %s", spec->source, dir,
			    spec->instance);
		ret = push_tree(g, spec, e);
	}
out:
	free(source);
	free(dir);
	return ret;
}

static bool
has_word(int argc, char **argv, const char *word)
{
	int	i;

	for (i = 1; i < argc; i++)
		if (str_eq(argv[i], word))
			return true;
	return false;
}

/* They scan and pack once, and upload once (share.h). */
static int
push_several(struct broadcast_how *how, char **operands, int n, void *arg)
{
	char	**share = arg;

	(void)operands;
	(void)n;
	how->share = *share = share_make();
	return EXIT_OK;
}

static int
push_run(struct gomote *g, int argc, char **argv)
{
	char			 go[] = USUAL_DIR, *dir = go;
	struct push_spec	 spec = { .instance = NULL };
	bool			 rules = false;
	const struct opt	 opts[] = {
		{ "dir", OPT_STRING, &dir, "DIR",
		    "where to, relative to the work directory" },
		{ "dry-run", OPT_BOOL, &spec.dry_run, NULL,
		    "only print what would be sent and removed" },
		{ "no-ignore", OPT_BOOL, &spec.no_ignore, NULL,
		    "push what git ignores, too" },
		{ "q", OPT_BOOL, &spec.quiet, NULL, "do not show how far it is" },
		{ "rules", OPT_BOOL, &rules, NULL,
		    "only print the rules that hold for the tree" },
		{ "v", OPT_BOOL, &spec.verbose, NULL,
		    "name everything that is sent or removed" },
		{ "yes", OPT_BOOL, &spec.yes, NULL,
		    "do not ask before more than half is removed there" },
		{ NULL, OPT_BOOL, NULL, NULL, NULL },
	};
	char			*share = NULL;
	const struct fan	 fan = { .cmd = &cmd_push, .opts = opts,
	    .several = push_several, .arg = &share };
	struct err		 e = ERR_INIT;
	int			 status;

	/* The rules are the tree's: no instance is needed. */
	if (has_word(argc, argv, "-rules") &&
	    cmd_options(&cmd_push, opts, argc, argv, 0, 1, &status) == -1)
		return status;
	if (!rules && fan_in(g, &fan, argc, argv, &spec.instance, &status) == -1) {
		push_share_end(share);
		return status;
	}
	spec.dir = dir;
	return push_it(g, &spec, rules, &e) == -1 ? cmd_fail(&e) : EXIT_OK;
}

const struct cmd cmd_push = { "push",
	"[-dir DIR] [-dry-run] [-no-ignore] [-q] [-rules] [-v] [-yes]\n"
	"\t[INSTANCE]",
	"bring a tree to an instance, or what changed of it",
	"Makes DIR on the instance equal to the tree in $GOROOT, or else to the\n"
	"git work tree that you stand in, or else to the current directory. Only\n"
	"what differs in content, mode, target or kind is sent. What an earlier\n"
	"push put there and is gone here is removed; what the instance made is\n"
	"left alone. Not pushed: .git, what git ignores, and what rules exclude\n"
	"(-rules prints them): backups of editors, of a Go tree what its tools\n"
	"generate, and what the file .gomotepush in the tree tells.\n\n"
	"  GOROOT=/path/to/go gomote push user-alice-linux-amd64-0\n"
	"  gomote push -dir tool -dry-run user-alice-linux-amd64-0",
	push_run };
