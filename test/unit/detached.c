/* detached.c - processes that outlive us: their logs, and who they are. */
#include "coordinator/detached.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "lib_dir.h"
#include "lib_io.h"
#include "unit.h"

static off_t
log_size(const struct dir *d)
{
	struct stat	st;
	char		path[200];

	snprintf(path, sizeof path, "%s/log", d->path);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static bool
log_ends(const struct dir *d, const char *line)
{
	char	words[ERR_MAX];

	return strcmp(detached_last_words(d->path, words), line) == 0;
}

/* A log that is too long is cut to its end, and grows on from there. */
START_TEST(test_log)
{
	/* Two lines a step, the first of 100 KiB. */
	char	script[] = "i=0; while read -r x; do i=$((i + 1));"
	    " head -c 102400 /dev/zero | tr '\\0' x; echo; echo line $i; done <fifo";
	char	sh[] = "/bin/sh", c[] = "-c", path[] = "PATH=/usr/bin:/bin";
	char	*argv[] = { sh, c, script, NULL }, *env[] = { path, NULL };
	struct detached	 p;
	struct dir	 d;
	struct err	 e = ERR_INIT;
	char		 fifo[200], want[32];
	FILE		*to;
	int		 i;

	dir_make(&d);
	ck_assert_int_eq(chdir(d.path), 0);
	snprintf(fifo, sizeof fifo, "%s/fifo", d.path);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_msg(detached_start(&p, d.path, argv, env, &e) == 0, "%s", e.msg);
	to = fopen(fifo, "w");
	ck_assert_ptr_nonnull(to);
	for (i = 1; i <= 11; i++) {
		detached_trim_log(d.path);
		fprintf(to, "go\n");
		fflush(to);
		snprintf(want, sizeof want, "line %d", i);
		while (!log_ends(&d, want))
			ck_assert(detached_alive(&p, d.path));
	}
	ck_assert_int_gt(log_size(&d), DETACHED_LOG_MAX);
	detached_trim_log(d.path);
	ck_assert_int_lt(log_size(&d), DETACHED_LOG_MAX / 10);
	ck_assert(log_ends(&d, "line 11"));
	fprintf(to, "go\n");
	fflush(to);
	while (!log_ends(&d, "line 12"))
		ck_assert(detached_alive(&p, d.path));
	ck_assert_int_lt(log_size(&d), DETACHED_LOG_MAX / 5);
	fclose(to);
	while (detached_alive(&p, d.path))
		continue;
	ck_assert_int_eq(chdir("/"), 0);
	dir_drop(&d);
}
END_TEST

/* Its coordinator was killed before it could write the number down. */
START_TEST(test_nameless)
{
	char	cat[] = "/bin/sh", c[] = "-c", script[] = "read -r x <fifo";
	char	*argv[] = { cat, c, script, NULL }, *env[] = { NULL };
	struct detached	 p, found;
	struct dir	 d;
	struct err	 e = ERR_INIT;
	FILE		*to;

	dir_make(&d);
	ck_assert_int_eq(chdir(d.path), 0);
	ck_assert(!detached_find(&found, d.path));
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_msg(detached_start(&p, d.path, argv, env, &e) == 0, "%s", e.msg);
	ck_assert(detached_find(&found, d.path));
	ck_assert_int_eq(found.pid, p.pid);
	ck_assert_int_eq(unlink("pid"), 0);
	ck_assert(detached_find(&found, d.path));
	ck_assert_int_eq(found.pid, 0);
	detached_signal(&found, d.path, SIGKILL);	/* whom? */
	ck_assert(detached_alive(&found, d.path));
	to = fopen("fifo", "w");
	ck_assert_ptr_nonnull(to);
	fclose(to);
	while (detached_alive(&p, d.path))
		continue;
	ck_assert(WIFEXITED(p.status));
	ck_assert(!detached_alive(&found, d.path));
	ck_assert(!detached_find(&found, d.path));
	ck_assert_int_eq(chdir("/"), 0);
	dir_drop(&d);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("detached");
	TCase	*t = tcase_create("detached");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_log);
	tcase_add_test(t, test_nameless);
	suite_add_tcase(s, t);
	return s;
}
