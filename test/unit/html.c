/* html.c - unit tests of data/html.h. */
#include "unit.h"
#include "lib_child.h"

#include <string.h>

#include "data/html.h"

static struct str out;

static void
setup(void)
{
	str_init(&out);
}

static void
teardown(void)
{
	str_release(&out);
}

START_TEST(text)
{
	html_text(&out, "plain");
	html_text(&out, "");
	html_text(&out, NULL);
	html_text(&out, "<a href=\"x\">'&amp;'</a>");
	ck_assert_str_eq(out.s,
	    "plain&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;");
	str_clear(&out);
	html_text(&out, "\xc3\xa4\t\r\n\x01\x1b[31m\x7f");
	ck_assert_str_eq(out.s, "\xc3\xa4\t\r\n\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd");
}
END_TEST

START_TEST(addf)
{
	const char *volatile	none = NULL;	/* gcc would see it and warn */

	html_addf(&out, "<td class=\"%s\">%d of %lld, 100%%</td>%s", "a\"b", -3, 1LL << 40, "<&>");
	ck_assert_str_eq(out.s,
	    "<td class=\"a&quot;b\">-3 of 1099511627776, 100%</td>&lt;&amp;&gt;");
	str_clear(&out);
	html_addf(&out, "%s%s", none, "");
	ck_assert_str_eq(str_text(&out), "");
}
END_TEST

static void
use_other_conversion(void)
{
	struct str	s = STR_INIT;

	html_addf(&s, "%u", 1U);
}

START_TEST(other_conversions_die)
{
	ck_assert(child_dies(use_other_conversion, "unknown conversion"));
}
END_TEST

START_TEST(page)
{
	static const char *const	nav[] = { "/", "Home", "/b?x=1&y", "<B>", NULL };

	html_begin(&out, "pools & <hosts>", nav);
	html_raw(&out, "<p>body</p>\n");
	html_end(&out);
	ck_assert(str_starts(out.s, "<!doctype html>\n"));
	ck_assert(str_ends(out.s, "<p>body</p>\n</body>\n</html>\n"));
	ck_assert_ptr_nonnull(strstr(out.s, "<title>pools &amp; &lt;hosts&gt;</title>"));
	ck_assert_ptr_nonnull(strstr(out.s, "<h1>pools &amp; &lt;hosts&gt;</h1>"));
	ck_assert_ptr_nonnull(strstr(out.s, "<nav><a href=\"/\">Home</a>"
	    "<a href=\"/b?x=1&amp;y\">&lt;B&gt;</a></nav>"));
	ck_assert_ptr_nonnull(strstr(out.s, "name=\"viewport\""));
	ck_assert_ptr_nonnull(strstr(out.s, "prefers-color-scheme:dark"));
	/* Nothing is loaded from elsewhere. */
	ck_assert_ptr_null(strstr(out.s, "://"));
	ck_assert_ptr_null(strstr(out.s, "@import"));
	ck_assert_ptr_null(strstr(out.s, "src="));
	ck_assert_ptr_null(strstr(out.s, "<link"));
	str_clear(&out);
	html_begin(&out, "t", NULL);
	ck_assert_ptr_null(strstr(out.s, "<nav>"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("html");
	TCase	*t = tcase_create("html");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, text);
	tcase_add_test(t, addf);
	tcase_add_test(t, other_conversions_die);
	tcase_add_test(t, page);
	suite_add_tcase(s, t);
	return s;
}
