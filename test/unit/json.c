/* json.c - unit tests of data/json.h. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "data/json.h"

static struct json *
parse(const char *text)
{
	struct err	e = ERR_INIT;
	struct json	*j = json_parse(text, strlen(text), &e);

	ck_assert_msg(j != NULL, "%s: %s", text, e.msg);
	return j;
}

static void
refuse(const char *text, size_t len)
{
	struct err	e = ERR_INIT;
	struct json	*j = json_parse(text, len, &e);

	ck_assert_msg(j == NULL, "taken: %.*s", (int)len, text);
	ck_assert_msg(str_starts(e.msg, "parse JSON: at byte "), "%s", e.msg);
}

/* Parses, prints, and compares. */
static void
same(const char *text, const char *want)
{
	struct json	*j = parse(text);
	char		*got = json_text(j, false);

	ck_assert_str_eq(got, want);
	free(got);
	json_free(j);
}

START_TEST(values)
{
	same("true", "true");
	same(" false\n", "false");
	same("0", "0");
	same("-12", "-12");
	same("9223372036854775807", "9223372036854775807");
	same("-9223372036854775808", "-9223372036854775808");
	same("1.5", "1.5");
	same("0.1", "0.1");
	same("1e3", "1000");
	same("-0.0", "0");
	same("1.7976931348623157e308", "1.7976931348623157e+308");
	same("\"\"", "\"\"");
	same("\"a/b\"", "\"a/b\"");
	same("\"a\\/b\"", "\"a/b\"");
	same("\"\\u00e4\\ud83d\\ude00\"", "\"\xc3\xa4\xf0\x9f\x98\x80\"");
	same("\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\\u007f\"", "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\\u007f\"");
	same("[]", "[]");
	same("{}", "{}");
	same("[1,null,[\"x\"],{\"a\":{}}]", "[1,null,[\"x\"],{\"a\":{}}]");
	same("{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}");	/* order is kept */
	same("{\"a\":1,\"a\":2}", "{\"a\":2}");
	same("\"\\\\u0000\"", "\"\\\\u0000\"");		/* no NUL, a backslash */
}
END_TEST

START_TEST(refused)
{
	static const char *const	bad[] = {
		"", " ", "null", " null ", "tru", "True", "TRUE", "nul", "NaN", "Infinity",
		"-Infinity", "-", "+1", "01", "1.", ".5", "1e", "1e+", "-01", "1.e5", "--1", "1-2", "[1,-]", "{\"a\":00}", "0x10", "1 2", "1,", "[1,]",
		"[,1]", "[1 2]", "[1", "]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{a:1}", "{'a':1}", "'x'", "\"x", "\"\\x\"", "\"\\u12\"", "\"a\nb\"",
		"{}{}", "{} x", "/* c */ 1", "1 // c", "[1e400]", "\xef\xbb\xbf{}",
		"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", "\"\\u0000\"",
		"{\"a\\u0000b\":1}", "\"\\\\\\u0000\"",
	};

	for (size_t i = 0; i < nitems(bad); i++)
		refuse(bad[i], strlen(bad[i]));
	refuse("{}\0", 3);
	refuse("\"a\0b\"", 5);
	refuse("1\0", 2);
}
END_TEST

START_TEST(depth)
{
	char	text[2 * 100 + 1];

	for (int n = 1; n <= 100; n++) {
		memset(text, '[', (size_t)n);
		memset(text + n, ']', (size_t)n);
		text[2 * n] = '\0';
		if (n <= JSON_DEPTH_MAX)
			same(text, text);
		else
			refuse(text, strlen(text));
	}
	/* With something inside. */
	for (int n = JSON_DEPTH_MAX - 1; n <= JSON_DEPTH_MAX + 1; n++) {
		memset(text, '[', (size_t)n);
		text[n] = '7';
		memset(text + n + 1, ']', (size_t)n);
		text[2 * n + 1] = '\0';
		if (n < JSON_DEPTH_MAX)
			same(text, text);
		else if (n > JSON_DEPTH_MAX)
			refuse(text, strlen(text));
	}
}
END_TEST

START_TEST(pretty)
{
	struct json	*j = parse("{\"a\":1,\"b\":[],\"c\":{},\"d\":[1,\"x/y\",{\"e\":null}]}");
	char		*text = json_text(j, true);

	ck_assert_str_eq(text,
	    "{\n"
	    "  \"a\": 1,\n"
	    "  \"b\": [],\n"
	    "  \"c\": {},\n"
	    "  \"d\": [\n"
	    "    1,\n"
	    "    \"x/y\",\n"
	    "    {\n"
	    "      \"e\": null\n"
	    "    }\n"
	    "  ]\n"
	    "}");
	free(text);
	json_free(j);
}
END_TEST

START_TEST(building)
{
	struct json	*o = json_object(), *a = json_array();
	char		*text;

	json_set_str(o, "s", "x");
	json_set_str(o, "none", NULL);
	json_set_int(o, "n", INT64_MIN);
	json_set_double(o, "d", 0.1);
	json_set_double(o, "nan", 0.0 / 0.0);
	json_set_bool(o, "b", true);
	json_push_str(a, "1");
	json_push(a, json_object());
	json_push_str(a, NULL);
	json_set(o, "a", a);
	json_set_str(o, "s", "replaced");
	json_set_str(o, "odd \"\n", "bad\xff\xc3utf\xed\xa0\x80");
	text = json_text(o, false);
	ck_assert_str_eq(text, "{\"s\":\"replaced\",\"none\":null,\"n\":-9223372036854775808,"
	    "\"d\":0.1,\"nan\":null,\"b\":true,\"a\":[\"1\",{},null],"
	    "\"odd \\\"\\n\":\"bad\xef\xbf\xbd\xef\xbf\xbdutf\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
	/* Whatever was put in, the text parses. */
	json_free(parse(text));
	free(text);
	json_free(o);
	text = json_text(NULL, true);
	ck_assert_str_eq(text, "null");
	free(text);
	json_free(NULL);
}
END_TEST

START_TEST(getters)
{
	struct json	*j = parse("{\"s\":\"x\",\"n\":7,\"d\":1.5,\"b\":true,\"z\":null,\"a\":[1,\"y\"]}");
	struct json	*a = json_get(j, "a");

	ck_assert_str_eq(json_str(j, "s", "def"), "x");
	ck_assert_str_eq(json_str(j, "n", "def"), "def");
	ck_assert_str_eq(json_str(j, "none", "def"), "def");
	ck_assert_ptr_null(json_str(j, "z", NULL));
	ck_assert_int_eq(json_int(j, "n", -1), 7);
	ck_assert_int_eq(json_int(j, "s", -1), -1);
	ck_assert_int_eq(json_int(j, "d", -1), -1);
	ck_assert(json_bool(j, "b", false));
	ck_assert(json_bool(j, "n", true));
	ck_assert(!json_bool(j, "n", false));
	ck_assert_int_eq(json_is(j), JSON_OBJECT);
	ck_assert_int_eq(json_is(a), JSON_ARRAY);
	ck_assert_int_eq(json_is(json_get(j, "d")), JSON_DOUBLE);
	ck_assert_int_eq(json_is(json_get(j, "b")), JSON_BOOL);
	ck_assert_int_eq(json_is(json_get(j, "z")), JSON_NULL);
	ck_assert_int_eq(json_is(NULL), JSON_NULL);
	ck_assert_uint_eq(json_len(a), 2);
	ck_assert_uint_eq(json_len(j), 6);
	ck_assert_uint_eq(json_len(json_at(a, 0)), 0);
	ck_assert_int_eq(json_value_int(json_at(a, 0), -1), 1);
	ck_assert_int_eq(json_value_int(json_at(a, 1), -1), -1);
	ck_assert_str_eq(json_value_str(json_at(a, 1)), "y");
	ck_assert_ptr_null(json_value_str(json_at(a, 0)));
	ck_assert_ptr_null(json_at(a, 2));
	ck_assert_ptr_null(json_at(j, 0));
	ck_assert_ptr_null(json_get(a, "x"));
	/* Chains through what is not there. */
	ck_assert_str_eq(json_str(json_get(json_get(j, "no"), "no"), "no", "def"), "def");
	json_free(j);
}
END_TEST

START_TEST(walking)
{
	struct json	*j = parse("{\"one\":1,\"two\":null,\"three\":[]}"), *v;
	struct str	seen = STR_INIT;
	const char	*key;
	void		*it = NULL;

	while (json_next(j, &it, &key, &v))
		str_addf(&seen, "%s:%d ", key, (int)json_is(v));
	ck_assert_str_eq(str_text(&seen), "one:2 two:0 three:5 ");
	it = NULL;
	ck_assert(!json_next(json_get(j, "three"), &it, &key, &v));
	ck_assert(!json_next(NULL, &it, &key, &v));
	str_release(&seen);
	json_free(j);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("json");
	TCase	*t = tcase_create("json");

	tcase_add_test(t, values);
	tcase_add_test(t, refused);
	tcase_add_test(t, depth);
	tcase_add_test(t, pretty);
	tcase_add_test(t, building);
	tcase_add_test(t, getters);
	tcase_add_test(t, walking);
	suite_add_tcase(s, t);
	return s;
}
