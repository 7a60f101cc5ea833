/*
 * opt.h - command-line options, one table a program or subcommand.
 *
 * Written as Go's flag package reads them, since scripts for the old tools
 * must work: -name value, -name=value, --name, a bare -bool or -bool=false;
 * "--" or the first other word ends the options. The table is the master
 * copy: parsing, usage text, completion and the test that each option stands
 * in the man page all read it.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

enum opt_type {
	OPT_STRING,	/* char **: borrowed from argv */
	OPT_STRINGS,	/* struct strs *: one element for each use */
	OPT_BOOL,	/* bool * */
	OPT_INT,	/* int64_t *, 0 to 2^31-1 */
	OPT_DURATION,	/* int64_t *, milliseconds */
};

struct opt {
	const char	*name;		/* without the dash; NULL ends a table */
	enum opt_type	 type;
	void		*value;		/* holds the default before, the answer after */
	const char	*arg;		/* its argument's name in usage, NULL for bool */
	const char	*help;		/* one line */
};

/* Reads options from argv[1] on. Returns the index of the first operand, or
 * -1 and e ("unknown option -x", "option -n: not a number: abc"). "-h",
 * "-help" return -2: print opt_usage and exit 0. */
int  opt_parse(const struct opt *table, int argc, char **argv, struct err *e) MUST;
/* A line for each option: "  -name ARG    help (default ...)"; the default is
 * what value holds then, so nothing where that is 0, "" or false. */
void opt_usage(const struct opt *table, FILE *to);

#endif
