/*
 * pushstage_int.h - the insides of staging, shared by pushstage.c (the list of
 * changes, and what comes whole) and pushold.c (what is made of files that are
 * there already). Nobody else includes it.
 */
#ifndef BUILDLET_PUSHSTAGE_INT_H
#define BUILDLET_PUSHSTAGE_INT_H

#include <time.h>

#include "api/content.h"
#include "base/dirs.h"
#include "buildlet/pushstage.h"

struct staging {
	struct pushdir		*p;
	const struct inventory	*record;
	struct push_reader	*r;
	struct seal		*seal;		/* of what r reads; NULL: none can be */
	bool			 sealed;	/* PUSH_F_SEALED */
	struct inventory	*changes;
	size_t			 text;
	int			 tree;
	struct dirs		*staged;
	int			 target;	/* -1: nothing is there yet */
	struct dirs		*there;		/* NULL: the same */
	struct content		*content;
	char			*buf;		/* COPY_SIZE, at least a chunk; NULL */
	int64_t			 now;
	struct err		*e;
};

/* All below: -1 and the staging's e. */

/* A new entry of the changes. NULL and e. */
struct inv_entry *stage_add(struct staging *, const struct push_item *);
int  stage_failed(struct staging *, const char *path);		/* by errno */
/* Its directory in the staged tree; *base is its name there. */
int  stage_dir_of(struct staging *, const char *path, const char **base);
struct timespec stage_time(const struct staging *, const struct push_item *);
/* A new file for it, and its end: times are set, fd is closed. ret: how it went so
 * far. */
int  stage_open(struct staging *, const struct push_item *);
int  stage_close(struct staging *, const struct push_item *, int fd, int ret);
/* Was what was read last of that digest? */
int  stage_check(struct staging *, const char *path,
    const unsigned char want[INV_DIGEST]);

/* pushold.c: PUSH_USE, PUSH_SAME and PUSH_PATCH. */
int  stage_kept(struct staging *, const struct push_item *);
int  stage_same(struct staging *, const struct push_item *);
int  stage_patch(struct staging *, const struct push_item *);

#endif
