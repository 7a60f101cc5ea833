/* frame.c - the yamux header: encoding, and what a single header can get wrong. */
#include "unit.h"

#include <string.h>

#include "revdial/frame.h"

static int
parse(const char *bytes, struct frame *f, struct err *e)
{
	uint8_t raw[FRAME_HEADER];

	memcpy(raw, bytes, sizeof raw);
	return frame_parse(f, raw, e);
}

static void
refused(const char *bytes, const char *text)
{
	struct frame f;
	struct err e = ERR_INIT;

	ck_assert_int_eq(parse(bytes, &f, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, text));
	ck_assert_int_eq(parse(bytes, &f, NULL), -1);
}

/* Bytes written by hand from the specification. */
START_TEST(known_bytes)
{
	struct frame f;

	ck_assert_int_eq(parse("\0\0\0\1\0\0\0\3\0\1\2\3", &f, NULL), 0);
	ck_assert_int_eq(f.type, FRAME_DATA);
	ck_assert_uint_eq(f.flags, FRAME_SYN);
	ck_assert_uint_eq(f.id, 3);
	ck_assert_uint_eq(f.length, 0x10203);
	ck_assert_int_eq(parse("\0\1\0\6\x80\0\0\2\xff\xff\xff\xff", &f, NULL), 0);
	ck_assert_int_eq(f.type, FRAME_WINDOW_UPDATE);
	ck_assert_uint_eq(f.flags, FRAME_ACK | FRAME_FIN);
	ck_assert_uint_eq(f.id, 0x80000002);
	ck_assert_uint_eq(f.length, UINT32_MAX);
	ck_assert_int_eq(parse("\0\2\0\2\0\0\0\0\xde\xad\xbe\xef", &f, NULL), 0);
	ck_assert_int_eq(f.type, FRAME_PING);
	ck_assert_uint_eq(f.length, 0xdeadbeef);
	ck_assert_int_eq(parse("\0\3\0\0\0\0\0\0\0\0\0\2", &f, NULL), 0);
	ck_assert_int_eq(f.type, FRAME_GO_AWAY);
	ck_assert_uint_eq(f.length, FRAME_INTERNAL_ERROR);
}
END_TEST

START_TEST(encodes_what_it_parses)
{
	static const uint16_t flags[] = { 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14 };
	static const uint32_t n[] = { 1, 2, 255, 256, 65536, 0x7fffffff, UINT32_MAX };
	size_t i, j, k;
	int type;

	for (type = FRAME_DATA; type <= FRAME_WINDOW_UPDATE; type++)
		for (i = 0; i < sizeof flags / sizeof flags[0]; i++)
			for (j = 0; j < 7; j++)
				for (k = 0; k < 7; k++) {
					struct frame f = { (enum frame_type)type,
					    flags[i], n[j], n[k] }, g;
					uint8_t raw[FRAME_HEADER];

					frame_encode(&f, raw);
					ck_assert_int_eq(frame_parse(&g, raw, NULL), 0);
					ck_assert_int_eq(g.type, f.type);
					ck_assert_uint_eq(g.flags, f.flags);
					ck_assert_uint_eq(g.id, f.id);
					ck_assert_uint_eq(g.length, f.length);
				}
}
END_TEST

START_TEST(refuses)
{
	refused("\1\0\0\0\0\0\0\1\0\0\0\0", "version 1");
	refused("\0\4\0\0\0\0\0\1\0\0\0\0", "type 4");
	refused("\0\xff\0\0\0\0\0\1\0\0\0\0", "type 255");
	refused("\0\0\0\x10\0\0\0\1\0\0\0\0", "unknown flags 0x10");
	refused("\0\0\1\0\0\0\0\1\0\0\0\0", "unknown flags 0x100");
	refused("\0\1\x80\1\0\0\0\1\0\0\0\0", "unknown flags");
	refused("\0\0\0\0\0\0\0\0\0\0\0\0", "data frame for stream 0");
	refused("\0\1\0\1\0\0\0\0\0\0\0\0", "window update frame for stream 0");
	refused("\0\0\0\3\0\0\0\5\0\0\0\0", "SYN and ACK for stream 5");
	refused("\0\2\0\1\0\0\0\1\0\0\0\0", "ping frame for stream 1");
	refused("\0\2\0\0\0\0\0\0\0\0\0\0", "ping frame with flags 0");
	refused("\0\2\0\3\0\0\0\0\0\0\0\0", "ping frame with flags 0x3");
	refused("\0\3\0\0\0\0\0\1\0\0\0\0", "go away frame for stream 1");
	refused("\0\3\0\1\0\0\0\0\0\0\0\0", "go away frame with flags 0x1");
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(frame_type_name(FRAME_GO_AWAY), "go away");
	ck_assert_str_eq(frame_type_name((enum frame_type)77), "unknown");
	ck_assert_str_eq(frame_reason_name(1), "protocol error");
	ck_assert_str_eq(frame_reason_name(3), "unknown reason");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("frame");
	TCase *t = tcase_create("all");

	tcase_add_test(t, known_bytes);
	tcase_add_test(t, encodes_what_it_parses);
	tcase_add_test(t, refuses);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return s;
}
