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

#include "base/dynlib.h"

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

struct tarlib { TARLIB_FUNCTIONS(DYNLIB_MEMBER) };

/* -1 and e: as dynlib_load. */
int  tarlib_open(struct tarlib *, struct err *e) MUST;

#endif
