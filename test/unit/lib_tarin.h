/*
 * lib_tarin.h - unpacking archives made by lib_tar.h into a directory, beside
 * one that must never change.
 */
#ifndef LIB_TARIN_H
#define LIB_TARIN_H

#include "lib_dir.h"
#include "lib_tar.h"

#include "base/err.h"
#include "data/tarin.h"

extern struct dir	tarin_in;	/* what is unpacked into */
extern struct dir	tarin_out;	/* holds the file "secret" */
extern struct str	tarin_tar;	/* the archive being made */

void tarin_setup(void);		/* checked fixtures; the second looks at out */
void tarin_teardown(void);
int  tarin_bytes(const void *p, size_t len, struct err *e);
/* The archive so far; then a new one begins. */
void tarin_ok(void);
void tarin_bad(const char *want);	/* EINVAL, and want is in the text */
void tarin_add(const char *name, char type, const char *link, const char *text);
void tarin_has(const char *name, const char *want);
void tarin_entries(const char *dir, int n);	/* temporary files count, too */

#endif
