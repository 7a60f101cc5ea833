/* path.c - path texts; nothing here looks at a disk. */
#include "base/path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xmalloc.h"

/* A longer path is shown by its beginning, so that the reason is seen too. */
#define SHOWN_MAX 256

static int
path_refuse(struct err *e, const char *p, const char *why)
{
	char	*quoted = str_quote(p);

	err_set(e, "path %.*s%s %s", SHOWN_MAX, quoted,
	    strlen(quoted) > SHOWN_MAX ? "..." : "", why);
	free(quoted);
	return -1;
}

int
path_check(const char *p, struct err *e)
{
	const char	*elem;
	size_t		 len;

	if (p[0] == '/')
		return path_refuse(e, p, "is not relative");
	for (elem = p;; elem += len + 1) {
		len = strcspn(elem, "/");
		if (len == 2 && memcmp(elem, "..", 2) == 0)
			return path_refuse(e, p,
			    "refers to a parent directory");
		if (elem[len] == '\0')
			break;
	}
	if ((size_t)(elem - p) + len > PATH_WIRE_MAX)
		return path_refuse(e, p, "is too long");
	return 0;
}

/* Takes the last element off, if it is one that ".." can take off. */
static bool
elem_drop(char *out, size_t *at, size_t root)
{
	size_t	 i = *at;

	while (i > root && out[i - 1] != '/')
		i--;
	if (i == *at || (*at - i == 2 && memcmp(out + i, "..", 2) == 0))
		return false;
	*at = i > root ? i - 1 : root;
	return true;
}

char *
path_clean(const char *p)
{
	char	*out = xmalloc(strlen(p) + 2);
	size_t	 at = 0, len, root = p[0] == '/';

	if (root)
		out[at++] = '/';
	for (; *p != '\0'; p += len) {
		len = strcspn(p, "/");
		if (len == 0) {
			len = 1;	/* the slash itself */
			continue;
		}
		if (len == 1 && p[0] == '.')
			continue;
		if (len == 2 && memcmp(p, "..", 2) == 0 &&
		    (elem_drop(out, &at, root) || root))
			continue;
		if (at > root)
			out[at++] = '/';
		memcpy(out + at, p, len);
		at += len;
	}
	if (at == 0)
		out[at++] = '.';
	out[at] = '\0';
	return out;
}

char *
path_join(const char *base, const char *rel)
{
	char		*clean = path_clean(rel);
	const char	*tail = clean + (clean[0] == '/');
	struct str	 out = STR_INIT;

	str_add(&out, base);
	if (tail[0] != '\0' && !str_eq(tail, ".")) {
		if (base[0] != '\0' && !str_ends(base, "/"))
			str_addc(&out, '/');
		str_add(&out, tail);
	}
	free(clean);
	return str_take(&out);
}

const char *
path_base(const char *p)
{
	const char	*slash = strrchr(p, '/');

	return slash != NULL ? slash + 1 : p;
}

char *
path_dir(const char *p)
{
	size_t	 len = (size_t)(path_base(p) - p);

	if (len == 0)
		return xstrdup(".");
	while (len > 1 && p[len - 1] == '/')
		len--;
	return xstrndup(p, len);
}
