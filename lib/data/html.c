/* html.c - pages in which every text is escaped (html.h). */
#include "data/html.h"

#include <stdarg.h>
#include <string.h>

#include "base/log.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1c2024;--dim:#5f6b76;--paper:#fff;"
    "--band:#f3f5f7;--line:#d8dee4;--link:#0a58ca;--good:#1a7f37;"
    "--warn:#9a6700;--bad:#cf222e}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e3e7eb;--dim:#98a3ae;"
    "--paper:#14171a;--band:#1d2126;--line:#343b42;--link:#6ea8fe;"
    "--good:#4ac26b;--warn:#d4a72c;--bad:#ff7b72}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:0 1rem 3rem;max-width:75rem;color:var(--ink);"
    "background:var(--paper);font:15px/1.5 system-ui,sans-serif}\n"
    "nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:.75rem 0;"
    "border-bottom:1px solid var(--line)}\n"
    "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\n"
    "h1{font-size:1.5rem;margin:1.25rem 0 .75rem}h2{font-size:1.15rem;margin:1.75rem 0 .5rem}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .9rem .3rem .3rem;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--line)}\n"
    "th{color:var(--dim);font-weight:600;white-space:nowrap}\n"
    "tbody tr:hover{background:var(--band)}\n"
    ".num{text-align:right}.dim{color:var(--dim)}.good{color:var(--good)}"
    ".warn{color:var(--warn)}.bad{color:var(--bad)}\n"
    "code,pre{font:13px/1.45 ui-monospace,monospace}"
    "pre{padding:.75rem;overflow-x:auto;background:var(--band);border-radius:6px}\n"
    "input,button{font:inherit;color:inherit;background:var(--band);"
    "border:1px solid var(--line);border-radius:6px;padding:.3rem .6rem}\n";

void
html_begin(struct str *out, const char *title, const char *const *nav)
{
	html_addf(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<title>%s</title>\n<style>\n", title);
	html_raw(out, style);
	html_raw(out, "</style>\n</head>\n<body>\n");
	if (nav != NULL && nav[0] != NULL) {
		html_raw(out, "<nav>");
		for (; nav[0] != NULL; nav += 2)
			html_addf(out, "<a href=\"%s\">%s</a>", nav[0], nav[1]);
		html_raw(out, "</nav>\n");
	}
	html_addf(out, "<h1>%s</h1>\n", title);
}

void
html_end(struct str *out)
{
	html_raw(out, "</body>\n</html>\n");
}

void
html_raw(struct str *out, const char *markup)
{
	str_add(out, markup);
}

/* What stands for c, or NULL if c stands for itself. */
static const char *
escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
	case '\r':
		return NULL;
	}
	/* Control characters are not allowed in HTML. */
	return (unsigned char)c < 0x20 || c == 0x7f ? "\xef\xbf\xbd" : NULL;
}

void
html_text(struct str *out, const char *text)
{
	const char	*plain = text, *e;

	if (text == NULL)
		return;
	for (; *text != '\0'; text++) {
		e = escape(*text);
		if (e == NULL)
			continue;
		str_addn(out, plain, (size_t)(text - plain));
		str_add(out, e);
		plain = text + 1;
	}
	str_addn(out, plain, (size_t)(text - plain));
}

void
html_addf(struct str *out, const char *fmt, ...)
{
	const char	*percent;
	va_list		 ap;

	va_start(ap, fmt);
	while ((percent = strchr(fmt, '%')) != NULL) {
		str_addn(out, fmt, (size_t)(percent - fmt));
		fmt = percent + 2;
		if (percent[1] == 's')
			html_text(out, va_arg(ap, const char *));
		else if (percent[1] == 'd')
			str_addf(out, "%d", va_arg(ap, int));
		else if (percent[1] == '%')
			str_addc(out, '%');
		else if (strncmp(percent, "%lld", 4) == 0) {
			str_addf(out, "%lld", va_arg(ap, long long));
			fmt = percent + 4;
		} else
			fatalx("html_addf: unknown conversion in \"%s\"", percent);
	}
	str_add(out, fmt);
	va_end(ap);
}
