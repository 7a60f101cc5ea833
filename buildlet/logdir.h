/*
 * logdir.h - the segments of a log (execlog.h): their names, which of them lie
 * in a directory, and walking from record to record in one.
 */
#ifndef BUILDLET_LOGDIR_H
#define BUILDLET_LOGDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/record.h"
#include "base/attr.h"
#include "base/err.h"

#define LOGSEG_NAME_MAX	40
/* An empty file that may lie there for the first segment: on a file system with
 * many files to make one takes longer than a short command. */
#define LOGSEG_AHEAD	"log.new"
#define LOGSEG_MAX	(8 * 1024 * 1024)	/* of a segment, as we write them */

struct logseg {
	uint64_t	begin;		/* offset */
	uint64_t	output;		/* bytes of output before it */
};
/* In the order of their offsets; of two with one offset the one with more output
 * is later. */
struct logsegs {
	struct logseg	*v;
	size_t		 n, cap;
};
#define LOGSEGS_INIT { NULL, 0, 0 }

void logseg_name(const struct logseg *, char name[LOGSEG_NAME_MAX]);
bool logseg_parse(struct logseg *, const char *name);	/* false: another file */

/* What lies there. -1 and e, also where there are absurdly many. */
int  logsegs_list(struct logsegs *, int dir, struct err *e) MUST;
void logsegs_release(struct logsegs *);
/* Up to which offset segment i can reach: UINT64_MAX for the last. */
uint64_t logsegs_limit(const struct logsegs *, size_t i);
/* The last one that begins at or before offset; n: none. */
size_t logsegs_find(const struct logsegs *, uint64_t offset);

/* For reading; no links, and only a regular file. size may be NULL. -1 and e. */
int  logseg_open(int dir, const struct logseg *, uint64_t *size, struct err *e) MUST;

/* From head to head. */
#define LOGWALK_BUF	4096
struct logwalk {
	int		fd;		/* borrowed */
	uint64_t	at;		/* in the file: of the next head */
	uint64_t	size;		/* not beyond */
	uint64_t	output;		/* payload bytes that were passed */
	uint64_t	buf_at;
	size_t		have;
	unsigned char	buf[LOGWALK_BUF];
};
void logwalk_init(struct logwalk *, int fd, uint64_t size);
/* 1: the next record, whole, and it was passed: it begins RECORD_HEAD + len before
 * `at`. 0: no whole one is there. -1 and e: what is there is no record. */
int  logwalk_next(struct logwalk *, struct record *, struct err *e) MUST;

#endif
