/* lib_pki.c - see lib_pki.h. */
#include "lib_pki.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/pki.h"

const char *
pki_path(char *buf, const char *dir, const char *file)
{
	snprintf(buf, PKI_PATH_MAX, "%s/%s", dir, file);
	return buf;
}

void
pki_dir_make(char *dir)
{
	struct strs	names = STRS_INIT;
	struct err	e = ERR_INIT;

	snprintf(dir, PKI_DIR_MAX, "/tmp/unit-pki-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	strs_add(&names, "localhost");
	strs_add(&names, "127.0.0.1");
	ck_assert_msg(pki_ensure(dir, &names, &e) == 0, "%s", e.msg);
	strs_release(&names);
}

void
pki_dir_remove(const char *dir)
{
	static const char *const file[] = { "ca.pem", "ca-key.pem",
	    "server.pem", "server-key.pem" };
	char	path[PKI_PATH_MAX];
	size_t	i;

	for (i = 0; i < nitems(file); i++)
		unlink(pki_path(path, dir, file[i]));
	ck_assert_int_eq(rmdir(dir), 0);
}

struct tls_ctx *
pki_server(const char *dir)
{
	char		 cert[PKI_PATH_MAX], key[PKI_PATH_MAX];
	struct err	 e = ERR_INIT;
	struct tls_ctx	*c;

	c = tls_server(pki_path(cert, dir, "server.pem"),
	    pki_path(key, dir, "server-key.pem"), &e);
	ck_assert_msg(c != NULL, "%s", e.msg);
	return c;
}

struct tls_ctx *
pki_client(const char *dir, enum tls_verify verify)
{
	char		 ca[PKI_PATH_MAX];
	struct err	 e = ERR_INIT;
	struct tls_ctx	*c = tls_client(pki_path(ca, dir, "ca.pem"), verify, &e);

	ck_assert_msg(c != NULL, "%s", e.msg);
	return c;
}
