/*
 * settings.h - coordinator.conf: what its keys are, what they mean if they are
 * not given, and which of them take effect on SIGHUP (the tables in settings.c
 * are the master copy; coordinator.conf(5) describes them).
 */
#ifndef COORDINATOR_SETTINGS_H
#define COORDINATOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "coordinator/catalog.h"

struct settings {
	char		*listen;		/* "127.0.0.1:8119" */
	char		*state_dir;
	char		*legacy_master_key_file; /* "": no stock keys */
	char		*buildlet;		/* "": beside the coordinator */
	char		*log;			/* level */
	struct strs	 public_names;		/* for the certificate, beside the usual */
	int64_t		 grace_ms;
	int64_t		 keep_ms, keep_output_ms;
	int64_t		 join_ms, clean_ms, answer_ms, silence_ms;
	int64_t		 exec_poll_ms, save_ms;
	int64_t		 head_ms, stall_ms;
	size_t		 connections;
	int64_t		 upload_space, user_upload_space; /* bytes; -1: no uploads are kept */
	int64_t		 upload_keep_ms;
	size_t		 stream_mib;		/* what machines sent and nobody took yet */
	int64_t		 user_limit;		/* -1: none */
	struct catalog	*catalog;		/* one reference */
};

/* The defaults, and an empty catalog. */
struct settings *settings_new(void) MUST;
/* Reads and checks the file. NULL and e: "FILE:LINE: why", or "FILE: why".
 * Blocks; for start-up and SIGHUP. */
struct settings *settings_load(const char *path, struct err *e) MUST;
/* The same from memory, len bytes; there is no include() in it. name stands
 * in errors. */
struct settings *settings_parse(const char *name, const char *text, size_t len,
    struct err *e) MUST;
void settings_free(struct settings *);		/* NULL is fine */

/* Adds the names of those keys that differ, but count only at a start. */
void settings_restart_keys(const struct settings *old, const struct settings *new,
    struct strs *keys);

#endif
