/* tlsagain.c - unit tests of io/tls.h: sessions that a client takes up again, and
 * what they do not vouch for. */
#include "unit.h"
#include "lib_io.h"
#include "lib_pki.h"

#include <string.h>
#include <sys/socket.h>

static struct loop	*l;
static char		 dir[PKI_DIR_MAX];
static struct tls_ctx	*server, *client;
static struct rec	 a, b;		/* client, server */

static void
make_dir(void)
{
	pki_dir_make(dir);
}

static void
remove_dir(void)
{
	pki_dir_remove(dir);
}

static void
setup(void)
{
	l = loop_new(NULL);
	ck_assert_ptr_nonnull(l);
	server = pki_server(dir);
	client = pki_client(dir, TLS_VERIFY_FULL);
	rec_init(&a, NULL);
	rec_init(&b, NULL);
}

static void
teardown(void)
{
	tls_ctx_free(server);	/* while streams live: they keep what they need */
	tls_ctx_free(client);
	rec_release(&a);
	rec_release(&b);
	loop_turn(l, 0);
	loop_free(l);
}

static void
take(struct rec *r, struct stream *s)
{
	buf_free(r->got);
	rec_init(r, s);
}

static void
connect_as(const char *name)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	take(&a, tls_over_fd(l, client, fd[0], false, name, 10000, "server"));
	take(&b, tls_over_fd(l, server, fd[1], true, NULL, 10000, "client"));
}

static void
connect_both(void)
{
	connect_as("localhost");
	WAIT(l, a.opens == 1 && b.opens == 1);
}

static void
disconnect(void)
{
	stream_close(a.s);
	stream_close(b.s);
	a.s = b.s = NULL;
}

static void
hear(const char *text)
{
	stream_write(b.s, text, strlen(text));	/* the ticket goes before it */
	WAIT(l, buf_len(a.got) == strlen(text));
}

/* Under the same name, but with keys of its own, and later without a right to
 * that name: an old session does not vouch for whoever answers. */
START_TEST(session_helps_no_impostor)
{
	char other[PKI_DIR_MAX];

	connect_both();
	hear("one");
	disconnect();
	pki_dir_make(other);
	tls_ctx_free(server);
	server = pki_server(other);
	pki_dir_remove(other);
	connect_as("localhost");
	WAIT(l, a.errors == 1);
	ck_assert_ptr_nonnull(strstr(a.err.msg,
	    "TLS: certificate is not signed by the pinned CA"));
	disconnect();
	tls_ctx_free(server);
	server = pki_server(dir);	/* started again: its ticket keys are new */
	connect_both();
	ck_assert(!tls_resumed(a.s) && !tls_resumed(b.s));
	hear("two");
	disconnect();
	connect_both();
	ck_assert(tls_resumed(a.s));
	disconnect();
	connect_as("elsewhere.example");
	WAIT(l, a.errors == 1);
	ck_assert_ptr_nonnull(strstr(a.err.msg,
	    "certificate is not for elsewhere.example"));
}
END_TEST

/* Nothing of a handshake that failed is taken up again. */
START_TEST(refused_certificate_leaves_no_session)
{
	char	other[PKI_DIR_MAX];
	int	i;

	pki_dir_make(other);
	tls_ctx_free(client);
	client = pki_client(other, TLS_VERIFY_CHAIN);
	pki_dir_remove(other);
	for (i = 0; i < 2; i++) {
		connect_as("localhost");
		WAIT(l, a.errors == 1 && b.errors + b.eofs > 0);
		ck_assert_ptr_nonnull(strstr(a.err.msg, "not signed by the pinned CA"));
		disconnect();
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tlsagain");
	TCase	*t = tcase_create("sessions");

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, make_dir, remove_dir);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, session_helps_no_impostor);
	tcase_add_test(t, refused_certificate_leaves_no_session);
	suite_add_tcase(s, t);
	return s;
}
