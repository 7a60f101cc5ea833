/*
 * pki.h - the coordinator's own certificate authority (DESIGN, Decisions).
 * Called at start-up; ECDSA P-256; 10 years CA, 2 years server, renewed when
 * under 30 days are left or when a name is missing.
 */
#ifndef IO_PKI_H
#define IO_PKI_H

#include "base/err.h"
#include "base/str.h"

/* Makes or checks dir/{ca.pem,ca-key.pem,server.pem,server-key.pem} (keys mode
 * 0600); names are DNS names and IP addresses for the server certificate. */
int   pki_ensure(const char *dir, const struct strs *names, struct err *e) MUST;
/* SHA-256 of the DER certificate, "ab:cd:...", malloc'ed. */
char *pki_fingerprint(const char *cert_file, struct err *e) MUST;

#endif
