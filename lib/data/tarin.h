/*
 * tarin.h - unpacking .tar, .tar.gz and .tar.zst into a directory. Hostile
 * input: runs in a helper process (lib/io/helper.h), never in the loop.
 *
 * What it promises: nothing is made, changed or removed outside of the
 * directory, whether by "..", absolute names, symbolic links already there or
 * made by the same archive, or hard links. Kinds: regular files, directories,
 * symbolic and hard links; device nodes, fifos and sockets are refused. Modes
 * lose set-id bits; mtimes in the future become now. A file is written beside
 * its name and renamed into place, so a broken archive leaves the old file.
 * Directories get their final mode and mtime last. Owners, extended attributes
 * and ACLs are ignored.
 *
 * No element of an entry's directory, nor of a hard link's target, may be a
 * symbolic link, not even one that stays inside. What is there already gives
 * way as with tar: a file or link to a directory, an empty directory to a file
 * or link; a directory that is not empty is an error. Existing directories
 * stay and take the archive's mode and mtime; the directory itself (an entry
 * named ".") keeps its own. Entries unpacked before an error stay. Names are
 * bytes, kept as they are, and at most PATH_WIRE_MAX long. An archive without
 * the blocks of zeros at its end counts as cut off; what follows them is read
 * and ignored.
 *
 * A process killed in here may leave a temporary file; tree_is_temp() of
 * base/tree.h knows its name.
 */
#ifndef DATA_TARIN_H
#define DATA_TARIN_H

#include <stdint.h>

#include "base/err.h"

struct tarin_count { uint64_t files, bytes; };	/* entries of any kind; content */

/* Reads fd to its end and unpacks into the directory dirfd. err.code is EINVAL
 * where the archive is at fault (the text names entry and reason), else an
 * errno. count may be NULL. Sets the umask to 0 for its duration. */
int tarin_extract(int fd, int dirfd, struct tarin_count *count, struct err *e) MUST;

#endif
