/*
 * api_ls.c - fuzzes the lines of a listing (GET /ls).
 *
 * Exercises api_ls_parse, api_ls_perm and api_ls_format: a line that is taken
 * names a path inside, and means the same after it was written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/types.h"
#include "base/path.h"
#include "base/xmalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct api_ls *l)
{
	struct api_ls	 again;
	char		*text;

	if (*l->path == '\0' || path_check(l->path, NULL) == -1 || l->size < 0 ||
	    (l->dir && l->regular) || api_ls_perm(l->mode) == -1)
		abort();
	/* Times outside of the years that can be written come back nearest. */
	if (l->mtime < INT64_C(-62167219200000) || l->mtime > INT64_C(253402300799999))
		return;
	text = api_ls_format(l);
	if (api_ls_parse(&again, text, NULL) == -1 ||
	    strcmp(again.path, l->path) != 0 || strcmp(again.mode, l->mode) != 0 ||
	    strcmp(again.sha1, l->sha1) != 0 || again.size != l->size ||
	    again.dir != l->dir || again.regular != l->regular)
		abort();
	api_ls_release(&again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_ls	 l;
	struct err	 e = ERR_INIT;
	char		*line = xstrndup((const char *)data, size);

	if (api_ls_parse(&l, line, &e) == 0) {
		check(&l);
		api_ls_release(&l);
	} else if (e.msg[0] == '\0' || l.path != NULL)
		abort();
	free(line);
	return 0;
}
