# sleeps.awk - prints the lines of shell scripts on which "sleep" is a command
# of the script itself; as an argument or inside quotes, which may go over
# several lines, it is somebody else's.

# The line with what is quoted taken out; open tells of a quote that goes on.
function bare(line,    i, n, c, out) {
	out = ""
	n = length(line)
	for (i = 1; i <= n; i++) {
		c = substr(line, i, 1)
		if (open != "") {
			if (c == "\\" && open == "\"")
				i++
			else if (c == open)
				open = ""
		} else if (c == "\\")
			i++
		else if (c == "\047" || c == "\"") {
			open = c
			out = out "Q"
		} else if (c == "#" && (i == 1 || substr(line, i - 1, 1) ~ /[ \t]/))
			return out
		else
			out = out c
	}
	return out
}

FNR == 1 { open = "" }
{
	line = bare($0)
	if (line ~ /(^|[;&|({!`]|(^|[ \t;])(do|then|else|if|while|until|time|exec|command|env|nohup|timeout[ \t]+[^ \t]+))[ \t]*sleep[ \t]/)
		printf "%s:%d:%s    <- wait for a condition (eventually)\n", FILENAME, FNR, $0
}
