# shellcheck shell=bash
# bench.sh - what every bench script sources, after sh.sh: medians, and the one
# line in which a figure is told.

# As in test/run: the person's own locale would be loaded by every command that
# is started here, and not by those that sshd starts.
export LC_ALL=C TZ=UTC

# millis CMD...: how long it takes, in ms with three decimals; its output is
# thrown away. A failure of CMD ends the bench. The shell's own clock, since the
# start of date(1) would be counted as a millisecond of CMD's.
millis() {
	local t0 t1
	t0=${EPOCHREALTIME/[.,]/}
	"$@" >/dev/null || fail "bench: $* failed"
	t1=${EPOCHREALTIME/[.,]/}
	printf '%d.%03d\n' $(((t1 - t0) / 1000)) $(((t1 - t0) % 1000))
}

# median and percentile P of numbers on stdin, one a line.
percentile() {
	sort -g | awk -v p="$1" '{ v[NR] = $1 } END {
		i = int(NR * p / 100 + 0.5); if (i < 1) i = 1; if (i > NR) i = NR
		print v[i] }'
}
median() {
	percentile 50
}

# rate MIB MS: in 10^6 bytes a second.
rate() {
	awk -v m="$1" -v t="$2" 'BEGIN { printf "%.0f\n", m * 1048576 / 1000 / t }'
}

# figure NAME UNIT OURS TARGET PEER PEER-NAME: TARGET is "<=N", ">=N" (of ours)
# or "<=Nx", ">=Nx" (of the ratio); PEER may be "-".
figure() {
	awk -v name="$1" -v unit="$2" -v ours="$3" -v target="$4" -v peer="$5" \
	    -v who="$6" 'BEGIN {
		ratio = "-"
		if (peer != "-" && peer > 0) ratio = sprintf("%.2f", ours / peer)
		op = substr(target, 1, 2); want = substr(target, 3)
		value = ours
		if (want ~ /x$/) { value = ratio; sub(/x$/, "", want) }
		ok = op == "<=" ? value + 0 <= want + 0 : value + 0 >= want + 0
		printf "bench %s: ours=%s %s peer=%s %s (%s) ratio=%s target=%s %s\n",
		    name, ours, unit, peer, unit, who, ratio, target, ok ? "ok" : "short"
	}'
}
