/*
 * pki.c - see pki.h. X.509 as of RFC 5280: the CA has basicConstraints
 * with path length 0 and keyCertSign; the server certificate has its names
 * in subjectAltName (RFC 6125), serverAuth, and an authority key identifier.
 */
#include "io/pki.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "io/secret.h"

#define DAY		(24L * 3600)
#define CA_DAYS		3650
#define SERVER_DAYS	730
#define RENEW_DAYS	30
#define PEM_MAX		(64 * 1024)
#define CN_MAX		64	/* RFC 5280, ub-common-name */
#define NAME_MAX_LEN	253

/* A key and its certificate; both NULL where there is none. */
struct pair {
	EVP_PKEY	*key;
	X509		*cert;
};

static void
pair_release(struct pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
	p->key = NULL;
	p->cert = NULL;
}

static const char *
why(void)
{
	const char *s = ERR_reason_error_string(ERR_peek_last_error());

	return s != NULL ? s : "OpenSSL gave no reason";
}

/* --- files -------------------------------------------------------------------- */

static BIO *
read_pem(const char *path, struct err *e)
{
	char	*text;
	size_t	 len;
	BIO	*b;

	if ((text = file_read(path, PEM_MAX, &len, e)) == NULL)
		return NULL;
	if ((b = BIO_new(BIO_s_mem())) == NULL ||
	    BIO_write(b, text, (int)len) != (int)len)
		fatalx("pki: out of memory");
	OPENSSL_cleanse(text, len);
	free(text);
	return b;
}

static X509 *
read_cert(const char *path, struct err *e)
{
	BIO	*b = read_pem(path, e);
	X509	*x;

	if (b == NULL)
		return NULL;
	if ((x = PEM_read_bio_X509(b, NULL, NULL, NULL)) == NULL)
		err_set(e, "read certificate %s: %s", path, why());
	BIO_free(b);
	return x;
}

static EVP_PKEY *
read_key(const char *path, struct err *e)
{
	BIO		*b = read_pem(path, e);
	EVP_PKEY	*k;
	char		 none[] = "";

	if (b == NULL)
		return NULL;
	if ((k = PEM_read_bio_PrivateKey(b, NULL, NULL, none)) == NULL)
		err_set(e, "read key %s: %s", path, why());
	BIO_free(b);
	return k;
}

static int
write_pem(const char *path, BIO *b, mode_t mode, struct err *e)
{
	char	*p;
	long	 len = BIO_get_mem_data(b, &p);

	return file_write(path, p, (size_t)len, mode, e);
}

/* The key first: a certificate whose key is missing is of no use. */
static int
write_pair(const struct pair *p, const char *cert_path, const char *key_path,
    struct err *e)
{
	BIO	*c = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_mem());
	int	 r = -1;

	if (c == NULL || k == NULL ||
	    PEM_write_bio_X509(c, p->cert) != 1 ||
	    PEM_write_bio_PrivateKey(k, p->key, NULL, NULL, 0, NULL, NULL) != 1)
		fatalx("pki: cannot encode a key: %s", why());
	if (write_pem(key_path, k, 0600, e) == 0 &&
	    write_pem(cert_path, c, 0644, e) == 0)
		r = 0;
	BIO_free(c);
	BIO_free(k);
	return r;
}

static bool
missing(const char *path)
{
	return access(path, F_OK) == -1 && errno == ENOENT;
}

/* Both or neither; one alone is an operator's accident that we do not repair
 * by making new ones that nobody trusts. */
static int
read_pair(struct pair *p, const char *cert_path, const char *key_path,
    struct err *e)
{
	if (missing(cert_path) && missing(key_path))
		return 0;
	if ((p->cert = read_cert(cert_path, e)) == NULL ||
	    (p->key = read_key(key_path, e)) == NULL) {
		pair_release(p);
		return -1;
	}
	if (X509_check_private_key(p->cert, p->key) != 1) {
		pair_release(p);
		return err_set(e, "%s does not belong to %s", key_path, cert_path);
	}
	return 0;
}

/* --- making ------------------------------------------------------------------- */

static void
add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX	 ctx;
	X509_EXTENSION	*ext;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (ext == NULL || X509_add_ext(x, ext, -1) != 1)
		fatalx("pki: extension %s: %s", value, why());
	X509_EXTENSION_free(ext);
}

/* RFC 5280 section 4.1.2.2: positive, at most 20 octets. */
static void
set_serial(X509 *x)
{
	unsigned char	 raw[16];
	BIGNUM		*n;

	secret_random(raw, sizeof raw);
	raw[0] = (raw[0] & 0x7f) | 0x40;
	if ((n = BN_bin2bn(raw, sizeof raw, NULL)) == NULL ||
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) == NULL)
		fatalx("pki: out of memory");
	BN_free(n);
}

static X509 *
blank_cert(EVP_PKEY *key, const char *cn, long days)
{
	X509		*x = X509_new();
	X509_NAME	*name = X509_NAME_new();

	if (x == NULL || name == NULL || X509_set_version(x, 2) != 1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0) != 1 ||
	    X509_set_subject_name(x, name) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -3600) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), days * DAY) == NULL ||
	    X509_set_pubkey(x, key) != 1)
		fatalx("pki: cannot make a certificate: %s", why());
	set_serial(x);
	X509_NAME_free(name);
	return x;
}

static void
sign(X509 *x, X509 *issuer, EVP_PKEY *key)
{
	if (X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1 ||
	    X509_sign(x, key, EVP_sha256()) == 0)
		fatalx("pki: cannot sign a certificate: %s", why());
}

static EVP_PKEY *
new_key(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");

	if (k == NULL)
		fatalx("pki: cannot make a key: %s", why());
	return k;
}

static void
make_ca(struct pair *ca)
{
	unsigned char	id[4];
	char		cn[CN_MAX];

	/* Two CAs of ours must not look alike in a trust store. */
	secret_random(id, sizeof id);
	snprintf(cn, sizeof cn, "coordinator CA %02x%02x%02x%02x", id[0], id[1],
	    id[2], id[3]);
	ca->key = new_key();
	ca->cert = blank_cert(ca->key, cn, CA_DAYS);
	add_extension(ca->cert, ca->cert, NID_basic_constraints,
	    "critical,CA:TRUE,pathlen:0");
	add_extension(ca->cert, ca->cert, NID_key_usage,
	    "critical,keyCertSign,cRLSign");
	add_extension(ca->cert, ca->cert, NID_subject_key_identifier, "hash");
	sign(ca->cert, ca->cert, ca->key);
}

static bool
is_ip(const char *name)
{
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);

	ASN1_OCTET_STRING_free(ip);
	ERR_clear_error();
	return ip != NULL;
}

static char *
alt_names(const struct strs *names)
{
	struct str	s = STR_INIT;
	size_t		i;

	for (i = 0; i < names->n; i++)
		str_addf(&s, "%s%s:%s", i > 0 ? "," : "",
		    is_ip(names->v[i]) ? "IP" : "DNS", names->v[i]);
	return str_take(&s);
}

static void
make_server(struct pair *server, const struct pair *ca, const struct strs *names)
{
	const char	*cn = names->v[0];
	char		*alt = alt_names(names);

	server->key = new_key();
	server->cert = blank_cert(server->key,
	    strlen(cn) <= CN_MAX ? cn : "coordinator", SERVER_DAYS);
	add_extension(server->cert, ca->cert, NID_basic_constraints,
	    "critical,CA:FALSE");
	add_extension(server->cert, ca->cert, NID_key_usage,
	    "critical,digitalSignature");
	add_extension(server->cert, ca->cert, NID_ext_key_usage, "serverAuth");
	add_extension(server->cert, ca->cert, NID_subject_key_identifier, "hash");
	add_extension(server->cert, ca->cert, NID_authority_key_identifier,
	    "keyid:always");
	add_extension(server->cert, ca->cert, NID_subject_alt_name, alt);
	sign(server->cert, ca->cert, ca->key);
	free(alt);
}

/* --- checking ------------------------------------------------------------------ */

static bool
expires_soon(const X509 *x)
{
	time_t soon = time(NULL) + RENEW_DAYS * DAY;

	return X509_cmp_time(X509_get0_notAfter(x), &soon) < 0;
}

static bool
has_names(X509 *x, const struct strs *names)
{
	size_t	i;
	int	r;

	for (i = 0; i < names->n; i++) {
		if (is_ip(names->v[i]))
			r = X509_check_ip_asc(x, names->v[i], 0);
		else
			r = X509_check_host(x, names->v[i], 0,
			    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL);
		if (r != 1)
			return false;
	}
	return true;
}

/* They go into a configuration string of OpenSSL's: nothing with a meaning there. */
static int
check_names(const struct strs *names, struct err *e)
{
	size_t		 i;
	const char	*s;

	if (names->n == 0)
		return err_set(e, "a server certificate needs a name");
	for (i = 0; i < names->n; i++) {
		for (s = names->v[i]; *s != '\0'; s++)
			if (!isalnum((unsigned char)*s) &&
			    strchr(".-_:*", *s) == NULL)
				break;
		if (*s != '\0' || s == names->v[i] ||
		    (strchr(names->v[i], ':') != NULL && !is_ip(names->v[i])) ||
		    strlen(names->v[i]) > NAME_MAX_LEN)
			return err_set(e, "\"%.300s\" is no name for a certificate",
			    names->v[i]);
	}
	return 0;
}

static int
ensure_ca(struct pair *ca, const char *cert_path, const char *key_path,
    struct err *e)
{
	if (read_pair(ca, cert_path, key_path, e) == -1)
		return -1;
	if (ca->cert != NULL && !expires_soon(ca->cert))
		return 0;
	if (ca->cert != NULL)
		log_warn("pki: %s expires soon: a new CA is made, and whoever "
		    "pinned the old one must be given it", cert_path);
	pair_release(ca);
	make_ca(ca);
	return write_pair(ca, cert_path, key_path, e);
}

static int
ensure_server(const struct pair *ca, const struct strs *names,
    const char *cert_path, const char *key_path, struct err *e)
{
	struct pair	 old = { NULL, NULL }, new = { NULL, NULL };
	EVP_PKEY	*signer = X509_get0_pubkey(ca->cert);
	struct err	 why_not = ERR_INIT;
	int		 r = 0;
	bool		 good;

	/* A server certificate is ours to replace, also a broken one. */
	if (read_pair(&old, cert_path, key_path, &why_not) == -1)
		log_warn("pki: %s; it is made anew", why_not.msg);
	good = old.cert != NULL && !expires_soon(old.cert) &&
	    X509_verify(old.cert, signer) == 1 && has_names(old.cert, names);
	ERR_clear_error();
	pair_release(&old);
	if (good)
		return 0;
	make_server(&new, ca, names);
	r = write_pair(&new, cert_path, key_path, e);
	pair_release(&new);
	return r;
}

int
pki_ensure(const char *dir, const struct strs *names, struct err *e)
{
	struct pair	 ca = { NULL, NULL };
	char		*path[4];
	const char	*file[] = { "ca.pem", "ca-key.pem", "server.pem",
			    "server-key.pem" };
	size_t		 i;
	int		 r;

	if (check_names(names, e) == -1)
		return -1;
	for (i = 0; i < nitems(file); i++)
		path[i] = xasprintf("%s/%s", dir, file[i]);
	r = ensure_ca(&ca, path[0], path[1], e);
	if (r == 0)
		r = ensure_server(&ca, names, path[2], path[3], e);
	pair_release(&ca);
	for (i = 0; i < nitems(file); i++)
		free(path[i]);
	return r;
}

char *
pki_fingerprint(const char *cert_file, struct err *e)
{
	unsigned char	 sum[EVP_MAX_MD_SIZE];
	unsigned	 len = 0, i;
	struct str	 s = STR_INIT;
	X509		*x = read_cert(cert_file, e);

	if (x == NULL)
		return NULL;
	if (X509_digest(x, EVP_sha256(), sum, &len) != 1)
		fatalx("pki: cannot hash a certificate: %s", why());
	X509_free(x);
	for (i = 0; i < len; i++)
		str_addf(&s, "%s%02x", i > 0 ? ":" : "", sum[i]);
	return str_take(&s);
}
