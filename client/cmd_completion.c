/* cmd_completion.c - gomote completion: scripts that make shells complete. */
#include <stdio.h>

#include "base/str.h"
#include "client/cmd.h"
#include "client/out.h"

/* Words come as they are typed; quotes around a whole one and backslashes are
 * taken away. What ends in a slash gets no blank behind it. */
static const char bash[] =
    "# completion of gomote for bash\n"
    "_gomote() {\n"
    "	local out status w IFS=$'\\n'\n"
    "	local -a words=()\n"
    "	COMPREPLY=()\n"
    "	for w in \"${COMP_WORDS[@]:1:COMP_CWORD}\"; do\n"
    "		w=${w//\\\\/}\n"
    "		w=${w#[\\\"\\']}\n"
    "		words+=(\"${w%[\\\"\\']}\")\n"
    "	done\n"
    "	out=$(\"$1\" complete -- \"${words[@]}\" 2>/dev/null)\n"
    "	status=$?\n"
    "	if [ \"$status\" -eq 3 ]; then\n"
    "		compopt -o default 2>/dev/null\n"
    "		return\n"
    "	fi\n"
    "	while read -r w; do\n"
    "		[ -z \"$w\" ] || COMPREPLY+=(\"$w\")\n"
    "	done <<<\"$out\"\n"
    "	[ \"$status\" -ne 4 ] || compopt -o filenames -o nospace 2>/dev/null\n"
    "	return 0\n"
    "}\n"
    "complete -F _gomote gomote\n";

static const char zsh[] =
    "#compdef gomote\n"
    "# completion of gomote for zsh\n"
    "_gomote() {\n"
    "	local out line ret\n"
    "	local -a args shown\n"
    "	args=(\"${(@Q)words[2,CURRENT]}\")\n"
    "	out=$(\"${words[1]}\" complete -describe -- \"${(@)args}\" 2>/dev/null)\n"
    "	ret=$?\n"
    "	if (( ret == 3 )); then\n"
    "		_files\n"
    "		return\n"
    "	fi\n"
    "	for line in \"${(@f)out}\"; do\n"
    "		[[ -n $line ]] || continue\n"
    "		shown=(\"${line/$'\\t'/  -- }\")\n"
    "		line=${line%%$'\\t'*}\n"
    "		if [[ $line == */ ]]; then\n"
    "			compadd -S '' -d shown -- \"$line\"\n"
    "		else\n"
    "			compadd -d shown -- \"$line\"\n"
    "		fi\n"
    "	done\n"
    "}\n"
    "if [[ $funcstack[1] == _gomote ]]; then\n"
    "	_gomote \"$@\"\n"
    "else\n"
    "	compdef _gomote gomote\n"
    "fi\n";

static const char fish[] =
    "# completion of gomote for fish\n"
    "function __gomote_complete\n"
    "	set -l words (commandline -opc)\n"
    "	set -l gomote $words[1]\n"
    "	set -e words[1]\n"
    "	set -l now (commandline -ct)\n"
    "	set -l out (command $gomote complete -describe -- $words \"$now\" 2>/dev/null)\n"
    "	if test $status -eq 3\n"
    "		__fish_complete_path \"$now\"\n"
    "	else\n"
    "		printf '%s\\n' $out\n"
    "	end\n"
    "end\n"
    "complete -c gomote -f -a '(__gomote_complete)'\n";

static const struct shell {
	const char	*name, *script;
} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

static int
completion_run(struct gomote *g, int argc, char **argv)
{
	const struct opt	none[] = { { NULL, OPT_BOOL, NULL, NULL, NULL } };
	struct err		e = ERR_INIT;
	int			i, status;
	size_t			n;

	(void)g;
	i = cmd_options(&cmd_completion, none, argc, argv, 1, 1, &status);
	if (i == -1)
		return status;
	for (n = 0; n < nitems(shells); n++)
		if (str_eq(shells[n].name, argv[i])) {
			printf("%s", shells[n].script);
			return out_flush(&e) == -1 ? cmd_fail(&e) : EXIT_OK;
		}
	return cmd_usage(&cmd_completion, "%s: neither bash, zsh nor fish", argv[i]);
}

const struct cmd cmd_completion = { "completion", "bash | zsh | fish",
	"print a script that makes your shell complete gomote's words",
	"Prints a script for that shell, which make install puts where the shell\n"
	"finds it. Instances, groups, builder types, ids of commands and paths on\n"
	"an instance are completed, too: the script asks gomote, which asks the\n"
	"coordinator, for a second at most.\n\n"
	"  eval \"$(gomote completion bash)\"\n"
	"  gomote completion fish >~/.config/fish/completions/gomote.fish",
	completion_run };
