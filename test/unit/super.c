/*
 * super.c - unit tests of buildlet/super.h: how commands end, what they write and
 * read. Lines that break, killing and what is left behind are in superlife.c.
 */
#include "unit.h"
#include "lib_super.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buildlet/execstate.h"
#include "buildlet/super.h"

static void
clear_log(void)
{
	sup_teardown();
	sup_setup();
}

/* ---- ends ---- */

static void
check_end(struct sup *s, const char *want)
{
	struct super_end	 end;
	struct err		 e = ERR_INIT;
	char			*state, *left;

	sup_wait_gone(s);
	ck_assert_str_eq(s->state, want);
	ck_assert_uint_eq(s->gone_left, 0);
	ck_assert_uint_eq(s->end.left, 0);
	ck_assert_str_eq(s->left, "");
	ck_assert_msg(execstate_read(sup_dir.fd, &end, &state, &left, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(state, want);
	ck_assert_str_eq(left, "");
	ck_assert(memcmp(&end, &s->end, sizeof end) == 0);
	ck_assert_int_le(end.started, end.ended);
	ck_assert(!dir_has(&sup_dir, "state.new"));
	free(state);
	free(left);
}

static void
check_shell(struct sup *s, const char *script, const char *want)
{
	sup_shell(s, script);
	check_end(s, want);
	ck_assert_int_gt(s->command, 0);
}

/* One supervisor for all of them, one after the other. */
START_TEST(statuses)
{
	struct sup	s;

	sup_fork(&s, super_run);
	check_shell(&s, "exit 0", "ok");
	check_shell(&s, "exit 1", "exit status 1");
	check_shell(&s, "exit 42", "exit status 42");
	check_shell(&s, "exit 255", "exit status 255");
	check_shell(&s, "kill -9 $$", "signal: killed");
	check_shell(&s, "ulimit -c 0; kill -11 $$", "signal: segmentation fault");
	check_shell(&s, "kill -15 $$", "signal: terminated");
	check_shell(&s, "kill -31 $$", "signal: signal 31");
	sup_free(&s);
}
END_TEST

static void
check_unstarted(struct sup *s, const char *path, const char *want)
{
	char *const	argv[] = { "x", NULL };
	char		text[256];

	sup_run(s, path, argv);
	snprintf(text, sizeof text, want, strstr(want, "chdir") != NULL ? s->where : path);
	check_end(s, text);
	ck_assert_int_eq(s->command, 0);
}

START_TEST(unstarted)
{
	struct sup	s;
	char		path[128];

	sup_fork(&s, super_run);
	check_unstarted(&s, "/does/not/exist", "fork/exec %s: no such file or directory");
	snprintf(path, sizeof path, "%s/file", sup_dir.path);
	dir_write(&sup_dir, "file", "not a program\n");
	check_unstarted(&s, path, "fork/exec %s: permission denied");
	ck_assert_int_eq(fchmodat(sup_dir.fd, "file", 0755, 0), 0);
	check_unstarted(&s, path, "fork/exec %s: exec format error");
	dir_write(&sup_dir, "file", "#!/does/not/exist\n");
	check_unstarted(&s, path, "fork/exec %s: no such file or directory");
	s.where = "/does/not/exist";
	check_unstarted(&s, "/bin/true", "chdir %s: no such file or directory");
	s.where = "/bin/true";
	check_unstarted(&s, "/bin/true", "chdir %s: not a directory");
	s.where = NULL;
	check_shell(&s, "exit 3", "exit status 3");
	sup_free(&s);
}
END_TEST

/* Directory, session, environment, standard input, descriptors, signals. */
START_TEST(environment)
{
	struct sup	s;
	char		want[256], *text, *lines;

	sup_fork(&s, super_run);
	strs_add(&s.env, "A=b c");
	check_shell(&s, "pwd; echo $A; readlink /proc/self/fd/0; set -- /proc/$$/fd/*; echo $#;"
	    "cut -d' ' -f5,6 /proc/$$/stat; echo $$ $$;"
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status", "ok");
	text = sup_text();
	snprintf(want, sizeof want, "%s\nb c\n/dev/null\n4\n", sup_dir.path);
	ck_assert_msg(str_starts(text, want), "%s", text);
	lines = text + strlen(want);
	snprintf(want, sizeof want, "%ld %ld\n%ld %ld\n", (long)s.command, (long)s.command,
	    (long)s.command, (long)s.command);
	ck_assert_msg(str_starts(lines, want), "%s", text);
	ck_assert_ptr_nonnull(strstr(lines, "SigBlk:\t0000000000000000\n"));
	free(text);
	sup_free(&s);
}
END_TEST

/* ---- output ---- */

START_TEST(apart)
{
	struct sup	s;

	sup_fork(&s, super_run);
	check_shell(&s, "echo one; echo two >&2; printf 'a\\000b'", "ok");
	ck_assert_uint_eq(s.end.output, 11);
	ck_assert_uint_eq(s.end.dropped, 0);
	ck_assert_uint_eq(s.logs, 1);	/* as SUPER_MORE asked */
	sup_check_text("one\n[two\n]a");
	clear_log();
	s.job.flags = SUPER_MERGE;
	check_shell(&s, "echo one; echo two >&2; echo three", "ok");
	sup_check_text("one\ntwo\nthree\n");
	sup_free(&s);
}
END_TEST

/* Line by line, as fast as sh can: in order. A busy machine may put a few out of
 * place, where the system tells of the order at all. */
START_TEST(interleaved)
{
	const size_t	 total = 6000;
	struct sup	 s;
	char		*text, *at, *end;
	size_t		 next[2] = { 0, 1 }, last = SIZE_MAX, jumps = 0, n, i;

	sup_fork(&s, super_run);
	check_shell(&s, "i=0; while [ $i -lt 6000 ]; do echo $i; echo $((i+1)) >&2; i=$((i+2)); done", "ok");
	text = sup_text();
	for (i = 0, at = text; i < total; i++, at = end) {
		at += strspn(at, "[]\n");
		n = strtoul(at, &end, 10);
		ck_assert_uint_eq(n, next[n % 2]);	/* of each pipe, always */
		next[n % 2] += 2;
		jumps += n != last + 1;
		last = n;
	}
	ck_assert_str_eq(at + strspn(at, "[]\n"), "");
#ifdef __linux__
	ck_assert_msg(jumps <= total / 100, "%zu lines are out of place", jumps);
#endif
	free(text);
	sup_free(&s);
}
END_TEST

START_TEST(bulk)
{
	struct sup	 s;
	char		*text;
	size_t		 i;

	sup_fork(&s, super_run);
	check_shell(&s, "head -c 10485760 /dev/zero | tr '\\000' x; echo end >&2", "ok");
	ck_assert_uint_eq(s.end.output, 10485760 + 4);
	text = sup_text();
	for (i = 0; text[i] == 'x'; i++)
		continue;
	ck_assert_uint_eq(i, 10485760);
	ck_assert_str_eq(text + i, "[end\n]");
	free(text);
	sup_free(&s);
}
END_TEST

/* Each is told of when it comes, if one asks. */
START_TEST(byte_by_byte)
{
	struct sup	s;
	uint64_t	n = 0;
	char		go[8];

	sup_fork(&s, super_run);
	sup_shell(&s, "for i in 1 2 3 4 5 6 7 8 9; do printf $i; while [ ! -f go$i ]; do :; done; done");
	while (n < 9) {
		SUP_WAIT(&s, s.log == (n + 1) * 17);
		n++;
		sup_say(&s, SUPER_MORE, s.log);
		snprintf(go, sizeof go, "go%d", (int)n);
		dir_write(&sup_dir, go, "");
	}
	check_end(&s, "ok");
	sup_check_text("123456789");
	sup_free(&s);
}
END_TEST

/* The parent has ended; what its child says within the time counts. */
START_TEST(output_after_the_end)
{
	struct sup	s;

	sup_fork(&s, super_run);
	s.job.drain_ms = 20000;
	sup_shell(&s, "(while [ -d /proc/$$ ]; do :; done; echo late; echo later >&2) & echo early");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "ok");
	sup_check_text("early\nlate\n[later\n]");
	sup_free(&s);
}
END_TEST

/* ---- a limit, and a follower ---- */

START_TEST(limited)
{
	struct sup	s;

	sup_fork(&s, super_run);
	s.job.log_limit = 1 << 20;
	s.job.log_head = 1 << 19;
	check_shell(&s, "head -c 20000000 /dev/zero", "ok");
	ck_assert_uint_eq(s.end.output, 20000000);
	ck_assert_uint_ge(s.end.dropped, 20000000 - (1 << 20));
	ck_assert_uint_le(s.end.dropped, 20000000 - (1 << 19));
	sup_free(&s);
}
END_TEST

/* While one follows the command waits for him, and nothing is cut. */
START_TEST(back_pressure)
{
	struct sup	s;
	uint64_t	before;

	sup_fork(&s, super_run);
	s.job.log_limit = 1 << 20;
	s.job.log_head = 1 << 19;
	sup_shell(&s, "while [ ! -f go ]; do :; done; head -c 20000000 /dev/zero; exit 5");
	SUP_WAIT(&s, s.command != 0);
	sup_say(&s, SUPER_READ, 0);
	dir_write(&sup_dir, "go", "");
	for (before = UINT64_MAX; s.log != before;) {	/* until it stands still */
		before = s.log;
		sup_say(&s, SUPER_MORE, s.log);
		for (int i = 0; i < 10; i++)
			sup_turn(&s, 10);
	}
	ck_assert(!s.ended);
	ck_assert_uint_lt(s.log, 1 << 20);
	ck_assert_uint_gt(s.log, 1 << 19);
	/* He reads on. */
	while (!s.ended) {
		sup_say(&s, SUPER_READ, s.log);
		sup_say(&s, SUPER_MORE, s.log);
		sup_turn(&s, 20);
	}
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "exit status 5");
	ck_assert_uint_eq(s.end.output, 20000000);
	sup_free(&s);
}
END_TEST

/* ---- stdin ---- */

START_TEST(stdin_fed)
{
	const size_t	 len = 3 << 20;
	char		*block = malloc(len), want[64];
	struct sup	 s;
	size_t		 at, n;

	memset(block, 'x', len);
	sup_fork(&s, super_run);
	s.job.flags = SUPER_STDIN_OPEN;
	sup_shell(&s, "wc -c; echo end");
	for (at = 0; at < len; at += n) {	/* by the credit */
		SUP_WAIT(&s, s.got + SUPER_STDIN_WINDOW > at);
		n = s.got + SUPER_STDIN_WINDOW - at;
		if (n > len - at)
			n = len - at;
		if (n > 100000)
			n = 100000;
		sup_send(&s, SUPER_STDIN, 0, block + at, n);
	}
	SUP_WAIT(&s, s.got == len);
	ck_assert(!s.ended);
	sup_say(&s, SUPER_STDIN_EOF, 0);
	check_end(&s, "ok");
	snprintf(want, sizeof want, "%zu\nend\n", len);
	sup_check_text(want);
	free(block);
	sup_free(&s);
}
END_TEST

START_TEST(stdin_closed)
{
	struct sup	s;

	sup_fork(&s, super_run);
	s.job.flags = SUPER_STDIN_OPEN;
	sup_shell(&s, "exec 0</dev/null; while [ ! -f go ]; do :; done; exit 7");
	SUP_WAIT(&s, s.closed);		/* without a byte for it */
	ck_assert(!s.ended);
	sup_send(&s, SUPER_STDIN, 0, "x", 1);
	sup_say(&s, SUPER_STDIN_EOF, 0);
	dir_write(&sup_dir, "go", "");
	check_end(&s, "exit status 7");
	ck_assert_uint_eq(s.got, 0);
	sup_free(&s);
}
END_TEST

START_TEST(stdin_file)
{
	struct sup	s;

	sup_fork(&s, super_run);
	dir_write(&sup_dir, "in", "from a file\n");
	s.input = openat(sup_dir.fd, "in", O_RDONLY);
	check_shell(&s, "cat", "ok");
	sup_check_text("from a file\n");
	close(s.input);
	sup_free(&s);
}
END_TEST

/* ---- a terminal ---- */

START_TEST(terminal)
{
	struct sup	s;

	sup_fork(&s, super_run);
	s.job.flags = SUPER_PTY | SUPER_STDIN_OPEN;
	s.job.rows = 33;
	s.job.cols = 77;
	sup_shell(&s, "stty -echo; tty | sed 's,/[0-9]*$,,'; stty size; echo err >&2; "
	    "trap 'stty size; exit 4' WINCH; echo ready >ready; read x; echo got $x; "
	    "read x || echo end; echo >again; while :; do :; done");
	SUP_WAIT(&s, dir_has(&sup_dir, "ready"));
	sup_send(&s, SUPER_STDIN, 0, "hello\nha", 8);
	sup_say(&s, SUPER_STDIN_EOF, 0);
	SUP_WAIT(&s, dir_has(&sup_dir, "again"));
	sup_say(&s, SUPER_RESIZE, 44 << 16 | 88);
	check_end(&s, "exit status 4");
	sup_check_text("/dev/pts\r\n33 77\r\nerr\r\ngot hello\r\nend\r\n44 88\r\n");
	ck_assert_uint_eq(s.got, 8);
	sup_free(&s);
}
END_TEST

/* All of it, though its writer has ended long before it is read; and it is
 * the session's own terminal, over which a signal reaches the foreground. */
START_TEST(terminal_output)
{
	struct sup	 s;
	char		*text;

	sup_fork(&s, super_run);
	s.job.flags = SUPER_PTY;
	check_shell(&s, "stty -opost </dev/tty; head -c 300000 /dev/zero | tr '\\000' y; echo end >/dev/tty", "ok");
	text = sup_text();
	ck_assert_msg(strlen(text) == 300004, "%.100s", text);
	ck_assert(str_ends(text, "yend\n"));
	free(text);
	clear_log();
	s.job.flags = SUPER_PTY | SUPER_STDIN_OPEN;
	sup_shell(&s, "trap 'exit 6' INT; echo >ready; while :; do sleep 0.01; done");
	SUP_WAIT(&s, dir_has(&sup_dir, "ready"));
	sup_send(&s, SUPER_STDIN, 0, "\003", 1);
	check_end(&s, "exit status 6");
	sup_free(&s);
}
END_TEST

/* ---- a disk that is full ---- */

/* What a file of that name takes until the disk is full. */
static void
fill_disk(const char *name)
{
	static const char	block[4096];
	int			fd = openat(sup_dir.fd, name, O_WRONLY | O_CREAT, 0600);

	while (write(fd, block, sizeof block) > 0)
		continue;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

/* The command goes on, what could not be kept is counted, and its end is told,
 * to the disk too. */
START_TEST(disk_full)
{
	struct dir	 outer = sup_dir;
	struct sup	 s;
	char		*text;

	if (!dir_mount(&outer, "mnt", "size=1m"))
		return;
	snprintf(sup_dir.path, sizeof sup_dir.path, "%.50s/mnt", outer.path);
	sup_dir.fd = open(sup_dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sup_fork(&s, super_run);
	s.where = outer.path;
	sup_shell(&s, "echo begin; while [ ! -f filled ]; do :; done; head -c 100000 /dev/zero;"
	    "echo >written; while [ -f mnt/ballast ]; do :; done; echo after; exit 9");
	SUP_WAIT(&s, s.log > 0);
	fill_disk("ballast");
	dir_write(&outer, "filled", "");
	SUP_WAIT(&s, dir_has(&outer, "written"));
	ck_assert_int_eq(unlinkat(sup_dir.fd, "ballast", 0), 0);
	check_end(&s, "exit status 9");
	ck_assert_uint_eq(s.end.output, 100012);
	ck_assert_uint_gt(s.end.dropped, 50000);
	ck_assert_uint_eq(s.end.why, SUPER_WHY_NONE);
	text = sup_text();
	ck_assert(str_starts(text, "begin\n"));
	free(text);

	/* It stays full. */
	sup_shell(&s, "head -c 4080 /dev/zero; while [ ! -f full ]; do :; done; echo lost; exit 8");
	SUP_WAIT(&s, s.log > 0 && dir_has(&sup_dir, "state.new"));
	fill_disk("ballast");
	dir_write(&outer, "full", "");
	check_end(&s, "exit status 8");
	ck_assert_uint_eq(s.end.dropped, 5);
	sup_free(&s);
	close(sup_dir.fd);
	sup_dir = outer;
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("super");
	TCase	*t = tcase_create("super");

	tcase_add_checked_fixture(t, sup_setup, sup_teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, statuses);
	tcase_add_test(t, unstarted);
	tcase_add_test(t, environment);
	tcase_add_test(t, apart);
	tcase_add_test(t, interleaved);
	tcase_add_test(t, bulk);
	tcase_add_test(t, byte_by_byte);
	tcase_add_test(t, output_after_the_end);
	tcase_add_test(t, limited);
	tcase_add_test(t, back_pressure);
	tcase_add_test(t, stdin_fed);
	tcase_add_test(t, stdin_closed);
	tcase_add_test(t, stdin_file);
	tcase_add_test(t, terminal);
	tcase_add_test(t, terminal_output);
	tcase_add_test(t, disk_full);
	suite_add_tcase(s, t);
	return s;
}
