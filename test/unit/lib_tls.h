/*
 * lib_tls.h - for the unit tests of TLS: a directory with certificates, a loop,
 * and the two ends of a connection over a socket pair, which note what comes.
 */
#ifndef LIB_TLS_H
#define LIB_TLS_H

#include "lib_io.h"
#include "lib_pki.h"

extern struct loop	*tls_loop;
extern char		 tls_dir[PKI_DIR_MAX];
extern struct tls_ctx	*tls_here, *tls_there;	/* the server's, the client's */
extern struct rec	 near, far;		/* the client's end, the server's */

void tls_make_dir(void);	/* once a program: unchecked fixture */
void tls_remove_dir(void);
void tls_setup(void);		/* each test: checked fixture */
void tls_teardown(void);

void tls_take(struct rec *, struct stream *);	/* it notes that stream from now on */
void tls_connect_as(const char *name);	/* a new connection, the client wants that name */
void tls_connect_both(void);		/* as localhost, and waits until both are open */
void tls_disconnect(void);

#endif
