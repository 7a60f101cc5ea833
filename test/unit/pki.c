/* pki.c - unit tests of io/pki.h; openssl(1) judges what was made. */
#include "unit.h"
#include "lib_pki.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "io/pki.h"

static char dir[PKI_DIR_MAX];

static void
setup(void)
{
	pki_dir_make(dir);
	ck_assert_int_eq(chdir(dir), 0);
}

static void
teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	pki_dir_remove(dir);
}

static char *
slurp(const char *path)
{
	struct err	 e = ERR_INIT;
	char		*s = file_read(path, 100000, NULL, &e);

	ck_assert_msg(s != NULL, "%s", e.msg);
	return s;
}

/* Runs openssl with argv in the directory; its output, both kinds. */
static char *
openssl(int want, const char *const *argv)
{
	char	 out[16384];
	int	 p[2], status;
	ssize_t	 n;
	pid_t	 pid;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		dup2(p[1], 1);
		dup2(p[1], 2);
		close(p[0]);
		close(p[1]);
		execvp("openssl", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(p[1]);
	n = file_read_full(p[0], out, sizeof out - 1);
	ck_assert_int_ge(n, 0);
	out[n] = '\0';
	close(p[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == want,
	    "openssl: status %d: %s", status, out);
	return xstrdup(out);
}

#define OPENSSL(want, ...) \
	openssl(want, (const char *const []){ "openssl", __VA_ARGS__, NULL })

static void
has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text);
}

static int
ensure(const char *const *names, size_t n, struct err *e)
{
	struct strs	s = STRS_INIT;
	size_t		i;
	int		r;

	for (i = 0; i < n; i++)
		strs_add(&s, names[i]);
	r = pki_ensure(dir, &s, e);
	strs_release(&s);
	return r;
}

START_TEST(files_and_modes)
{
	struct stat st;

	ck_assert_int_eq(stat("ca-key.pem", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat("server-key.pem", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat("ca.pem", &st), 0);
	ck_assert_int_eq(st.st_mode & 0444, 0444);
}
END_TEST

START_TEST(chain_is_accepted)
{
	char *s;

	s = OPENSSL(0, "verify", "-x509_strict", "-purpose", "sslserver",
	    "-verify_hostname", "localhost", "-CAfile", "ca.pem", "server.pem");
	has(s, "server.pem: OK");
	free(s);
	free(OPENSSL(0, "verify", "-x509_strict", "-purpose", "sslserver",
	    "-verify_ip", "127.0.0.1", "-CAfile", "ca.pem", "server.pem"));
	free(OPENSSL(2, "verify", "-verify_hostname", "elsewhere", "-CAfile",
	    "ca.pem", "server.pem"));
}
END_TEST

START_TEST(what_stands_in_them)
{
	char *s = OPENSSL(0, "x509", "-in", "ca.pem", "-noout", "-text");

	has(s, "CA:TRUE, pathlen:0");
	has(s, "Certificate Sign");
	has(s, "Subject Key Identifier");
	has(s, "NIST CURVE: P-256");
	free(s);
	s = OPENSSL(0, "x509", "-in", "server.pem", "-noout", "-text");
	has(s, "DNS:localhost, IP Address:127.0.0.1");
	has(s, "TLS Web Server Authentication");
	has(s, "Authority Key Identifier");
	has(s, "CA:FALSE");
	has(s, "CN = localhost");
	free(s);
	free(OPENSSL(0, "x509", "-in", "ca.pem", "-noout", "-checkend", "312000000"));
	free(OPENSSL(1, "x509", "-in", "server.pem", "-noout", "-checkend", "63200000"));
}
END_TEST

START_TEST(kept_while_good)
{
	static const char *const one[] = { "127.0.0.1" };
	char *ca = slurp("ca.pem"), *server = slurp("server.pem"), *now;

	ck_assert_int_eq(ensure(one, 1, NULL), 0);
	now = slurp("ca.pem");
	ck_assert_str_eq(now, ca);
	free(now);
	now = slurp("server.pem");
	ck_assert_str_eq(now, server);
	free(now);
	free(ca);
	free(server);
}
END_TEST

START_TEST(new_when_a_name_is_missing)
{
	static const char *const names[] = { "build.example.org", "::1", "localhost" };
	char *ca = slurp("ca.pem"), *now;

	ck_assert_int_eq(ensure(names, 3, NULL), 0);
	now = slurp("ca.pem");
	ck_assert_str_eq(now, ca);
	free(now);
	free(ca);
	free(OPENSSL(0, "verify", "-verify_hostname", "build.example.org",
	    "-CAfile", "ca.pem", "server.pem"));
	free(OPENSSL(0, "verify", "-verify_ip", "::1", "-CAfile", "ca.pem",
	    "server.pem"));
}
END_TEST

START_TEST(new_when_broken_or_of_another_ca)
{
	static const char *const one[] = { "localhost" };

	ck_assert_int_eq(file_write("server.pem", "rubbish", 7, 0644, NULL), 0);
	ck_assert_int_eq(ensure(one, 1, NULL), 0);
	free(OPENSSL(0, "verify", "-CAfile", "ca.pem", "server.pem"));
	ck_assert_int_eq(unlink("ca.pem"), 0);
	ck_assert_int_eq(unlink("ca-key.pem"), 0);
	ck_assert_int_eq(ensure(one, 1, NULL), 0);
	free(OPENSSL(0, "verify", "-CAfile", "ca.pem", "server.pem"));
}
END_TEST

/* A certificate that ends in 10 days is replaced. */
START_TEST(new_when_it_ends_soon)
{
	static const char *const one[] = { "localhost" };
	char *before, *now;

	free(OPENSSL(0, "req", "-x509", "-key", "server-key.pem", "-days", "10",
	    "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-subj", "/CN=localhost",
	    "-addext", "subjectAltName=DNS:localhost", "-out", "server.pem"));
	before = slurp("server.pem");
	ck_assert_int_eq(ensure(one, 1, NULL), 0);
	now = slurp("server.pem");
	ck_assert_str_ne(now, before);
	free(OPENSSL(0, "x509", "-in", "server.pem", "-noout", "-checkend",
	    "62000000"));
	free(before);
	free(now);
}
END_TEST

/* Half a CA is not made anew: nobody would trust the new one. */
START_TEST(half_a_ca_is_refused)
{
	static const char *const one[] = { "localhost" };
	struct err e = ERR_INIT;

	ck_assert_int_eq(unlink("ca-key.pem"), 0);
	ck_assert_int_eq(ensure(one, 1, &e), -1);
	has(e.msg, "ca-key.pem");
}
END_TEST

START_TEST(bad_names)
{
	static const char *const bad[] = { "", "a,DNS:b", "a b", "a:b", "x\ny",
	    "email:me@x" };
	struct err e = ERR_INIT;

	ck_assert_int_eq(ensure(&bad[_i], 1, &e), -1);
	ck_assert_str_ne(e.msg, "");
	ck_assert_int_eq(ensure(bad, 0, &e), -1);
}
END_TEST

START_TEST(fingerprint)
{
	struct err	 e = ERR_INIT;
	char		*f = pki_fingerprint("ca.pem", &e), *s, *p;

	ck_assert_ptr_nonnull(f);
	s = OPENSSL(0, "x509", "-in", "ca.pem", "-noout", "-fingerprint", "-sha256");
	p = strchr(s, '=') + 1;
	p[strcspn(p, "\n")] = '\0';
	ck_assert_int_eq(strcasecmp(p, f), 0);
	free(s);
	free(f);
	ck_assert_ptr_null(pki_fingerprint("missing.pem", &e));
	has(e.msg, "missing.pem");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("pki");
	TCase	*t = tcase_create("pki");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, files_and_modes);
	tcase_add_test(t, chain_is_accepted);
	tcase_add_test(t, what_stands_in_them);
	tcase_add_test(t, kept_while_good);
	tcase_add_test(t, new_when_a_name_is_missing);
	tcase_add_test(t, new_when_broken_or_of_another_ca);
	tcase_add_test(t, new_when_it_ends_soon);
	tcase_add_test(t, half_a_ca_is_refused);
	tcase_add_loop_test(t, bad_names, 0, 6);
	tcase_add_test(t, fingerprint);
	suite_add_tcase(s, t);
	return s;
}
