/* outline.c - see outline.h. Told is "SENDS REMOVALS GONE OURS BYTES UPLOAD". */
#include "client/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "client/awake.h"
#include "client/share.h"
#include "io/digest.h"

#define NONE	"none"
#define WORDS	6

static char *
task_name(const struct str *state)
{
	struct digest	*d = digest_new(DIGEST_SHA256);
	char		 hex[DIGEST_HEX_MAX];

	digest_add(d, str_text(state), state->len);
	digest_hex(d, hex);
	digest_free(d);
	return xasprintf("plan-%s", hex);
}

static bool
parse(const char *told, struct outline *o)
{
	struct strs	word = STRS_INIT;
	int64_t		n[WORDS - 1];
	size_t		i;
	bool		ok;

	strs_split(&word, told, ' ', false);
	ok = word.n == WORDS;
	for (i = 0; ok && i < WORDS - 1; i++)
		ok = str_int64(word.v[i], 0, INT64_MAX, &n[i]) == 0;
	if (ok)
		*o = (struct outline){ (size_t)n[0], (size_t)n[1], (size_t)n[2],
		    (size_t)n[3], (uint64_t)n[4], xstrdup(word.v[WORDS - 1]) };
	strs_release(&word);
	return ok;
}

bool
outline_join(struct push *p, const struct str *state, struct outline *o,
    struct share_task **t)
{
	struct str		 told = STR_INIT;
	char			*name = task_name(state);
	struct share_task	*task = share_task_new(p->share, p->g->loop, name);
	struct awake		*awake = awake_new(p);
	enum share_turn		 turn = share_wait(task, &told);
	bool			 got = turn == SHARE_TOLD && parse(str_text(&told), o);

	*t = turn == SHARE_OURS ? task : NULL;
	if (turn != SHARE_OURS)
		share_task_free(task);
	awake_free(awake);
	str_release(&told);
	free(name);
	return got;
}

void
outline_tell(struct share_task *t, const struct outline *o)
{
	char	*line;

	if (o == NULL) {
		share_tell(t, NONE);
		return;
	}
	line = xasprintf("%zu %zu %zu %zu %llu %s", o->sends, o->removals, o->gone,
	    o->ours, (unsigned long long)o->bytes, o->upload);
	share_tell(t, line);
	free(line);
}

void
outline_release(struct outline *o)
{
	free(o->upload);
	o->upload = NULL;
}
