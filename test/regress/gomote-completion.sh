#!/bin/bash
# completion: what may stand at each place of a command line, from the program and
# through the script for bash; of zsh and fish the syntax, where they are there.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/screen.sh"
cd "$T" || exit

# gives WANT WORD...: what is offered for the last word, blanks between.
gives() {
	_want=$1
	shift
	STATUS=0
	_got=$(gomote complete -- "$@" 2>err) || STATUS=$?
	assert_eq "$_want" "$(printf "%s\n" "$_got" | sort | xargs -d "\n" echo)" "gomote complete -- $*"
	[ ! -s err ] || fail "gomote complete -- $*: $(cat err)"
}

# Without a server: commands and options, and nothing else, silently.
gives 'put putbootstrap puttar' put
gives 'list logs ls' l
gives '-json' list -j
gives '-config' -con
gives '' list x
gives '' nonesuch ''
gives '' -server ''
gives 'off on' -agent ''
gives 'bash' completion b
gives 'token token-file' config set tok
gives 'destroy doctor' help d
gives '' ls ''
gives '' create ''
assert_match '^-r	all that is below' "$(gomote complete -describe -- ls -r)"
gives '' put x ''
assert_eq 3 "$STATUS" "status for files"
gives '' -ca ''
assert_eq 3 "$STATUS" "status for files"
assert_no_match '^  complete ' "$(gomote help)"

start_coordinator
start_buildlet b1
gives "$LOCAL $REVERSE" create ''
gives "$REVERSE" create linux-amd64-r
i=$(gomote create "$REVERSE")
gives "$i" ls ''
gives "$i" destroy "$i" user-
gives '' ls bob
gives "$i" -user "$GOMOTE_USER" --ca="$GOMOTE_CA" ping -status ''
gives '' -user nobody ping ''
gives "$i" run -dir x -e A=B user
gomote run "$i" /bin/sh -c 'mkdir -p src/deep "a b"; : >src/a; : >src/b; : >"src/deep/$(printf "\001")"' 2>/dev/null
gives 'src/' ls "$i" s
assert_eq 4 "$STATUS" "status for paths"
gives 'src/a src/b src/deep/' ls "$i" src/
gives 'src/b' rm "$i" src/a src/b
gives '' ls "$i" src/deep/
gives '' ls "$i" nonesuch/
gives 'src/' gettar -dir s
gives 'a b/' ls "$i" a
x=$(gomote run -d "$i" /bin/sleep 95.5)
known() { [ "$(gomote complete -- kill '')" = "$x" ]; }
eventually known
assert_match "^$x	/bin/sleep on $i\$" "$(gomote complete -describe -- attach '')"
gomote kill "$x"
none() { [ -z "$(gomote complete -- kill '')" ]; }
eventually none
assert_match "^$x\$" "$(gomote complete -- logs '')"

# The script for bash, as bash calls it.
cat >try.bash <<'END'
eval "$(gomote completion bash)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_gomote gomote "${COMP_WORDS[COMP_CWORD]}" x
printf '%s\n' "${COMPREPLY[@]}"
END
bash_gives() {
	_want=$1
	shift
	assert_eq "$_want" "$(bash try.bash gomote "$@" 2>&1 | sort | xargs -d "\n" echo)" "bash: gomote $*"
}
bash_gives 'list logs ls' l
bash_gives "$i" ping ''
bash_gives 'src/a src/b src/deep/' ls "$i" src/
bash_gives 'a b/' ls "$i" 'a\ '
bash_gives 'a b/' ls "$i" '"a '
bash_gives '' put "$i" ''
complete=$(bash -c 'eval "$(gomote completion bash)"; complete -p gomote')
assert_eq 'complete -F _gomote gomote' "$complete"
if command -v zsh >/dev/null; then
	gomote completion zsh >_gomote
	zsh -n _gomote
fi
if command -v fish >/dev/null; then
	gomote completion fish >gomote.fish
	fish -n gomote.fish
	[ "$(HOME=$T fish -c "source gomote.fish; complete -C 'gomote l'" | cut -f 1 | sort | xargs)" = 'list logs ls' ] ||
	    fail "fish completes otherwise"
fi
assert_status 2 gomote completion csh 2>err

# A server that does not answer keeps nobody waiting.
kill -STOP "$(pid_of coordinator)"
begun=$(date +%s%N)
STATUS=0
gomote complete -- ping '' >out 2>err || STATUS=$?
took=$((($(date +%s%N) - begun) / 1000000))
kill -CONT "$(pid_of coordinator)"
assert_eq '1  ' "$STATUS $(cat out) $(cat err)" "from a server that is stopped"
[ $took -lt 3000 ] || fail "that took $took ms"

# Groups.
start_canned
echo '{"Groups":[{"Name":"debug"},{"Name":"fast"}]}' >canned/_api_v1_groups
gives 'debug fast' group destroy ''
gives 'debug fast' -group ''
gives 'debug' -group d
gives 'debug' group add de
gives 'create' group c
