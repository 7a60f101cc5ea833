/*
 * record.h - the output of an exec as it lies on the machine's disk and goes
 * over the wire (buildlet-api(7), application/x-gomote-log): records, each a
 * head of 16 bytes, big-endian, and its payload.
 *
 *	kind u8 | zero u8[3] | len u32 | time u64 (wall ms) | payload[len]
 *
 * An offset counts the bytes of STDOUT and STDERR records since the beginning,
 * heads included; it always stands between two records. GAP and ALIVE are made
 * for a reader and have no place of their own in that count. Knows no I/O.
 */
#ifndef API_RECORD_H
#define API_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define RECORD_HEAD	16
#define RECORD_MAX	(1024 * 1024)	/* of a payload */
#define RECORD_TYPE	"application/x-gomote-log"

enum record_kind {
	RECORD_STDOUT = 1,	/* also what a pty says, and stderr where merged */
	RECORD_STDERR = 2,
	/* Output that is not kept any more, between here and the offset where the
	 * reader goes on: payload u64 that offset, u64 bytes of output left out. */
	RECORD_GAP = 3,
	RECORD_ALIVE = 4,	/* empty: the way still stands, nothing new */
};
#define RECORD_GAP_LEN	16

struct record {
	enum record_kind kind;
	uint32_t	 len;
	int64_t		 time;
};

void record_put(unsigned char head[RECORD_HEAD], const struct record *);
/* 0; -1 and e: no record begins so (one of output is never empty). */
int  record_get(struct record *, const unsigned char head[RECORD_HEAD], struct err *e) MUST;
void record_put_gap(unsigned char payload[RECORD_GAP_LEN], uint64_t next, uint64_t left_out);
void record_get_gap(const unsigned char payload[RECORD_GAP_LEN], uint64_t *next,
    uint64_t *left_out);

/* Takes a stream of records apart, in whatever pieces it comes. */
struct record_reader {
	uint64_t	 offset;	/* of the record under way, or the next; a gap moves it */
	uint64_t	 left_out;	/* by gaps, in all */
	unsigned char	 head[RECORD_HEAD + RECORD_GAP_LEN];
	size_t		 have;		/* of head */
	struct record	 now;		/* the output record at offset */
	uint32_t	 left;		/* of its payload is still to come */
	uint32_t	 done;		/* of its payload fn has had, on any connection */
};
/* A part of the payload of an output record, or a gap (p NULL, len what it left
 * out, at most SIZE_MAX; of what fn has had already nothing counts as left out).
 * -1 and e ends the reading. */
typedef int (*record_fn)(const struct record *, const void *p, size_t len, void *arg,
    struct err *e);
void record_reader_init(struct record_reader *, uint64_t offset);
/* All of len is taken; -1 and e: no log, or fn's own. After a break of the
 * connection go on with a request for reader->offset, record_reader_resume and
 * a new connection: bytes of the broken-off record that fn has had already are
 * left out then, so that none comes twice. */
int  record_reader_feed(struct record_reader *, const void *p, size_t len, record_fn,
    void *arg, struct err *e) MUST;
void record_reader_resume(struct record_reader *);
/* len bytes, at most left, of the payload under way went another way than by feed. */
void record_reader_pass(struct record_reader *, size_t len);
/* Is it between two records? */
bool record_reader_whole(const struct record_reader *);

#endif
