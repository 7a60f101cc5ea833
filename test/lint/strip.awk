# strip.awk - C source with the insides of comments, strings and character
# constants blanked, each line as "FILE:LINE:TEXT". For lints that look for
# code and must not be misled by words.
FNR == 1 { comment = 0 }
{
	out = ""
	n = length($0)
	quote = ""
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (comment) {
			if (two == "*/") { comment = 0; i++ }
		} else if (quote != "") {
			if (c == "\\") i++
			else if (c == quote) { quote = ""; out = out c }
		} else if (two == "/*") {
			comment = 1; i++; out = out " "
		} else if (two == "//") {
			break
		} else {
			if (c == "\"" || c == "'") quote = c
			out = out c
		}
	}
	printf "%s:%d:%s\n", FILENAME, FNR, out
}
