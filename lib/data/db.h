/*
 * db.h - one SQLite database; the only file that knows sqlite3.
 *
 * WAL mode, synchronous=FULL (what was answered is on disk), foreign keys on,
 * statements prepared once and kept. For store.c, from the loop thread: every
 * statement is short and uses an index.
 */
#ifndef DATA_DB_H
#define DATA_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct db_row;

/* Opens or makes it (mode 0600, also where it was wider) and brings its schema
 * up: steps[i] is SQL that leads from version i to i+1 (PRAGMA user_version);
 * each in a transaction. A file newer than we know is refused. Whoever else
 * writes to it is waited for, DB_BUSY_MS at most.
 * err.code: ENOENT, EACCES..., EBUSY (locked), EILSEQ (not a database, damaged,
 * or newer), ENOSPC, EEXIST (a constraint was violated), else EIO. */
#define DB_BUSY_MS 5000
struct db *db_open(const char *path, const char *const *steps, int nsteps,
    struct err *e) MUST;
void db_close(struct db *);			/* NULL is fine */

/* Reads all of it and says whether it is sound; slow, for an operator. */
int db_check(struct db *, struct err *e) MUST;

/* sql is a literal (its address is the key of the cache). args describes the
 * parameters: 's' const char * (NULL is SQL null), 'i' int64_t, 'b' const void *
 * and size_t. Returns -1 and e, else the number of changed rows. */
int64_t db_exec(struct db *, struct err *e, const char *sql, const char *args, ...) MUST;
int64_t db_last_id(struct db *);
/* Calls row for each; stops early when it returns false. -1 and e, else how
 * many rows were seen. row must not use the db. */
typedef bool (*db_row_fn)(const struct db_row *, void *arg);
int64_t db_query(struct db *, struct err *e, db_row_fn row, void *arg,
    const char *sql, const char *args, ...) MUST;
const char *db_text(const struct db_row *, int column);	/* NULL for SQL null */
int64_t db_int(const struct db_row *, int column);
/* Lives as long as the row; NULL and 0 for SQL null and for an empty one. */
const void *db_blob(const struct db_row *, int column, size_t *len);

/* Transactions nest by counting; an abort anywhere aborts the whole: it is
 * undone at once, and until the outermost has ended (its db_commit fails)
 * everything else is refused. A db_commit that fails has undone all of it. */
int  db_begin(struct db *, struct err *e) MUST;
/* The same, without waiting for the disk at its end: what it did is there after
 * a crash of the program, but after one of the machine perhaps not; whatever is
 * committed otherwise later takes it along. Within another: as that is. */
int  db_begin_lazy(struct db *, struct err *e) MUST;
int  db_commit(struct db *, struct err *e) MUST;
void db_abort(struct db *);

#endif
