/*
 * proc.c - unit tests of io/proc.h: commands that end in every way, and what
 * they see. The commands are sh scripts. Killing is in prockill.c.
 */
#include "unit.h"
#include "lib_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"

static void
check_end_text(const char *script, const char *want)
{
	struct run	r;

	run_start(&r, script);
	WAIT(run_loop, r.ends > 0 && r.out.eofs > 0);
	ck_assert_str_eq(run_end_text(&r), want);
	ck_assert_int_eq(r.ends, 1);
	run_finish(&r);
	ck_assert_int_eq(r.ends, 1);
}

/* ---- how it ends ---- */

START_TEST(exit_status)
{
	check_end_text("exit 0", "ok");
	check_end_text("exit 2", "exit status 2");
	check_end_text("exit 255", "exit status 255");
}
END_TEST

START_TEST(signals)
{
	check_end_text("kill -TERM $$", "signal: terminated");
	check_end_text("kill -KILL $$", "signal: killed");
	check_end_text("kill -PIPE $$", "signal: broken pipe");
	check_end_text("kill -31 $$", "signal: signal 31");
}
END_TEST

START_TEST(core)
{
	const struct rlimit	big = { RLIM_INFINITY, RLIM_INFINITY };
	struct run		r;

	run_start(&r, "ulimit -c 0; kill -SEGV $$");
	WAIT(run_loop, r.ends > 0);
	ck_assert_int_eq(r.end.phase, PROC_SIGNALED);
	ck_assert_int_eq(r.end.status, SIGSEGV);
	ck_assert(!r.end.core);
	run_finish(&r);
	r.end.core = true;
	ck_assert_str_eq(run_end_text(&r), "signal: segmentation fault (core dumped)");
	if (setrlimit(RLIMIT_CORE, &big) == -1)
		return;
	/* Whether one is made depends on the system; that we see it is its flag. */
	run_start(&r, "kill -QUIT $$");
	WAIT(run_loop, r.ends > 0);
	ck_assert(str_eq(run_end_text(&r), "signal: quit (core dumped)") ||
	    str_eq(run_end_text(&r), "signal: quit"));
	run_finish(&r);
}
END_TEST

static void
check_unstarted(const char *path, const char *where, const char *want)
{
	char *const		 argv[] = { "x", NULL };
	char *const		 env[] = { NULL };
	struct proc_spec	 spec = { .path = path, .argv = argv, .env = env,
		.dir = where };
	struct run		 r;
	char			 text[256];

	run_start_spec(&r, &spec);
	WAIT(run_loop, r.ends > 0 && r.out.eofs > 0);
	ck_assert_int_eq(r.end.phase, PROC_UNSTARTED);
	snprintf(text, sizeof text, want, strstr(want, "chdir") != NULL ? where : path);
	ck_assert_str_eq(run_end_text(&r), text);
	ck_assert_int_eq(proc_pid(r.p), 0);
	run_finish(&r);
}

START_TEST(unstarted)
{
	char	path[128];

	check_unstarted("/does/not/exist", NULL,
	    "fork/exec %s: no such file or directory");
	check_unstarted("/bin/true", "/does/not/exist",
	    "chdir %s: no such file or directory");
	check_unstarted("/bin/true", "/bin/true", "chdir %s: not a directory");
	snprintf(path, sizeof path, "%s/file", run_dir.path);
	dir_write(&run_dir, "file", "not a program\n");
	check_unstarted(path, NULL, "fork/exec %s: permission denied");
	ck_assert_int_eq(fchmodat(run_dir.fd, "file", 0755, 0), 0);
	check_unstarted(path, NULL, "fork/exec %s: exec format error");
	dir_write(&run_dir, "file", "#!/does/not/exist\n");
	check_unstarted(path, NULL, "fork/exec %s: no such file or directory");
	check_unstarted(run_dir.path, NULL, "fork/exec %s: permission denied");
}
END_TEST

START_TEST(no_descriptors)
{
	char *const		 argv[] = { "true", NULL };
	char *const		 env[] = { NULL };
	struct proc_spec	 spec = { .path = "/bin/true", .argv = argv, .env = env };
	struct rlimit		 old, none;
	struct err		 e = ERR_INIT;
	int			 fd, open_before = 0, open_after = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (fd = 0; fd < 256; fd++)
		open_before += fcntl(fd, F_GETFD) != -1;
	none = old;
	none.rlim_cur = (rlim_t)open_before + 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_ptr_null(proc_spawn(run_loop, &spec, NULL, NULL, &e));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	ck_assert_int_eq(e.code, EMFILE);
	ck_assert_str_eq(e.msg, "start /bin/true: Too many open files");
	for (fd = 0; fd < 256; fd++)
		open_after += fcntl(fd, F_GETFD) != -1;
	ck_assert_int_eq(open_before, open_after);
}
END_TEST

/* ---- what it sees ---- */

START_TEST(environment)
{
	struct run	 r;
	char		*text;
	int		 extra = open("/dev/null", O_RDONLY);	/* not close-on-exec */

	/* Directory, session, environment, standard input, descriptors (these
	 * and the one of the listing), signals. */
	run_start(&r, "pwd; cut -d' ' -f6 /proc/$$/stat; echo $$; env | grep -c PATH;"
	    "readlink /proc/self/fd/0; set -- /proc/$$/fd/*; echo $#;"
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr '\\n' ' '");
	WAIT(run_loop, r.ends > 0 && r.out.eofs > 0);
	text = rec_text(&r.out);
	ck_assert(str_starts(text, run_dir.path));
	ck_assert_ptr_nonnull(strstr(text, "\n1\n/dev/null\n4\n"));
	/* 32 and 33 are libc's own: what whoever started us made of them, no
	 * program can change by its calls. */
	ck_assert_msg(strstr(text, "SigBlk:\t0000000000000000 "
	    "SigIgn:\t0000000000000000") != NULL ||
	    strstr(text, "SigBlk:\t0000000000000000 "
	    "SigIgn:\t0000000180000000") != NULL, "%s", text);
	/* Leader of its session. */
	{
		struct strs	lines = STRS_INIT;

		strs_split(&lines, text, '\n', false);
		ck_assert_str_eq(lines.v[1], lines.v[2]);
		ck_assert_int_eq(strtol(lines.v[2], NULL, 10), proc_pid(r.p));
		strs_release(&lines);
	}
	free(text);
	run_finish(&r);
	close(extra);
}
END_TEST

START_TEST(split_and_input)
{
	char *const		 argv[] = { "sh", "-c",
		"echo to-out; echo to-err >&2; read x; echo got $x; cat; echo end", NULL };
	char *const		 env[] = { "PATH=/usr/bin:/bin", NULL };
	struct proc_spec	 spec = { .path = "/bin/sh", .argv = argv, .env = env,
		.split = true, .input = true };
	struct run		 r;
	char			*text;

	run_start_spec(&r, &spec);
	stream_write(proc_in(r.p), "hello\nrest", 10);
	WAIT(run_loop, buf_len(r.out.got) >= strlen("to-out\ngot hello\nrest"));
	ck_assert_int_eq(r.ends, 0);
	ck_assert_int_gt(proc_pid(r.p), 0);
	stream_shut(proc_in(r.p));
	WAIT(run_loop, r.ends > 0 && r.out.eofs > 0 && r.err.eofs > 0);
	text = rec_text(&r.out);
	ck_assert_str_eq(text, "to-out\ngot hello\nrestend\n");
	free(text);
	text = rec_text(&r.err);
	ck_assert_str_eq(text, "to-err\n");
	free(text);
	run_finish(&r);
}
END_TEST

START_TEST(merged)
{
	struct run	 r;
	char		*text;

	run_start(&r, "echo a; echo b >&2; echo c");
	ck_assert_ptr_null(proc_err(r.p));
	ck_assert_ptr_null(proc_in(r.p));
	WAIT(run_loop, r.ends > 0 && r.out.eofs > 0);
	text = rec_text(&r.out);
	ck_assert_str_eq(text, "a\nb\nc\n");
	free(text);
	run_finish(&r);
}
END_TEST

/* 64 MiB through a reader that stops in the middle: the command is held up,
 * nothing is lost. */
START_TEST(big_output)
{
	const size_t	total = 64 * 1024 * 1024;
	struct run	r;
	size_t		got = 0, held;

	run_start(&r, "head -c 67108864 /dev/zero");
	r.out.keep = true;
	WAIT(run_loop, buf_len(stream_in(r.out.s)) >= STREAM_IN_HIGH / 2);
	for (int i = 0; i < 20; i++)
		loop_turn(run_loop, 5);
	held = buf_len(stream_in(r.out.s));
	ck_assert_uint_le(held, 2 * STREAM_IN_HIGH);
	ck_assert_int_eq(r.ends, 0);
	r.out.keep = false;
	stream_read_again(r.out.s);
	WAIT(run_loop, ((got += buf_len(r.out.got)), buf_drain(r.out.got, buf_len(r.out.got)),
	    r.out.eofs > 0));
	got += buf_len(r.out.got);
	ck_assert_uint_eq(got, total);
	WAIT(run_loop, r.ends > 0);
	ck_assert_str_eq(run_end_text(&r), "ok");
	run_finish(&r);
}
END_TEST

/* ---- texts ---- */

START_TEST(texts)
{
	struct proc_end	end = { .phase = PROC_SIGNALED };
	char		buf[ERR_MAX];
	int		i;

	ck_assert_int_eq(proc_text_status("ok"), 0);
	ck_assert_int_eq(proc_text_status("exit status 0"), 0);
	ck_assert_int_eq(proc_text_status("exit status 255"), 255);
	ck_assert_int_eq(proc_text_status("exit status 256"), -1);
	ck_assert_int_eq(proc_text_status("exit status -1"), -1);
	ck_assert_int_eq(proc_text_status("exit status 2x"), -1);
	ck_assert_int_eq(proc_text_status("signal: killed"), 137);
	ck_assert_int_eq(proc_text_status("signal: segmentation fault (core dumped)"), 139);
	ck_assert_int_eq(proc_text_status("signal: signal 200"), -1);
	ck_assert_int_eq(proc_text_status("signal: "), -1);
	ck_assert_int_eq(proc_text_status("signal: sig"), -1);
	ck_assert_int_eq(proc_text_status(""), -1);
	ck_assert_int_eq(proc_text_status("fork/exec /x: permission denied"), -1);
	for (i = 1; i < 65; i++) {
		end.status = i;
		end.core = i % 2 == 0;
		ck_assert_int_eq(proc_text_status(proc_end_text(&end, buf)), 128 + i);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("proc");
	TCase	*t = tcase_create("proc");

	tcase_add_checked_fixture(t, run_setup, run_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, exit_status);
	tcase_add_test(t, signals);
	tcase_add_test(t, core);
	tcase_add_test(t, unstarted);
	tcase_add_test(t, no_descriptors);
	tcase_add_test(t, environment);
	tcase_add_test(t, split_and_input);
	tcase_add_test(t, merged);
	tcase_add_test(t, big_output);
	tcase_add_test(t, texts);
	suite_add_tcase(s, t);
	return s;
}
