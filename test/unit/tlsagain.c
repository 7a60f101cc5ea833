/* tlsagain.c - unit tests of io/tls.h: sessions that a client takes up again, and
 * what they do not vouch for. */
#include "unit.h"
#include "lib_tls.h"

#include <string.h>

static void
hear(const char *text)
{
	stream_write(far.s, text, strlen(text));	/* the ticket goes before it */
	WAIT(tls_loop, buf_len(near.got) == strlen(text));
}

/* Under the same name, but with keys of its own, and later without a right to
 * that name: an old session does not vouch for whoever answers. */
START_TEST(session_helps_no_impostor)
{
	char other[PKI_DIR_MAX];

	tls_connect_both();
	hear("one");
	tls_disconnect();
	pki_dir_make(other);
	tls_ctx_free(tls_here);
	tls_here = pki_server(other);
	pki_dir_remove(other);
	tls_connect_as("localhost");
	WAIT(tls_loop, near.errors == 1);
	ck_assert_ptr_nonnull(strstr(near.err.msg,
	    "TLS: certificate is not signed by the pinned CA"));
	tls_disconnect();
	tls_ctx_free(tls_here);
	tls_here = pki_server(tls_dir);	/* started again: its ticket keys are new */
	tls_connect_both();
	ck_assert(!tls_resumed(near.s) && !tls_resumed(far.s));
	hear("two");
	tls_disconnect();
	tls_connect_both();
	ck_assert(tls_resumed(near.s));
	tls_disconnect();
	tls_connect_as("elsewhere.example");
	WAIT(tls_loop, near.errors == 1);
	ck_assert_ptr_nonnull(strstr(near.err.msg,
	    "certificate is not for elsewhere.example"));
}
END_TEST

/* Nothing of a handshake that failed is taken up again. */
START_TEST(refused_certificate_leaves_no_session)
{
	char	other[PKI_DIR_MAX];
	int	i;

	pki_dir_make(other);
	tls_ctx_free(tls_there);
	tls_there = pki_client(other, TLS_VERIFY_CHAIN);
	pki_dir_remove(other);
	for (i = 0; i < 2; i++) {
		tls_connect_as("localhost");
		WAIT(tls_loop, near.errors == 1 && far.errors + far.eofs > 0);
		ck_assert_ptr_nonnull(strstr(near.err.msg, "not signed by the pinned CA"));
		tls_disconnect();
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tlsagain");
	TCase	*t = tcase_create("sessions");

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, tls_make_dir, tls_remove_dir);
	tcase_add_checked_fixture(t, tls_setup, tls_teardown);
	tcase_add_test(t, session_helps_no_impostor);
	tcase_add_test(t, refused_certificate_leaves_no_session);
	suite_add_tcase(s, t);
	return s;
}
