/*
 * execlog.h - the log of an exec on disk: segments of records (api/record.h).
 *
 *	log-OFFSET-OUTPUT	both 16 hex digits: the offset at which it begins, and how
 *				many bytes of output came before it
 *
 * Every segment begins with a record. When the log would pass its limit, the
 * oldest segments after the head are removed, so head and tail stay and a reader
 * finds a gap, which it is told of with its size. So it is where the disk was
 * full: a new segment begins after it, at the same offset but with more output
 * before it. Segments are small (an eighth of the limit, at most 8 MiB), so that
 * removing one takes little.
 *
 * An offset within the payload of a record has a meaning too: at s bytes after
 * that record's begin it stands for the same record without the first s bytes
 * of its payload (and from where none is left, for the next). A reader that
 * begins there is given a head of that length, so that tails can be cut by the
 * byte, and offsets go on as if nothing had happened.
 *
 * The writer (logwriter.c) is the supervisor's (no event loop, no log); the
 * readers (logreader.c, execlog.c) the buildlet's. Commands can reach these
 * files: nothing in them is believed, links are not followed, and what is no
 * log ends in an error.
 */
#ifndef BUILDLET_EXECLOG_H
#define BUILDLET_EXECLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/record.h"
#include "base/attr.h"
#include "base/err.h"

/* --- writing */
#define EXECLOG_LIMIT_MIN	(64 * 1024)	/* a smaller limit is this */
struct logwriter;
/* dir: of the exec, borrowed, without a log as yet. limit, and of it head, in
 * bytes on disk; at least a quarter is left for the tail. */
struct logwriter *logwriter_new(int dir, uint64_t limit, uint64_t head) MUST;
/* Appends output as a record, or some where it is too long for one. -1 and errno
 * (ENOSPC; ENOENT: the directory is gone): not all could be kept; the rest is
 * counted as dropped, leaves a gap, and the next call tries again. */
int  logwriter_add(struct logwriter *, enum record_kind, int64_t time, const void *p,
    size_t len) MUST;
/* The same for len bytes that lie in a pipe, without a copy, as one record; len
 * at most logwriter_record. What was taken from the pipe when it fails is
 * counted as dropped. EINVAL: that cannot be done here, and nothing was taken. */
int  logwriter_take(struct logwriter *, enum record_kind, int64_t time, int pipe,
    size_t len) MUST;
size_t logwriter_record(const struct logwriter *);	/* most of a record's payload */
uint64_t logwriter_end(const struct logwriter *);	/* offset */
uint64_t logwriter_output(const struct logwriter *);	/* bytes of output in all */
uint64_t logwriter_dropped(const struct logwriter *);	/* of these removed since, or never kept */
/* How much may come at once without cutting what came with it. */
size_t logwriter_burst(const struct logwriter *);
/* Would len bytes more cut what lies at or after that offset? */
bool logwriter_would_cut(const struct logwriter *, size_t len, uint64_t offset);
void logwriter_free(struct logwriter *);		/* NULL is fine; the files stay */

/* --- reading */
#define LOGREADER_MIN	64	/* of max */
struct logreader;
/* Begins at offset, or where the next kept record begins after it (then what
 * comes first is a GAP). NULL and e. */
struct logreader *logreader_new(int dir, uint64_t offset, struct err *e) MUST;
/* Up to max bytes (at least LOGREADER_MIN) of records, not beyond end (what the
 * supervisor said); where something was cut, a GAP record comes first. It ends
 * anywhere but within a head, and the next call goes on. 0: nothing up to end;
 * -1 and e: the log is damaged. */
ssize_t logreader_read(struct logreader *, void *p, size_t max, uint64_t end,
    struct err *e) MUST;
/* The same without a copy, where what is next lies in one file: fd (borrowed
 * until the next call), *at in it, up to *len bytes. False: use logreader_read
 * (a gap, an end, an error, or records so small that a copy is as good). */
bool logreader_file(struct logreader *, uint64_t end, int *fd, int64_t *at, size_t *len);
void logreader_skip(struct logreader *, size_t len);	/* taken from logreader_file */
/* Of the next byte, within a record too. Before anything was read: where it
 * begins, for Exec-Offset. */
uint64_t logreader_offset(const struct logreader *);
void logreader_free(struct logreader *);		/* NULL is fine */

/* The end of what lies there, for a log whose supervisor is gone: the last
 * whole record's. */
uint64_t execlog_end(int dir);
/* Where to begin for the last n lines (n 0: the end), or so many bytes of output;
 * exactly, but looks at the last 16 MiB on disk at most. A newline at the very
 * end begins no line. */
uint64_t execlog_tail_lines(int dir, uint64_t end, uint64_t n);
uint64_t execlog_tail_bytes(int dir, uint64_t end, uint64_t n);
/* Of the first record at or after that wall time; the end if there is none. */
uint64_t execlog_since(int dir, uint64_t end, int64_t time);
uint64_t execlog_disk(int dir);		/* bytes of all segments */

#endif
