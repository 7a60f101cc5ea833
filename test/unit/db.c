/* db.c - unit tests of data/db.h. */
#include "unit.h"
#include "lib_child.h"
#include "lib_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"
#include "data/db.h"

#define STEP_ONE							\
	"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER, data BLOB);" \
	"CREATE TABLE child(of INTEGER NOT NULL REFERENCES t(id))"

static const char *const steps[] = {
	STEP_ONE,
	"ALTER TABLE t ADD COLUMN more TEXT DEFAULT 'new'",
	"CREATE TABLE three(x)",
};

static struct dir	dir;
static char		path[96];

static void
setup(void)
{
	dir_make(&dir);
	snprintf(path, sizeof path, "%s/db", dir.path);
}

static void
teardown(void)
{
	dir_drop(&dir);
}

static struct db *
open_ok(int nsteps)
{
	struct err	e = ERR_INIT;
	struct db	*db = db_open(path, steps, nsteps, &e);

	ck_assert_msg(db != NULL, "%s", e.msg);
	return db;
}

static const char insert[] = "INSERT INTO t(name, n) VALUES(?, ?)";
static const char count_all[] = "SELECT count(*) FROM t";

static bool
take_int(const struct db_row *row, void *arg)
{
	*(int64_t *)arg = db_int(row, 0);
	return true;
}

static int64_t
count(struct db *db)
{
	struct err	e = ERR_INIT;
	int64_t		n = -1;

	ck_assert_msg(db_query(db, &e, take_int, &n, count_all, "") == 1, "%s", e.msg);
	return n;
}

static void
put(struct db *db, const char *name, int64_t n)
{
	struct err	e = ERR_INIT;

	ck_assert_msg(db_exec(db, &e, insert, "si", name, n) == 1, "%s", e.msg);
}

START_TEST(new_file)
{
	struct db	*db;
	mode_t		 old = umask(0);

	db = open_ok(1);
	ck_assert_uint_eq(dir_mode(&dir, "db"), S_IFREG | 0600);
	ck_assert_uint_eq(dir_mode(&dir, "db-wal"), S_IFREG | 0600);
	ck_assert_int_eq(count(db), 0);
	db_close(db);
	db_close(NULL);
	/* One that is open to others gets private. */
	ck_assert_int_eq(fchmodat(dir.fd, "db", 0644, 0), 0);
	db_close(open_ok(1));
	ck_assert_uint_eq(dir_mode(&dir, "db"), S_IFREG | 0600);
	umask(old);
}
END_TEST

START_TEST(schema_steps)
{
	struct db	*db = open_ok(1);
	struct err	 e = ERR_INIT;

	put(db, "kept", 1);
	ck_assert_int_eq(db_exec(db, &e, "UPDATE t SET more = 'x'", ""), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "no such column: more"));
	db_close(db);
	db = open_ok(3);
	ck_assert_int_eq(count(db), 1);
	ck_assert_int_eq(db_exec(db, &e, "UPDATE t SET more = 'x'", ""), 1);
	db_close(db);
	ck_assert_ptr_null(db_open(path, steps, 2, &e));
	ck_assert_int_eq(e.code, EILSEQ);
	ck_assert_ptr_nonnull(strstr(e.msg,
	    "its schema is version 3, this program knows up to 2: it was written by a newer one"));
	db_close(open_ok(3));
}
END_TEST

/* A step that fails half way leaves the version before it, whole. */
START_TEST(schema_step_fails)
{
	static const char *const	bad[] = {
		"CREATE TABLE a(x)",
		"CREATE TABLE b(x); INSERT INTO a VALUES(1); CREATE TABLE a(x)",
	};
	static const char *const	good[] = { "CREATE TABLE a(x)", "CREATE TABLE b(x)" };
	struct err			e = ERR_INIT;
	struct db			*db;
	int64_t				n = -1;

	ck_assert_ptr_null(db_open(path, bad, 2, &e));
	ck_assert_ptr_nonnull(strstr(e.msg,
	    "bring the schema from version 1 to 2: table a already exists"));
	db = db_open(path, good, 2, &e);
	ck_assert_msg(db != NULL, "%s", e.msg);
	ck_assert_int_eq(db_query(db, &e, take_int, &n, "SELECT count(*) FROM a", ""), 1);
	ck_assert_int_eq(n, 0);
	db_close(db);
}
END_TEST

START_TEST(bad_files)
{
	struct err	e = ERR_INIT;
	char		junk[4096], missing[128];
	struct db	*db;
	int		fd;

	memset(junk, 'j', sizeof junk - 1);
	junk[sizeof junk - 1] = '\0';
	dir_write(&dir, "db", junk);
	ck_assert_ptr_null(db_open(path, steps, 1, &e));
	ck_assert_int_eq(e.code, EILSEQ);
	ck_assert_ptr_nonnull(strstr(e.msg, "file is not a database"));
	ck_assert(str_starts(e.msg, "database /"));
	snprintf(missing, sizeof missing, "%s/no/db", dir.path);
	ck_assert_ptr_null(db_open(missing, steps, 1, &e));
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_ptr_null(db_open(dir.path, steps, 1, &e));
	ck_assert_int_eq(e.code, EISDIR);
	/* Damage in the middle is found by looking for it. */
	unlinkat(dir.fd, "db", 0);
	db = open_ok(1);
	for (int i = 0; i < 500; i++) {
		snprintf(missing, sizeof missing, "a name that takes some room %d", i);
		put(db, missing, i);
	}
	ck_assert_int_eq(db_check(db, &e), 0);
	db_close(db);
	fd = openat(dir.fd, "db", O_RDWR);
	for (int page = 4; page < 8; page++)
		ck_assert_int_eq(pwrite(fd, junk, 4000, page * 4096), 4000);
	close(fd);
	db = open_ok(1);
	ck_assert_int_eq(db_check(db, &e), -1);
	ck_assert_int_eq(e.code, EILSEQ);
	db_close(db);
}
END_TEST

struct seen { int rows; struct str text; int stop_at; };

static bool
on_row(const struct db_row *row, void *arg)
{
	struct seen	*s = arg;
	const char	*name = db_text(row, 0);

	str_addf(&s->text, "%s=%lld;", name != NULL ? name : "NULL", (long long)db_int(row, 1));
	return ++s->rows != s->stop_at;
}

START_TEST(statements)
{
	static const char	select[] = "SELECT name, n FROM t WHERE n > ? ORDER BY n";
	static const char	blob[] = "UPDATE t SET data = ? WHERE n = ?";
	struct db		*db = open_ok(1);
	struct err		 e = ERR_INIT;
	struct seen		 s = { .stop_at = 0 };

	put(db, "one", 1);
	ck_assert_int_eq(db_last_id(db), 1);
	put(db, "it's; DROP TABLE t", 2);
	put(db, NULL, INT64_MAX);
	ck_assert_int_eq(db_query(db, &e, on_row, &s, select, "i", (int64_t)1), 2);
	ck_assert_str_eq(s.text.s, "it's; DROP TABLE t=2;NULL=9223372036854775807;");
	/* Stopped early, and again from the beginning. */
	s = (struct seen){ .text = s.text, .stop_at = 1 };
	str_clear(&s.text);
	ck_assert_int_eq(db_query(db, &e, on_row, &s, select, "i", (int64_t)0), 1);
	ck_assert_str_eq(s.text.s, "one=1;");
	s.stop_at = 0;
	str_clear(&s.text);
	ck_assert_int_eq(db_query(db, &e, on_row, &s, select, "i", (int64_t)0), 3);
	ck_assert_int_eq(db_exec(db, &e, blob, "bi", "a\0b", (size_t)3, (int64_t)1), 1);
	ck_assert_int_eq(db_exec(db, &e, blob, "bi", NULL, (size_t)0, (int64_t)77), 0);
	ck_assert_int_eq(db_exec(db, &e, "DELETE FROM t WHERE length(data) = 3", ""), 1);
	ck_assert_int_eq(db_exec(db, &e, "UPDATE t SET n = 0", ""), 2);
	/* What changes nothing does not tell the number of the one before. */
	ck_assert_int_eq(db_exec(db, &e, "CREATE TABLE other(x)", ""), 0);
	str_release(&s.text);
	db_close(db);
}
END_TEST

START_TEST(constraints)
{
	struct db	*db = open_ok(1);
	struct err	 e = ERR_INIT;

	put(db, "a", 1);
	ck_assert_int_eq(db_exec(db, &e, insert, "si", "a", (int64_t)2), -1);
	ck_assert_int_eq(e.code, EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, "UNIQUE constraint failed: t.name"));
	ck_assert_int_eq(db_exec(db, &e, "INSERT INTO child VALUES(99)", ""), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "FOREIGN KEY constraint failed"));
	ck_assert_int_eq(db_exec(db, &e, "SELEKT", ""), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "syntax error"));
	put(db, "b", 1);	/* the statement goes on working */
	ck_assert_int_eq(count(db), 2);
	db_close(db);
}
END_TEST

START_TEST(transactions)
{
	struct db	*db = open_ok(1);
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(db_begin(db, &e), 0);
	put(db, "a", 1);
	ck_assert_int_eq(db_begin(db, &e), 0);
	put(db, "b", 1);
	ck_assert_int_eq(db_commit(db, &e), 0);
	ck_assert_int_eq(db_commit(db, &e), 0);
	ck_assert_int_eq(count(db), 2);
	/* The inner abort undoes the outer, and what comes after is refused. */
	ck_assert_int_eq(db_begin(db, &e), 0);
	put(db, "c", 1);
	ck_assert_int_eq(db_begin(db, &e), 0);
	put(db, "d", 1);
	db_abort(db);
	ck_assert_int_eq(db_exec(db, &e, insert, "si", "e", (int64_t)1), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "the transaction was aborted"));
	ck_assert_int_eq(db_begin(db, &e), -1);
	ck_assert_int_eq(db_commit(db, &e), -1);
	ck_assert_int_eq(count(db), 2);
	put(db, "e", 1);
	ck_assert_int_eq(count(db), 3);
	/* A plain abort; a failed statement leaves the transaction alone. */
	ck_assert_int_eq(db_begin(db, &e), 0);
	put(db, "f", 1);
	db_abort(db);
	ck_assert_int_eq(db_begin(db, &e), 0);
	put(db, "g", 1);
	ck_assert_int_eq(db_exec(db, &e, insert, "si", "g", (int64_t)1), -1);
	ck_assert_int_eq(db_commit(db, &e), 0);
	ck_assert_int_eq(count(db), 4);
	db_close(db);
	db = open_ok(1);
	ck_assert_int_eq(count(db), 4);
	db_close(db);
}
END_TEST

/* The disk is not waited for, but all else is as always; and killed after it,
 * it is there. */
START_TEST(lazy)
{
	struct db	*db;
	struct err	 e = ERR_INIT;
	int		 status;
	pid_t		 pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		db = open_ok(1);
		if (db_begin_lazy(db, NULL) == 0)
			put(db, "lazily", 1);
		if (db_begin(db, NULL) == 0)
			put(db, "within", 1);
		if (db_commit(db, NULL) == 0 && db_commit(db, NULL) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	db = open_ok(1);
	ck_assert_int_eq(count(db), 2);
	ck_assert_int_eq(db_begin_lazy(db, &e), 0);
	put(db, "a", 1);
	db_abort(db);
	ck_assert_int_eq(count(db), 2);
	ck_assert_int_eq(db_begin(db, &e), 0);
	ck_assert_int_eq(db_begin_lazy(db, &e), 0);
	put(db, "b", 1);
	db_abort(db);
	ck_assert_int_eq(db_begin_lazy(db, &e), -1);
	ck_assert_int_eq(db_commit(db, &e), -1);
	ck_assert_int_eq(count(db), 2);
	put(db, "c", 1);
	db_close(db);
}
END_TEST

struct blob {
	char	bytes[8];
	size_t	len;
};

static bool
take_blob(const struct db_row *row, void *arg)
{
	struct blob	*b = arg;
	const void	*p = db_blob(row, 0, &b->len);

	ck_assert_uint_le(b->len, sizeof b->bytes);
	if (b->len > 0)
		memcpy(b->bytes, p, b->len);
	return true;
}

/* All bytes come back, zeros too. */
START_TEST(blobs)
{
	static const char	 bytes[] = { 'a', 0, '\xff', 0 };
	struct db		*db = open_ok(1);
	struct blob		 b = { "", 9 };
	struct err		 e = ERR_INIT;

	ck_assert_int_eq(db_query(db, &e, take_blob, &b, "SELECT ?", "b", bytes,
	    sizeof bytes), 1);
	ck_assert_uint_eq(b.len, 4);
	ck_assert_int_eq(memcmp(b.bytes, bytes, 4), 0);
	ck_assert_int_eq(db_query(db, &e, take_blob, &b, "SELECT ? ", "b", bytes,
	    (size_t)0), 1);
	ck_assert_uint_eq(b.len, 0);
	db_close(db);
}
END_TEST

/* kill -9 right after an answer: it is there. */
START_TEST(killed)
{
	struct db	*db;
	int		 status;
	pid_t		 pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		db = open_ok(1);
		put(db, "answered", 1);
		if (db_begin(db, NULL) == 0)
			put(db, "not answered", 1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	db = open_ok(1);
	ck_assert_int_eq(count(db), 1);
	db_close(db);
}
END_TEST

START_TEST(two_at_once)
{
	struct db	*a = open_ok(1), *b = open_ok(1);

	put(a, "a", 1);
	put(b, "b", 1);
	ck_assert_int_eq(count(a), 2);
	ck_assert_int_eq(count(b), 2);
	db_close(a);
	db_close(b);
}
END_TEST

START_TEST(disk_full)
{
	struct err	e = ERR_INIT;
	struct db	*db;
	char		name[64];
	int64_t		before, r = 1;

	if (!dir_mount(&dir, "mnt", "size=300k"))
		return;
	snprintf(path, sizeof path, "%s/mnt/db", dir.path);
	db = open_ok(1);
	for (int i = 0; i < 100000 && r == 1; i++) {
		snprintf(name, sizeof name, "some name of a certain length %d", i);
		r = db_exec(db, &e, insert, "si", name, (int64_t)i);
	}
	ck_assert_int_eq(r, -1);
	ck_assert_int_eq(e.code, ENOSPC);
	ck_assert_ptr_nonnull(strstr(e.msg, "database or disk is full"));
	before = count(db);
	ck_assert_int_gt(before, 10);
	/* In a transaction it takes the whole with it. */
	ck_assert_int_eq(db_begin(db, &e), 0);
	for (r = 1; r == 1;) {
		snprintf(name, sizeof name, "another name %lld", (long long)random());
		r = db_exec(db, &e, insert, "si", name, (int64_t)1);
	}
	if (db_commit(db, &e) == 0)
		ck_assert_int_ge(count(db), before);
	else
		ck_assert_int_eq(count(db), before);
	db_close(db);
}
END_TEST

static void
too_few_arguments(void)
{
	struct db	*db = open_ok(1);

	if (db_exec(db, NULL, insert, "s", "x") == 0)
		return;
}

START_TEST(our_own_mistakes)
{
	ck_assert(child_dies(too_few_arguments, "1 arguments"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("db");
	TCase	*t = tcase_create("db");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, new_file);
	tcase_add_test(t, schema_steps);
	tcase_add_test(t, schema_step_fails);
	tcase_add_test(t, bad_files);
	tcase_add_test(t, statements);
	tcase_add_test(t, constraints);
	tcase_add_test(t, transactions);
	tcase_add_test(t, lazy);
	tcase_add_test(t, blobs);
	tcase_add_test(t, killed);
	tcase_add_test(t, two_at_once);
	tcase_add_test(t, disk_full);
	tcase_add_test(t, our_own_mistakes);
	suite_add_tcase(s, t);
	return s;
}
