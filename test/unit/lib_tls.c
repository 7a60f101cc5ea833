/* lib_tls.c - see lib_tls.h. */
#include "lib_tls.h"

#include <sys/socket.h>

#include "unit.h"

struct loop	*tls_loop;
char		 tls_dir[PKI_DIR_MAX];
struct tls_ctx	*tls_here, *tls_there;
struct rec	 near, far;

void
tls_make_dir(void)
{
	pki_dir_make(tls_dir);
}

void
tls_remove_dir(void)
{
	pki_dir_remove(tls_dir);
}

void
tls_setup(void)
{
	tls_loop = loop_new(NULL);
	ck_assert_ptr_nonnull(tls_loop);
	tls_here = pki_server(tls_dir);
	tls_there = pki_client(tls_dir, TLS_VERIFY_FULL);
	rec_init(&near, NULL);
	rec_init(&far, NULL);
}

void
tls_teardown(void)
{
	tls_ctx_free(tls_here);	/* while streams live: they keep what they need */
	tls_ctx_free(tls_there);
	rec_release(&near);
	rec_release(&far);
	loop_turn(tls_loop, 0);
	loop_free(tls_loop);
}

void
tls_take(struct rec *r, struct stream *s)
{
	buf_free(r->got);
	rec_init(r, s);
}

void
tls_connect_as(const char *name)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	tls_take(&near, tls_over_fd(tls_loop, tls_there, fd[0], false, name, 10000, "server"));
	tls_take(&far, tls_over_fd(tls_loop, tls_here, fd[1], true, NULL, 10000, "client"));
}

void
tls_connect_both(void)
{
	tls_connect_as("localhost");
	WAIT(tls_loop, near.opens == 1 && far.opens == 1);
}

void
tls_disconnect(void)
{
	stream_close(near.s);
	stream_close(far.s);
	near.s = far.s = NULL;
}
