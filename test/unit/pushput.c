/* pushput.c - what the coordinator calls an upload. */
#include "client/pushput.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "unit.h"

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void
gives(const char *answer, const char *want)
{
	char	*got = pushput_digest(answer, strlen(answer));

	if (want == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(test_digest)
{
	gives("{\"Digest\":\"" DIGEST "\",\"Bytes\":1}", DIGEST);
	gives("{\"Digest\":\"" DIGEST "0\"}", NULL);
	gives("{\"Bytes\":1}", NULL);
	gives("[]", NULL);
	gives("", NULL);
}
END_TEST

/* It goes into the head of a request. */
START_TEST(test_no_digest)
{
	char	*answer = xstrdup("{\"Digest\":\"" DIGEST "\"}");

	*strchr(answer, 'c') = 'g';
	gives(answer, NULL);
	free(answer);
	gives("{\"Digest\":\"................................................................\"}",
	    NULL);
	gives("{\"Digest\":7}", NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("pushput");
	TCase	*t = tcase_create("pushput");

	tcase_add_test(t, test_digest);
	tcase_add_test(t, test_no_digest);
	suite_add_tcase(s, t);
	return s;
}
