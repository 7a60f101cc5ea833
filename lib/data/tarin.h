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
 * Directories get their final mode and mtime last. Owners are ignored.
 */
#ifndef DATA_TARIN_H
#define DATA_TARIN_H

#include <stdint.h>

#include "base/err.h"

struct tarin_count { uint64_t files, bytes; };

/* Reads fd to its end and unpacks into the directory dirfd. err.code is EINVAL
 * where the archive is at fault (the text names entry and reason), else an
 * errno. count may be NULL. */
int tarin_extract(int fd, int dirfd, struct tarin_count *count, struct err *e) MUST;

#endif
