/*
 * tarhead.h - the blocks in front of an entry of an archive: POSIX.1-2008,
 * pax, "pax Interchange Format" and "ustar Interchange Format". A pax header
 * comes before an entry only where ustar cannot say it: names over 100 bytes,
 * sizes of 8 GiB and more, times with fractions or outside of 1970..2242.
 * Names are bytes. Owners are root without a name, so that equal trees give
 * equal archives.
 */
#ifndef DATA_TARHEAD_H
#define DATA_TARHEAD_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/str.h"

#define TARHEAD_BLOCK 512

enum tarhead_kind { TARHEAD_FILE = '0', TARHEAD_HARDLINK = '1', TARHEAD_SYMLINK = '2', TARHEAD_DIR = '5' };

struct tarhead {
	enum tarhead_kind	 kind;
	const char		*name;	/* a directory's ends in '/' */
	const char		*link;	/* target, or NULL */
	mode_t			 mode;
	uint64_t		 size;
	struct timespec		 mtime;
};

void tarhead_add(struct str *, const struct tarhead *);	/* whole blocks */
/* How many zeros follow content of that size. */
size_t tarhead_padding(uint64_t size);

#endif
