/* lib_pki.h - a directory with certificates, for tests of TLS. */
#ifndef LIB_PKI_H
#define LIB_PKI_H

#include "io/tls.h"

#define PKI_DIR_MAX 64
#define PKI_PATH_MAX 128

/* Makes dir (PKI_DIR_MAX) with a CA and a certificate for localhost and 127.0.0.1. */
void pki_dir_make(char *dir);
void pki_dir_remove(const char *dir);
const char *pki_path(char *buf, const char *dir, const char *file);
struct tls_ctx *pki_server(const char *dir);
/* verify and CA of that directory */
struct tls_ctx *pki_client(const char *dir, enum tls_verify);

#endif
