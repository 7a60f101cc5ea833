/*
 * db.c - one SQLite database (db.h).
 *
 * Statements are prepared at first use and kept, found again by the address
 * of their text in a small hash table that never forgets: programs have a few
 * dozen of them, all literals.
 */
#include "data/db.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"

#define STMTS_MAX	512	/* a power of two, twice what programs have */

struct cached {
	const char	*sql;
	sqlite3_stmt	*stmt;
};

struct db {
	sqlite3		*sql;
	char		*path;
	int		 depth;		/* of transactions */
	bool		 aborted;	/* undone already, not yet ended */
	bool		 lazy;		/* the disk is not waited for */
	size_t		 nstmts;
	struct cached	 stmts[STMTS_MAX];
};

/* ---- errors ---- */

static int
errno_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_CANTOPEN:
		return ENOENT;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return EACCES;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EILSEQ;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_CONSTRAINT:
		return EEXIST;
	case SQLITE_NOMEM:
		return ENOMEM;
	default:
		return EIO;
	}
}

static int
db_fail(struct db *db, struct err *e, const char *doing)
{
	int	rc = db->sql != NULL ? sqlite3_extended_errcode(db->sql) : SQLITE_NOMEM;

	return err_code(e, errno_of(rc), "database %s: %s: %s", db->path, doing,
	    db->sql != NULL ? sqlite3_errmsg(db->sql) : "out of memory");
}

/* ---- opening ---- */

/* SQLite gives its side files the mode of the database. */
static int
make_file(const char *path, struct err *e)
{
	struct stat	st;
	int		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), r = 0;

	if (fd == -1)
		return err_errno(e, "database %s: open", path);
	if (fstat(fd, &st) == -1 ||
	    ((st.st_mode & 077) != 0 && fchmod(fd, 0600) == -1))
		r = err_errno(e, "database %s: make it private", path);
	close(fd);
	return r;
}

static int
run(struct db *db, const char *sql, const char *doing, struct err *e)
{
	if (sqlite3_exec(db->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, e, doing);
	return 0;
}

/* The one column of the one row of a statement. */
static int
get_text(struct db *db, const char *sql, char *buf, size_t size, struct err *e)
{
	sqlite3_stmt	*stmt;
	const char	*text;
	int		 rc = sqlite3_prepare_v2(db->sql, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(stmt, 0);
		snprintf(buf, size, "%s", text != NULL ? text : "");
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_OK)
		db_fail(db, e, sql);
	sqlite3_finalize(stmt);
	return rc == SQLITE_OK ? 0 : -1;
}

static int
upgrade_one(struct db *db, const char *step, int version, struct err *e)
{
	char	set[64], doing[64];

	snprintf(set, sizeof set, "PRAGMA user_version = %d", version + 1);
	snprintf(doing, sizeof doing, "bring the schema from version %d to %d",
	    version, version + 1);
	if (run(db, "BEGIN IMMEDIATE", doing, e) == -1)
		return -1;
	if (run(db, step, doing, e) == 0 && run(db, set, doing, e) == 0 &&
	    run(db, "COMMIT", doing, e) == 0)
		return 0;
	sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

static int
upgrade(struct db *db, const char *const *steps, int nsteps, struct err *e)
{
	char	text[32];
	int	version;

	if (get_text(db, "PRAGMA user_version", text, sizeof text, e) == -1)
		return -1;
	version = (int)strtol(text, NULL, 10);
	if (version < 0 || version > nsteps)
		return err_code(e, EILSEQ, "database %s: its schema is version %d, "
		    "this program knows up to %d: it was written by a newer one",
		    db->path, version, nsteps);
	for (; version < nsteps; version++)
		if (upgrade_one(db, steps[version], version, e) == -1)
			return -1;
	return 0;
}

static int
configure(struct db *db, struct err *e)
{
	char	mode[32];

	sqlite3_extended_result_codes(db->sql, 1);
	sqlite3_busy_timeout(db->sql, DB_BUSY_MS);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (get_text(db, "PRAGMA journal_mode = WAL", mode, sizeof mode, e) == -1)
		return -1;
	if (strcmp(mode, "wal") != 0)
		log_warn("database %s: no write-ahead log on this file system, "
		    "journal mode is %s", db->path, mode);
	return run(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
	    "configure", e);
}

struct db *
db_open(const char *path, const char *const *steps, int nsteps, struct err *e)
{
	struct db	*db;

	if (make_file(path, e) == -1)
		return NULL;
	db = xcalloc(1, sizeof *db);
	db->path = xstrdup(path);
	if (sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
		db_fail(db, e, "open");
	else if (configure(db, e) == 0 && upgrade(db, steps, nsteps, e) == 0)
		return db;
	db_close(db);
	return NULL;
}

void
db_close(struct db *db)
{
	size_t	i;

	if (db == NULL)
		return;
	for (i = 0; i < STMTS_MAX; i++)
		sqlite3_finalize(db->stmts[i].stmt);
	if (sqlite3_close(db->sql) != SQLITE_OK)
		log_error("database %s: close: %s", db->path, sqlite3_errmsg(db->sql));
	free(db->path);
	free(db);
}

int
db_check(struct db *db, struct err *e)
{
	char	said[256];

	if (get_text(db, "PRAGMA quick_check(1)", said, sizeof said, e) == -1)
		return -1;
	if (strcmp(said, "ok") != 0)
		return err_code(e, EILSEQ, "database %s: damaged: %s", db->path, said);
	return 0;
}

/* ---- statements ---- */

/* Where sql is in the table, or the free place where it belongs. */
static struct cached *
slot_of(struct db *db, const char *sql)
{
	size_t	i = ((uintptr_t)sql * 0x9e3779b97f4a7c15u) >> 32;

	for (i &= STMTS_MAX - 1; db->stmts[i].sql != NULL && db->stmts[i].sql != sql;)
		i = (i + 1) & (STMTS_MAX - 1);
	return &db->stmts[i];
}

static sqlite3_stmt *
prepare(struct db *db, const char *sql, struct err *e)
{
	struct cached	*c = slot_of(db, sql);
	const char	*rest;

	if (c->sql != NULL)
		return c->stmt;
	if (db->nstmts >= STMTS_MAX / 2)
		fatalx("database: too many different statements; is \"%s\" a literal?", sql);
	if (sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &c->stmt, &rest) != SQLITE_OK) {
		db_fail(db, e, sql);
		return NULL;
	}
	if (c->stmt == NULL || rest[strspn(rest, " \t\n;")] != '\0')
		fatalx("database: \"%s\" is not one statement", sql);
	c->sql = sql;
	db->nstmts++;
	return c->stmt;
}

/* Strings and blobs are borrowed: the caller's until the statement is reset. */
static int
bind(sqlite3_stmt *stmt, const char *args, va_list ap)
{
	const char	*s;
	const void	*p;
	size_t		 len;
	int		 i, rc = SQLITE_OK;

	for (i = 1; args[i - 1] != '\0' && rc == SQLITE_OK; i++) {
		switch (args[i - 1]) {
		case 's':
			s = va_arg(ap, const char *);
			rc = s == NULL ? sqlite3_bind_null(stmt, i) :
			    sqlite3_bind_text(stmt, i, s, -1, SQLITE_STATIC);
			break;
		case 'i':
			rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 'b':
			p = va_arg(ap, const void *);
			len = va_arg(ap, size_t);
			rc = sqlite3_bind_blob64(stmt, i, len > 0 ? p : "", len,
			    SQLITE_STATIC);
			break;
		default:
			fatalx("database: argument kind '%c'", args[i - 1]);
		}
	}
	if (i - 1 != sqlite3_bind_parameter_count(stmt))
		fatalx("database: %d arguments for \"%s\"", i - 1, sqlite3_sql(stmt));
	return rc;
}

static int64_t
execute(struct db *db, struct err *e, db_row_fn row, void *arg, const char *sql,
    const char *args, va_list ap)
{
	sqlite3_stmt	*stmt;
	int64_t		 rows = 0;
	int		 rc;

	/* Some errors make SQLite itself end a transaction: what comes after must
	 * not be committed alone. */
	if (db->aborted || (db->depth > 0 && sqlite3_get_autocommit(db->sql)))
		return err_code(e, ECANCELED, "database %s: the transaction was aborted",
		    db->path);
	stmt = prepare(db, sql, e);
	if (stmt == NULL)
		return -1;
	rc = bind(stmt, args, ap);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(stmt);
		if (rc != SQLITE_ROW)
			break;
		rows++;
		if (row != NULL && !row((const struct db_row *)stmt, arg))
			rc = SQLITE_DONE;
		if (rc == SQLITE_DONE)
			break;
	}
	if (rc != SQLITE_DONE) {
		db_fail(db, e, sql);
		rows = -1;
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return rows;
}

int64_t
db_exec(struct db *db, struct err *e, const char *sql, const char *args, ...)
{
	unsigned	before = (unsigned)sqlite3_total_changes(db->sql);
	int64_t		r;
	va_list		ap;

	va_start(ap, args);
	r = execute(db, e, NULL, NULL, sql, args, ap);
	va_end(ap);
	if (r == -1)
		return -1;
	/* sqlite3_changes alone would be that of an earlier statement. */
	return (unsigned)sqlite3_total_changes(db->sql) == before ? 0 :
	    sqlite3_changes(db->sql);
}

int64_t
db_query(struct db *db, struct err *e, db_row_fn row, void *arg,
    const char *sql, const char *args, ...)
{
	int64_t	r;
	va_list	ap;

	va_start(ap, args);
	r = execute(db, e, row, arg, sql, args, ap);
	va_end(ap);
	return r;
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->sql);
}

static sqlite3_stmt *
row_stmt(const struct db_row *row)
{
	return (sqlite3_stmt *)(uintptr_t)row;
}

const char *
db_text(const struct db_row *row, int column)
{
	return (const char *)sqlite3_column_text(row_stmt(row), column);
}

int64_t
db_int(const struct db_row *row, int column)
{
	return sqlite3_column_int64(row_stmt(row), column);
}

const void *
db_blob(const struct db_row *row, int column, size_t *len)
{
	const void	*p = sqlite3_column_blob(row_stmt(row), column);

	*len = (size_t)sqlite3_column_bytes(row_stmt(row), column);
	return p;
}

/* ---- transactions ---- */

int
db_begin(struct db *db, struct err *e)
{
	if (db->aborted)
		return err_code(e, ECANCELED, "database %s: the transaction was aborted",
		    db->path);
	if (db->depth == 0 && run(db, "BEGIN IMMEDIATE", "begin", e) == -1)
		return -1;
	db->depth++;
	return 0;
}

/* After the outermost: the disk counts again. */
static void
end_lazy(struct db *db)
{
	if (db->lazy && db->depth == 0) {
		db->lazy = false;
		if (run(db, "PRAGMA synchronous = FULL", "configure", NULL) == -1)
			fatalx("database %s: it cannot be made safe again", db->path);
	}
}

int
db_begin_lazy(struct db *db, struct err *e)
{
	if (db->depth == 0 && !db->aborted) {
		if (run(db, "PRAGMA synchronous = NORMAL", "configure", e) == -1)
			return -1;
		db->lazy = true;
	}
	if (db_begin(db, e) == 0)
		return 0;
	end_lazy(db);
	return -1;
}

static void
undo(struct db *db)
{
	/* After some errors SQLite has done it already. */
	if (!sqlite3_get_autocommit(db->sql) &&
	    sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		log_error("database %s: roll back: %s", db->path, sqlite3_errmsg(db->sql));
}

/* One level less; whether it was the last. */
static bool
leave(struct db *db)
{
	if (db->depth <= 0)
		fatalx("database: the end of a transaction that never began");
	return --db->depth == 0;
}

static int
commit(struct db *db, bool outermost, struct err *e)
{
	bool	aborted = db->aborted;

	if (!outermost)
		return aborted ? err_code(e, ECANCELED,
		    "database %s: the transaction was aborted", db->path) : 0;
	db->aborted = false;
	if (aborted)
		return err_code(e, ECANCELED, "database %s: the transaction was aborted",
		    db->path);
	if (sqlite3_get_autocommit(db->sql))
		return err_code(e, EIO, "database %s: the transaction was undone by an error",
		    db->path);
	if (run(db, "COMMIT", "commit", e) == 0)
		return 0;
	undo(db);
	return -1;
}

int
db_commit(struct db *db, struct err *e)
{
	int	ret = commit(db, leave(db), e);

	end_lazy(db);
	return ret;
}

void
db_abort(struct db *db)
{
	undo(db);
	db->aborted = !leave(db);
	end_lazy(db);
}
