/*
 * tarlib.h - libarchive, loaded when the first archive is read.
 *
 * It brings a dozen libraries along (XML, Unicode, C++), which every start of
 * the program, every idle daemon and every fork of one would pay for; only a
 * helper that unpacks needs them. For tarin.c alone.
 */
#ifndef DATA_TARLIB_H
#define DATA_TARLIB_H

#include <archive.h>
#include <archive_entry.h>

#include "base/attr.h"
#include "base/err.h"

/* What we use of it, under its own names. */
#define TARLIB_FUNCTIONS(F) \
	F(archive_entry_filetype) \
	F(archive_entry_hardlink) \
	F(archive_entry_mtime) \
	F(archive_entry_mtime_is_set) \
	F(archive_entry_mtime_nsec) \
	F(archive_entry_pathname) \
	F(archive_entry_perm) \
	F(archive_entry_size) \
	F(archive_entry_symlink) \
	F(archive_errno) \
	F(archive_error_string) \
	F(archive_filter_bytes) \
	F(archive_format) \
	F(archive_read_data_block) \
	F(archive_read_data_skip) \
	F(archive_read_free) \
	F(archive_read_new) \
	F(archive_read_next_header) \
	F(archive_read_open) \
	F(archive_read_support_format_tar) \
	F(archive_set_error)

struct tarlib {
	void	*handle;
#define TARLIB_MEMBER(name)	__typeof__(name) *name;
	TARLIB_FUNCTIONS(TARLIB_MEMBER)
#undef TARLIB_MEMBER
};

/* -1 and e (an errno): it is not installed, or another than we were built with.
 * Once loaded it stays loaded; opening it again costs nothing. */
int  tarlib_open(struct tarlib *, struct err *e) MUST;
void tarlib_close(struct tarlib *);	/* also if it was not opened: all zero */

#endif
