/*
 * logtext.c [-o OFFSET] [-l | -s] - a log of an exec (api/record.h) on stdin, as
 * GET /execs/ID/log sends it. What the command wrote to stdout goes to stdout,
 * what it wrote to stderr to stderr. OFFSET is where the log begins.
 *	-l	a line for each piece of a record instead: OFFSET KIND LEN
 *	-s	one line of sums: end=OFFSET out=BYTES err=BYTES gap=BYTES alive=N
 * Ends with 1 where it is no log, or ends within a record.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/record.h"
#include "base/file.h"
#include "base/str.h"

enum show { SHOW_TEXT, SHOW_LIST, SHOW_SUMS };

struct text {
	struct record_reader	 rd;
	enum show		 show;
	uint64_t		 sum[RECORD_ALIVE + 1];
};

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	struct text	*t = arg;

	t->sum[r->kind] += len;
	if (t->show == SHOW_LIST)
		printf("%llu %d %zu\n", (unsigned long long)t->rd.offset, (int)r->kind, len);
	if (t->show == SHOW_TEXT && p != NULL &&
	    file_write_all((int)r->kind, p, len) == -1)
		return err_errno(e, "write");
	return 0;
}

/* The reader passes signs of life over in silence. */
static void
count_alive(struct text *t, const unsigned char *p, size_t len)
{
	static const unsigned char	head[8] = { RECORD_ALIVE };
	size_t				i;

	for (i = 0; i + RECORD_HEAD <= len; i++)
		t->sum[RECORD_ALIVE] += memcmp(p + i, head, sizeof head) == 0;
}

int
main(int argc, char **argv)
{
	static unsigned char	 block[64 * 1024];
	struct text		 t = { .show = SHOW_TEXT };
	struct err		 e = ERR_INIT;
	int64_t			 offset = 0;
	ssize_t			 n;
	int			 c;

	while ((c = getopt(argc, argv, "lo:s")) != -1)
		if (c == 'l' || c == 's')
			t.show = c == 'l' ? SHOW_LIST : SHOW_SUMS;
		else if (c != 'o' || str_int64(optarg, 0, INT64_MAX, &offset) == -1)
			return 2;
	record_reader_init(&t.rd, (uint64_t)offset);
	while ((n = read(STDIN_FILENO, block, sizeof block)) > 0) {
		count_alive(&t, block, (size_t)n);
		if (record_reader_feed(&t.rd, block, (size_t)n, on_record, &t, &e) == -1) {
			fprintf(stderr, "logtext: %s\n", e.msg);
			return 1;
		}
	}
	if (t.show == SHOW_SUMS)
		printf("end=%llu out=%llu err=%llu gap=%llu alive=%llu\n",
		    (unsigned long long)t.rd.offset,
		    (unsigned long long)t.sum[RECORD_STDOUT],
		    (unsigned long long)t.sum[RECORD_STDERR],
		    (unsigned long long)t.sum[RECORD_GAP],
		    (unsigned long long)t.sum[RECORD_ALIVE]);
	return record_reader_whole(&t.rd) ? 0 : 1;
}
