/*
 * options.h - the coordinator's command line: options, which may stand before
 * or after it, and the words of a verb ("user add alice").
 */
#ifndef COORDINATOR_OPTIONS_H
#define COORDINATOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"

struct options {		/* strings are borrowed from argv, NULL where not given */
	char		*config;
	char		*state_dir;
	char		*listen;
	char		*port_file;
	char		*buildlet;
	char		*log;
	bool		 dev;
	bool		 stock_keys;
	bool		 check;		/* -t */
	bool		 version;
	int64_t		 idle_ms;	/* of -dev: 0 not given */
	int64_t		 grace_ms;
	int64_t		 local_limit;
	struct strs	 words;		/* the verb; none: be the daemon */
	struct opt	 table[20];	/* filled by options_table */
};

void options_init(struct options *);
/* Ends with a NULL name, lives as long as the options. */
const struct opt *options_table(struct options *);
/* 0, -1 and e (wrong usage), or -2: help is wanted. */
int  options_parse(struct options *, int argc, char **argv, struct err *e) MUST;
void options_usage(FILE *to);
void options_release(struct options *);

#endif
