/*
 * lib_tar.h - archives made by hand, entry by entry, also such as no packer
 * would make. Independent of data/tarhead.c.
 */
#ifndef LIB_TAR_H
#define LIB_TAR_H

#include <stddef.h>

#include "base/str.h"

struct tar_entry {
	const char	*name;
	char		 type;		/* '0' file, '1' hard link, '2' link, '3' ... */
	const char	*link;		/* NULL: none */
	const char	*text;		/* content, or NULL */
	unsigned	 mode;		/* 0: 0644 */
	long long	 mtime;
};

void tar_add(struct str *, const struct tar_entry *);
/* A pax header with one record for the entry that follows. */
void tar_pax(struct str *, const char *key, const char *value);
void tar_end(struct str *);
/* An unnamed file that holds it, at its beginning. */
int  tar_file(const void *p, size_t len);

#endif
