# sleeps.awk - prints the lines of shell scripts on which "sleep" is a command
# of the script itself; as an argument or inside quotes it is somebody else's.
{
	line = $0
	gsub(/\\./, "", line)
	gsub(/'[^']*'/, "Q", line)
	gsub(/"[^"]*"/, "Q", line)
	sub(/(^|[ \t])#.*/, "", line)
	if (line ~ /(^|[;&|({!`]|(^|[ \t;])(do|then|else|if|while|until|time|exec|command|env|nohup|timeout[ \t]+[^ \t]+))[ \t]*sleep[ \t]/)
		printf "%s:%d:%s    <- wait for a condition (eventually)\n", FILENAME, FNR, $0
}
