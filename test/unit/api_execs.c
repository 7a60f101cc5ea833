/* api_execs.c - GET /execs of a buildlet, as the coordinator and clients read it. */
#include "unit.h"

#include <string.h>

#include "api/types.h"
#include "base/clock.h"

static int
parse(struct api_execs *l, const char *text, struct err *e)
{
	memset(e, 0, sizeof *e);
	return api_execs_parse(l, text, strlen(text), e);
}

START_TEST(test_list)
{
	static const char	text[] = "{\"Seq\":12,\"Running\":1,\"Execs\":["
	    "{\"ID\":\"abc123\",\"Seq\":7,\"Cmd\":\"/bin/sh\",\"Args\":[\"-c\",\"\",\"x y\"],"
	    "\"Dir\":\"go\",\"State\":\"running\",\"Created\":\"2026-11-21T10:00:00.250Z\","
	    "\"Why\":\"\",\"LogEnd\":40,\"Later\":[{}]},"
	    "{\"ID\":\"zzzzzzzzzz\",\"Seq\":12,\"Cmd\":\"true\",\"State\":\"ended\","
	    "\"Created\":\"2026-11-21T10:00:00Z\",\"Ended\":\"2026-11-21T10:00:01.5Z\","
	    "\"Status\":\"exit status 2\",\"Why\":\"killed\",\"Output\":9},"
	    "{\"ID\":\"lost00\",\"Cmd\":\"x\",\"State\":\"lost\",\"Created\":"
	    "\"2026-11-21T10:00:00Z\",\"Status\":\"lost: its supervisor was killed\"}]}";
	struct api_execs	l;
	struct err		e;
	int64_t			at;

	ck_assert_int_eq(clock_parse_rfc3339("2026-11-21T10:00:00Z", &at), 0);
	ck_assert_msg(parse(&l, text, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(l.seq, 12);
	ck_assert_int_eq(l.running, 1);
	ck_assert_uint_eq(l.n, 3);
	ck_assert_str_eq(l.v[0].id, "abc123");
	ck_assert_int_eq(l.v[0].seq, 7);
	ck_assert_str_eq(l.v[0].cmd, "/bin/sh");
	ck_assert_uint_eq(l.v[0].args.n, 3);
	ck_assert_str_eq(l.v[0].args.v[1], "");
	ck_assert_str_eq(l.v[0].args.v[2], "x y");
	ck_assert_int_eq(l.v[0].state, API_EXEC_RUNNING);
	ck_assert_int_eq(l.v[0].created, at + 250);
	ck_assert_int_eq(l.v[0].ended, 0);
	ck_assert_str_eq(l.v[0].status, "");
	ck_assert_int_eq(l.v[0].log_end, 40);
	ck_assert_int_eq(l.v[1].state, API_EXEC_ENDED);
	ck_assert_int_eq(l.v[1].ended, at + 1500);
	ck_assert_str_eq(l.v[1].status, "exit status 2");
	ck_assert_str_eq(l.v[1].why, "killed");
	ck_assert_uint_eq(l.v[1].args.n, 0);
	ck_assert_int_eq(l.v[1].output, 9);
	ck_assert_int_eq(l.v[2].state, API_EXEC_LOST);
	ck_assert_str_eq(api_exec_state_name(l.v[2].state), "lost");
	api_execs_release(&l);
	ck_assert_uint_eq(l.n, 0);
}
END_TEST

#define ONE(members) "{\"Execs\":[{" members "}]}"
#define AT "\"Created\":\"2026-11-21T10:00:00Z\""

START_TEST(test_bad)
{
	static const char *const	bad[] = {
		"", "[]", "{}", "{\"Execs\":{}}", "{\"Execs\":[1]}", "{\"Execs\":null}",
		ONE("\"State\":\"ended\"," AT),
		ONE("\"ID\":\"short\",\"State\":\"ended\"," AT),
		ONE("\"ID\":\"UPPERCASE\",\"State\":\"ended\"," AT),
		ONE("\"ID\":\"../../etc\",\"State\":\"ended\"," AT),
		ONE("\"ID\":\"a23456789012345678901234567890123\",\"State\":\"ended\"," AT),
		ONE("\"ID\":\"abcdef\",\"State\":\"odd\"," AT),
		ONE("\"ID\":\"abcdef\"," AT),
		ONE("\"ID\":\"abcdef\",\"State\":\"ended\""),
		ONE("\"ID\":\"abcdef\",\"State\":\"ended\",\"Created\":5"),
		ONE("\"ID\":\"abcdef\",\"State\":\"ended\",\"Ended\":\"then\"," AT),
		ONE("\"ID\":\"abcdef\",\"State\":\"ended\",\"Status\":{}," AT),
	};
	struct api_execs		l;
	struct err			e;
	size_t				i;

	for (i = 0; i < nitems(bad); i++) {
		ck_assert_msg(parse(&l, bad[i], &e) == -1, "taken: %s", bad[i]);
		ck_assert_msg(strncmp(e.msg, "execs: ", 7) == 0, "%s", e.msg);
		ck_assert_ptr_null(l.v);
	}
	ck_assert_int_eq(parse(&l, ONE("\"ID\":\"abcdef\",\"State\":\"ended\"," AT), &e), 0);
	api_execs_release(&l);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("api_execs");
	TCase	*tc = tcase_create("api_execs");

	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_bad);
	suite_add_tcase(s, tc);
	return s;
}
