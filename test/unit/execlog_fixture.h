/*
 * execlog_fixture.h - for the tests of buildlet/execlog.h: a directory, a writer of
 * a log in it, and what a reader sees. Included by each of them once.
 */
#ifndef EXECLOG_FIXTURE_H
#define EXECLOG_FIXTURE_H

#include "unit.h"
#include "lib_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "buildlet/execlog.h"

#define MIB	(1024 * 1024)

static struct dir		 dir;
static struct logwriter		*writer;

static void
setup(void)
{
	dir_make(&dir);
	writer = logwriter_new(dir.fd, 256 * MIB, 128 * MIB);
}

static void
teardown(void)
{
	logwriter_free(writer);
	dir_drop(&dir);
}

static void
say_at(enum record_kind kind, int64_t time, const char *text)
{
	ck_assert_int_eq(logwriter_add(writer, kind, time, text, strlen(text)), 0);
}

static void
say(const char *text)
{
	say_at(RECORD_STDOUT, 1000, text);
}

/* ---- what a reader sees ---- */

struct seen {
	struct str	text;		/* stderr in brackets, gaps as <N> */
	size_t		bytes;
	uint64_t	offset;		/* at the end */
};

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	struct seen	*s = arg;

	(void)e;
	if (r->kind == RECORD_GAP)
		str_addf(&s->text, "<%zu>", len);
	else if (r->kind == RECORD_STDERR)
		str_addf(&s->text, "[%.*s]", (int)len, (const char *)p);
	else
		str_addn(&s->text, p, len);
	if (r->kind != RECORD_GAP)
		s->bytes += len;
	return 0;
}

/* By logreader_file where it can be had, taking only a part of it, if file. */
static ssize_t
read_some(struct logreader *rd, unsigned char *p, size_t max, uint64_t end, bool file,
    struct err *e)
{
	size_t	len = max;
	int64_t	at;
	int	fd;

	if (!file || !logreader_file(rd, end, &fd, &at, &len))
		return logreader_read(rd, p, max, end, e);
	ck_assert_uint_le(len, max);
	len -= len > 5000 ? (size_t)at % 5000 : 0;
	ck_assert_int_eq(pread(fd, p, len, at), (ssize_t)len);
	logreader_skip(rd, len);
	return (ssize_t)len;
}

/* -1 and e where the log is damaged. */
static int
read_from(struct seen *s, uint64_t offset, uint64_t end, size_t max, bool file,
    struct err *e)
{
	struct logreader	*rd = logreader_new(dir.fd, offset, e);
	unsigned char		*p = malloc(max);
	struct record_reader	 parts;
	ssize_t			 n;

	memset(s, 0, sizeof *s);
	ck_assert_ptr_nonnull(p);
	if (rd == NULL) {
		free(p);
		return -1;
	}
	s->offset = logreader_offset(rd);
	record_reader_init(&parts, s->offset);
	while ((n = read_some(rd, p, max, end, file, e)) > 0) {
		ck_assert_int_le(n, (ssize_t)max);
		ck_assert_int_eq(record_reader_feed(&parts, p, (size_t)n, on_record, s, e), 0);
		ck_assert_uint_le(logreader_offset(rd), end);
	}
	if (n == 0) {
		ck_assert_uint_eq(parts.offset, logreader_offset(rd));
		ck_assert(record_reader_whole(&parts));
	}
	s->offset = logreader_offset(rd);
	logreader_free(rd);
	free(p);
	return (int)n;
}

static void
check_read(uint64_t offset, const char *want)
{
	struct seen	s;
	struct err	e = ERR_INIT;
	size_t		max;

	for (max = LOGREADER_MIN; max < 300; max += 17) {
		ck_assert_msg(read_from(&s, offset, logwriter_end(writer), max, false, &e) == 0,
		    "%s", e.msg);
		ck_assert_str_eq(str_text(&s.text), want);
		ck_assert_uint_eq(s.offset, logwriter_end(writer));
		str_release(&s.text);
	}
}

/* Lines by their number, which is their time too; each third is of stderr. */
static void
fill(struct str *want, size_t lines)
{
	char	line[64];
	size_t	i;

	for (i = 0; i < lines; i++) {
		snprintf(line, sizeof line, "line %zu of many\n", i);
		say_at(i % 3 == 1 ? RECORD_STDERR : RECORD_STDOUT, (int64_t)i, line);
		str_addf(want, i % 3 == 1 ? "[%s]" : "%s", line);
	}
}

#endif
