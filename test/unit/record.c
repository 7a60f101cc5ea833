/* record.c - unit tests of api/record.h. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record.h"
#include "base/str.h"

/* What a reader's user saw: "o:text e:text g:N ", and the bytes of output. */
struct seen {
	struct str	text;
	size_t		calls;
	size_t		fail_at;	/* the call that fails; 0: none */
};

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	struct seen	*s = arg;

	if (++s->calls == s->fail_at)
		return err_set(e, "enough");
	if (r->kind == RECORD_GAP) {
		ck_assert_ptr_null(p);
		str_addf(&s->text, "<%zu>", len);
	} else {
		ck_assert_uint_gt(len, 0);
		str_addf(&s->text, r->kind == RECORD_STDERR ? "[%.*s]" : "%.*s",
		    (int)len, (const char *)p);
	}
	return 0;
}

static void
add(struct str *log, enum record_kind kind, const char *text)
{
	struct record	r = { kind, (uint32_t)strlen(text), 1234567890123 };
	unsigned char	head[RECORD_HEAD];

	record_put(head, &r);
	str_addn(log, head, sizeof head);
	str_add(log, text);
}

static void
add_gap(struct str *log, uint64_t next, uint64_t left_out)
{
	struct record	r = { RECORD_GAP, RECORD_GAP_LEN, 5 };
	unsigned char	head[RECORD_HEAD + RECORD_GAP_LEN];

	record_put(head, &r);
	record_put_gap(head + RECORD_HEAD, next, left_out);
	str_addn(log, head, sizeof head);
}

START_TEST(heads)
{
	const struct record	all[] = {
		{ RECORD_STDOUT, 1, 0 }, { RECORD_STDOUT, RECORD_MAX, INT64_MAX },
		{ RECORD_STDERR, 0x0e2030, 0x0102030405060708 }, { RECORD_ALIVE, 0, -1 },
		{ RECORD_GAP, RECORD_GAP_LEN, 1 },
	};
	const unsigned char	want[RECORD_HEAD] = { 2, 0, 0, 0, 0, 0x0e, 0x20, 0x30,
				    1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned char		head[RECORD_HEAD];
	struct record		r = { 0 };
	struct err		e = ERR_INIT;

	for (size_t i = 0; i < nitems(all); i++) {
		record_put(head, &all[i]);
		ck_assert_int_eq(record_get(&r, head, &e), 0);
		ck_assert_int_eq(r.kind, all[i].kind);
		ck_assert_uint_eq(r.len, all[i].len);
		ck_assert_int_eq(r.time, all[i].time);
	}
	r = all[2];
	record_put(head, &r);
	ck_assert_mem_eq(head, want, sizeof head);
}
END_TEST

START_TEST(bad_heads)
{
	static const unsigned char	bad[][RECORD_HEAD] = {
		{ 0, 0, 0, 0, 0, 0, 0, 1 },		/* kinds that are none */
		{ 5, 0, 0, 0, 0, 0, 0, 1 },
		{ 1, 1, 0, 0, 0, 0, 0, 1 },
		{ 1, 0, 0, 9, 0, 0, 0, 1 },
		{ 1, 0, 0, 0, 0, 0, 0, 0 },		/* empty output */
		{ 2, 0, 0, 0, 0, 0x10, 0, 1 },		/* too long */
		{ 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff },
		{ 3, 0, 0, 0, 0, 0, 0, 15 },
		{ 4, 0, 0, 0, 0, 0, 0, 1 },
	};
	struct record	r;
	struct err	e;

	for (size_t i = 0; i < nitems(bad); i++) {
		e.msg[0] = '\0';
		ck_assert_int_eq(record_get(&r, bad[i], &e), -1);
		ck_assert_str_ne(e.msg, "");
	}
}
END_TEST

/* Whatever pieces it comes in. */
START_TEST(pieces)
{
	struct str		log = STR_INIT;
	struct record_reader	rd;
	struct err		e = ERR_INIT;
	size_t			piece, at, n;

	add(&log, RECORD_STDOUT, "one ");
	add(&log, RECORD_STDERR, "x");
	add(&log, RECORD_ALIVE, "");
	add_gap(&log, 1000, 900);
	add(&log, RECORD_STDOUT, " two");
	for (piece = 1; piece <= log.len; piece++) {
		struct seen	s = { STR_INIT, 0, 0 };

		record_reader_init(&rd, 0);
		for (at = 0; at < log.len; at += n) {
			n = log.len - at < piece ? log.len - at : piece;
			ck_assert_int_eq(record_reader_feed(&rd, log.s + at, n,
			    on_record, &s, &e), 0);
		}
		ck_assert_str_eq(str_text(&s.text), "one [x]<900> two");
		ck_assert(record_reader_whole(&rd));
		ck_assert_uint_eq(rd.offset, 1000 + RECORD_HEAD + 4);
		ck_assert_uint_eq(rd.left_out, 900);
		str_release(&s.text);
	}
	str_release(&log);
}
END_TEST

/* Broken off after every byte, asked again for its offset: no byte is lost, none
 * comes twice. Of the record under way a second break may give more or less. */
START_TEST(resumed)
{
	struct str		log = STR_INIT;
	struct record_reader	rd;
	struct err		e = ERR_INIT;
	size_t			a, b, n;

	add(&log, RECORD_STDOUT, "hello ");
	add(&log, RECORD_STDERR, "dear");
	add(&log, RECORD_STDOUT, " world");
	for (a = 0; a <= log.len; a++)
		for (b = 0; b <= log.len; b++) {
			struct seen	s = { STR_INIT, 0, 0 };

			record_reader_init(&rd, 0);
			ck_assert_int_eq(record_reader_feed(&rd, log.s, a, on_record, &s, &e), 0);
			record_reader_resume(&rd);
			ck_assert(record_reader_whole(&rd));
			n = log.len - (size_t)rd.offset < b ? log.len - (size_t)rd.offset : b;
			ck_assert_int_eq(record_reader_feed(&rd, log.s + rd.offset, n,
			    on_record, &s, &e), 0);
			record_reader_resume(&rd);
			ck_assert_int_eq(record_reader_feed(&rd, log.s + rd.offset,
			    log.len - (size_t)rd.offset, on_record, &s, &e), 0);
			ck_assert_uint_eq(rd.offset, log.len);
			/* Brackets stand around each piece. */
			for (size_t i = n = 0; i < s.text.len; i++)
				if (s.text.s[i] != '[' && s.text.s[i] != ']')
					s.text.s[n++] = s.text.s[i];
			s.text.s[n] = '\0';
			ck_assert_str_eq(s.text.s, "hello dear world");
			str_release(&s.text);
		}
	str_release(&log);
}
END_TEST

/* The record under way was cut from the log meanwhile. */
START_TEST(resumed_in_gap)
{
	struct str		log = STR_INIT, again = STR_INIT;
	struct seen		s = { STR_INIT, 0, 0 };
	struct record_reader	rd;
	struct err		e = ERR_INIT;

	add(&log, RECORD_STDOUT, "hello");
	record_reader_init(&rd, 7);
	ck_assert_int_eq(record_reader_feed(&rd, log.s, RECORD_HEAD + 2, on_record, &s, &e), 0);
	ck_assert(!record_reader_whole(&rd));
	record_reader_resume(&rd);
	/* A gap before it, of no length: what follows is the same record. */
	add_gap(&again, 7, 3);
	ck_assert_int_eq(record_reader_feed(&rd, again.s, again.len, on_record, &s, &e), 0);
	ck_assert_int_eq(record_reader_feed(&rd, log.s, RECORD_HEAD + 3, on_record, &s, &e), 0);
	record_reader_resume(&rd);
	str_clear(&again);
	add_gap(&again, 100, 50);
	add(&again, RECORD_STDOUT, "!");
	ck_assert_int_eq(record_reader_feed(&rd, again.s, again.len, on_record, &s, &e), 0);
	ck_assert_str_eq(s.text.s, "he<3>l<47>!");
	ck_assert_uint_eq(rd.left_out, 50);
	ck_assert_uint_eq(rd.offset, 100 + RECORD_HEAD + 1);
	str_release(&s.text);
	str_release(&log);
	str_release(&again);
}
END_TEST

static void
check_refused(const struct str *log, uint64_t from, const char *why)
{
	struct seen		s = { STR_INIT, 0, 0 };
	struct record_reader	rd;
	struct err		e = ERR_INIT;

	record_reader_init(&rd, from);
	ck_assert_int_eq(record_reader_feed(&rd, log->s, log->len, on_record, &s, &e), -1);
	ck_assert_msg(strstr(e.msg, why) != NULL, "%s", e.msg);
	str_release(&s.text);
}

START_TEST(refused)
{
	struct str		log = STR_INIT;
	struct seen		s = { STR_INIT, 0, 2 };
	struct record_reader	rd;
	struct err		e = ERR_INIT;

	str_add(&log, "HTTP/1.1 200 OK\r\n");
	check_refused(&log, 0, "no log of an exec");
	str_clear(&log);
	add_gap(&log, 99, 1);
	check_refused(&log, 100, "a gap from 100 back to 99");
	str_clear(&log);
	add(&log, RECORD_STDOUT, "x");
	check_refused(&log, UINT64_MAX - RECORD_HEAD, "beyond all offsets");

	/* The user's own no. */
	add(&log, RECORD_STDOUT, "y");
	record_reader_init(&rd, 0);
	ck_assert_int_eq(record_reader_feed(&rd, log.s, log.len, on_record, &s, &e), -1);
	ck_assert_str_eq(e.msg, "enough");
	ck_assert_str_eq(s.text.s, "x");
	str_release(&s.text);

	/* Another log after the break. */
	record_reader_init(&rd, 0);
	s = (struct seen){ STR_INIT, 0, 0 };
	str_clear(&log);
	add(&log, RECORD_STDOUT, "xyz");
	ck_assert_int_eq(record_reader_feed(&rd, log.s, RECORD_HEAD + 1, on_record, &s, &e), 0);
	record_reader_resume(&rd);
	str_clear(&log);
	add(&log, RECORD_STDERR, "xyz");
	ck_assert_int_eq(record_reader_feed(&rd, log.s, log.len, on_record, &s, &e), -1);
	ck_assert_str_eq(e.msg, "not the same log as before: another record at 0");
	str_release(&s.text);
	str_release(&log);
}
END_TEST

START_TEST(gaps_without_end)
{
	struct str		log = STR_INIT;
	struct seen		s = { STR_INIT, 0, 0 };
	struct record_reader	rd;
	struct err		e = ERR_INIT;

	add_gap(&log, 5, UINT64_MAX);
	add_gap(&log, UINT64_MAX, UINT64_MAX);
	record_reader_init(&rd, 0);
	ck_assert_int_eq(record_reader_feed(&rd, log.s, log.len, on_record, &s, &e), 0);
	ck_assert_uint_eq(rd.left_out, UINT64_MAX);
	ck_assert_uint_eq(rd.offset, UINT64_MAX);
	str_release(&s.text);
	str_release(&log);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("record");
	TCase	*t = tcase_create("record");

	tcase_add_test(t, heads);
	tcase_add_test(t, bad_heads);
	tcase_add_test(t, pieces);
	tcase_add_test(t, resumed);
	tcase_add_test(t, resumed_in_gap);
	tcase_add_test(t, refused);
	tcase_add_test(t, gaps_without_end);
	suite_add_tcase(s, t);
	return s;
}
