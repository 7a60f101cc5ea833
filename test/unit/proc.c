/*
 * proc.c - unit tests of io/proc.h: commands that end in every way, trees that
 * are killed whole, keepers and parents that die. The commands are sh scripts.
 */
#include "unit.h"
#include "lib_dir.h"
#include "lib_io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/tree.h"
#include "io/proc.h"

struct run {
	struct proc	*p;
	struct proc_end	 end;
	int		 ends, gone;
	bool		 free_at_end;
	struct rec	 out, err;
};

static struct loop	*loop;
static struct dir	 dir;

static void
setup(void)
{
	struct err	e;

	loop = loop_new(&e);
	ck_assert_ptr_nonnull(loop);
	dir_make(&dir);
}

static void
teardown(void)
{
	loop_free(loop);
	dir_drop(&dir);
}

static void
on_end(struct proc *p, const struct proc_end *end, void *arg)
{
	struct run	*r = arg;

	ck_assert_ptr_eq(p, r->p);
	r->end = *end;
	r->ends++;
	if (r->free_at_end) {
		proc_free(p);
		r->p = NULL;
	}
}

static void
on_gone(void *arg)
{
	struct run	*r = arg;

	r->gone++;
}

static void
start_spec(struct run *r, const struct proc_spec *spec)
{
	struct err	e = ERR_INIT;

	memset(r, 0, sizeof *r);
	r->p = proc_spawn(loop, spec, on_end, r, &e);
	ck_assert_msg(r->p != NULL, "%s", e.msg);
	rec_init(&r->out, proc_out(r->p));
	if (spec->split)
		rec_init(&r->err, proc_err(r->p));
}

static void
start(struct run *r, const char *script)
{
	char *const		 argv[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };
	char *const		 env[] = { "PATH=/usr/bin:/bin", NULL };
	struct proc_spec	 spec = { .path = "/bin/sh", .argv = argv,
		.env = env, .dir = dir.path };

	start_spec(r, &spec);
}

/* Frees it and waits until its keeper has been reaped. */
static void
finish(struct run *r)
{
	int	before = r->gone;

	proc_kill(r->p, on_gone, r);
	WAIT(loop, r->gone > before);
	proc_free(r->p);
	r->out.s = r->err.s = NULL;	/* closed with the proc */
	buf_free(r->out.got);
	if (r->err.got != NULL)
		buf_free(r->err.got);
	loop_turn(loop, 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

static const char *
end_text(const struct run *r)
{
	static char	buf[ERR_MAX];

	return proc_end_text(&r->end, buf);
}

static void
check_end_text(const char *script, const char *want)
{
	struct run	r;

	start(&r, script);
	WAIT(loop, r.ends > 0 && r.out.eofs > 0);
	ck_assert_str_eq(end_text(&r), want);
	ck_assert_int_eq(r.ends, 1);
	finish(&r);
	ck_assert_int_eq(r.ends, 1);
}

/* A process number that a script wrote into a file; 0 while there is none. */
static pid_t
pid_in(const char *name)
{
	char	*text = dir_read(&dir, name);
	pid_t	 pid = text != NULL && strchr(text, '\n') != NULL ?
		    (pid_t)strtol(text, NULL, 10) : 0;

	free(text);
	return pid;
}

/* Zombies are dead: whose child it is reaps it when it can. */
static bool
alive(pid_t pid)
{
	char	path[64], text[512] = "";
	char	*paren;
	FILE	*f;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	if (fgets(text, sizeof text, f) == NULL)
		text[0] = '\0';
	fclose(f);
	paren = strrchr(text, ')');
	return paren != NULL && paren[2] != 'Z' && paren[2] != 'X';
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

	start(&r, "ulimit -c 0; kill -SEGV $$");
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.end.phase, PROC_SIGNALED);
	ck_assert_int_eq(r.end.status, SIGSEGV);
	ck_assert(!r.end.core);
	finish(&r);
	r.end.core = true;
	ck_assert_str_eq(end_text(&r), "signal: segmentation fault (core dumped)");
	if (setrlimit(RLIMIT_CORE, &big) == -1)
		return;
	/* Whether one is made depends on the system; that we see it is its flag. */
	start(&r, "kill -QUIT $$");
	WAIT(loop, r.ends > 0);
	ck_assert(str_eq(end_text(&r), "signal: quit (core dumped)") ||
	    str_eq(end_text(&r), "signal: quit"));
	finish(&r);
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

	start_spec(&r, &spec);
	WAIT(loop, r.ends > 0 && r.out.eofs > 0);
	ck_assert_int_eq(r.end.phase, PROC_UNSTARTED);
	snprintf(text, sizeof text, want, strstr(want, "chdir") != NULL ? where : path);
	ck_assert_str_eq(end_text(&r), text);
	ck_assert_int_eq(proc_pid(r.p), 0);
	finish(&r);
}

START_TEST(unstarted)
{
	char	path[128];

	check_unstarted("/does/not/exist", NULL,
	    "fork/exec %s: no such file or directory");
	check_unstarted("/bin/true", "/does/not/exist",
	    "chdir %s: no such file or directory");
	check_unstarted("/bin/true", "/bin/true", "chdir %s: not a directory");
	snprintf(path, sizeof path, "%s/file", dir.path);
	dir_write(&dir, "file", "not a program\n");
	check_unstarted(path, NULL, "fork/exec %s: permission denied");
	ck_assert_int_eq(fchmodat(dir.fd, "file", 0755, 0), 0);
	check_unstarted(path, NULL, "fork/exec %s: exec format error");
	dir_write(&dir, "file", "#!/does/not/exist\n");
	check_unstarted(path, NULL, "fork/exec %s: no such file or directory");
	check_unstarted(dir.path, NULL, "fork/exec %s: permission denied");
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
	ck_assert_ptr_null(proc_spawn(loop, &spec, on_end, NULL, &e));
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

	/* Directory, session, environment, standard input, descriptors, signals. */
	start(&r, "pwd; ps -o sid= -p $$ | tr -d ' '; echo $$; env | grep -c PATH;"
	    "readlink /proc/self/fd/0; ls /proc/$$/fd | tr '\\n' ' '; echo;"
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr '\\n' ' '");
	WAIT(loop, r.ends > 0 && r.out.eofs > 0);
	text = rec_text(&r.out);
	ck_assert(str_starts(text, dir.path));
	ck_assert_ptr_nonnull(strstr(text, "\n1\n/dev/null\n0 1 2 \n"));
	ck_assert_ptr_nonnull(strstr(text, "SigBlk:\t0000000000000000 SigIgn:\t0000000000000000"));
	/* Leader of its session. */
	{
		struct strs	lines = STRS_INIT;

		strs_split(&lines, text, '\n', false);
		ck_assert_str_eq(lines.v[1], lines.v[2]);
		ck_assert_int_eq(strtol(lines.v[2], NULL, 10), proc_pid(r.p));
		strs_release(&lines);
	}
	free(text);
	finish(&r);
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

	start_spec(&r, &spec);
	stream_write(proc_in(r.p), "hello\nrest", 10);
	WAIT(loop, buf_len(r.out.got) >= strlen("to-out\ngot hello\nrest"));
	ck_assert_int_eq(r.ends, 0);
	ck_assert_int_gt(proc_pid(r.p), 0);
	stream_shut(proc_in(r.p));
	WAIT(loop, r.ends > 0 && r.out.eofs > 0 && r.err.eofs > 0);
	text = rec_text(&r.out);
	ck_assert_str_eq(text, "to-out\ngot hello\nrestend\n");
	free(text);
	text = rec_text(&r.err);
	ck_assert_str_eq(text, "to-err\n");
	free(text);
	finish(&r);
}
END_TEST

START_TEST(merged)
{
	struct run	 r;
	char		*text;

	start(&r, "echo a; echo b >&2; echo c");
	ck_assert_ptr_null(proc_err(r.p));
	ck_assert_ptr_null(proc_in(r.p));
	WAIT(loop, r.ends > 0 && r.out.eofs > 0);
	text = rec_text(&r.out);
	ck_assert_str_eq(text, "a\nb\nc\n");
	free(text);
	finish(&r);
}
END_TEST

/* 64 MiB through a reader that stops in the middle: the command is held up,
 * nothing is lost. */
START_TEST(big_output)
{
	const size_t	total = 64 * 1024 * 1024;
	struct run	r;
	size_t		got = 0, held;

	start(&r, "head -c 67108864 /dev/zero");
	r.out.keep = true;
	WAIT(loop, buf_len(stream_in(r.out.s)) >= STREAM_IN_HIGH / 2);
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 5);
	held = buf_len(stream_in(r.out.s));
	ck_assert_uint_le(held, 2 * STREAM_IN_HIGH);
	ck_assert_int_eq(r.ends, 0);
	r.out.keep = false;
	stream_read_again(r.out.s);
	WAIT(loop, ((got += buf_len(r.out.got)), buf_drain(r.out.got, buf_len(r.out.got)),
	    r.out.eofs > 0));
	got += buf_len(r.out.got);
	ck_assert_uint_eq(got, total);
	WAIT(loop, r.ends > 0);
	ck_assert_str_eq(end_text(&r), "ok");
	finish(&r);
}
END_TEST

/* ---- killing ---- */

START_TEST(signal_group)
{
	struct run	r;

	start(&r, "trap 'echo caught; exit 3' TERM; sh -c 'echo $$ >pid; exec sleep 99' & echo ready; wait");
	WAIT(loop, buf_len(r.out.got) > 0 && pid_in("pid") != 0);
	proc_signal(r.p, SIGTERM);
	WAIT(loop, r.ends > 0);
	ck_assert_str_eq(end_text(&r), "exit status 3");
	WAIT(loop, !alive(pid_in("pid")));
	finish(&r);
	ck_assert_int_eq(r.gone, 1);
}
END_TEST

/* The command is gone, its group is not: a signal still finds it. */
START_TEST(signal_after_end)
{
	struct run	r;

	start(&r, "sh -c 'trap \"echo >trapped; exit\" USR1; echo $$ >pid; while :; do sleep 0.05; done' & exit 0");
	WAIT(loop, r.ends > 0 && pid_in("pid") != 0);
	ck_assert(alive(pid_in("pid")));
	proc_signal(r.p, SIGUSR1);
	WAIT(loop, dir_has(&dir, "trapped"));
	WAIT(loop, !alive(pid_in("pid")));
	finish(&r);
}
END_TEST

START_TEST(kill_plain)
{
	struct run	r;

	start(&r, "echo x; exec sleep 99");
	WAIT(loop, buf_len(r.out.got) > 0);
	proc_kill(r.p, on_gone, &r);
	ck_assert_int_eq(r.gone, 0);
	WAIT(loop, r.gone > 0 && r.out.eofs > 0);
	ck_assert_int_eq(r.ends, 1);
	ck_assert_str_eq(end_text(&r), "signal: killed");
	finish(&r);	/* kills again, is told again */
	ck_assert_int_eq(r.gone, 2);
}
END_TEST

static const char escaping[] =
    "setsid sh -c 'echo $$ >a; exec sleep 99' & "
    "(setsid sh -c 'echo $$ >b; (echo >c; trap \"\" TERM HUP INT; exec sleep 99) & wait' &) & "
    "(nohup sh -c 'sh -c \"echo \\$\\$ >d; exec sleep 99\" &' >/dev/null 2>&1 &) ; "
    "while [ ! -s a ] || [ ! -s b ] || [ ! -s d ]; do sleep 0.01; done; ";

static void
check_all_dead(void)
{
	ck_assert(!alive(pid_in("a")));
	ck_assert(!alive(pid_in("b")));
	ck_assert(!alive(pid_in("d")));
}

START_TEST(kill_escaped)
{
	struct run	r;
	char		script[1024];

	snprintf(script, sizeof script, "%s echo ready; exec sleep 99", escaping);
	start(&r, script);
	WAIT(loop, buf_len(r.out.got) > 0);
	ck_assert(alive(pid_in("a")) && alive(pid_in("b")) && alive(pid_in("d")));
	proc_kill(r.p, on_gone, &r);
	WAIT(loop, r.gone > 0);
	check_all_dead();
	finish(&r);
}
END_TEST

/* The command ended in peace, its daemons live on until they are killed. */
START_TEST(daemons_live_on)
{
	struct run	r;
	char		script[1024];

	snprintf(script, sizeof script, "%s exit 7", escaping);
	start(&r, script);
	WAIT(loop, r.ends > 0);
	ck_assert_str_eq(end_text(&r), "exit status 7");
	loop_turn(loop, 50);
	ck_assert(alive(pid_in("a")) && alive(pid_in("b")) && alive(pid_in("d")));
	ck_assert_int_eq(r.out.eofs, 0);	/* they hold the pipe */
	proc_kill(r.p, on_gone, &r);
	WAIT(loop, r.gone > 0 && r.out.eofs > 0);
	check_all_dead();
	finish(&r);
}
END_TEST

/* A process that always is another one: each forks the next, in a session of
 * its own, and exits. */
START_TEST(kill_hopper)
{
	struct run	r;

	dir_write(&dir, "hop.sh", "echo x >>hops\nsetsid sh hop.sh &\n");
	start(&r, "sh hop.sh; while [ $(wc -l <hops) -lt 5 ]; do :; done; echo ready; exec sleep 99");
	WAIT(loop, buf_len(r.out.got) > 0);
	proc_kill(r.p, on_gone, &r);
	WAIT(loop, r.gone > 0);
	unlinkat(dir.fd, "hops", 0);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 10);
	ck_assert(!dir_has(&dir, "hops"));
	finish(&r);
}
END_TEST

/* Many that multiply; a limit keeps the machine alive should this fail. */
START_TEST(kill_bomb)
{
	struct run	r;

	dir_write(&dir, "bomb.sh", "echo x >>born\n[ $(wc -l <born) -gt 300 ] && exec sleep 99\n"
	    "setsid sh bomb.sh & setsid sh bomb.sh & wait\n");
	start(&r, "setsid sh bomb.sh & while [ ! -s born ] || [ $(wc -l <born) -lt 20 ]; do :; done; echo ready; exec sleep 99");
	WAIT(loop, buf_len(r.out.got) > 0);
	proc_kill(r.p, on_gone, &r);
	WAIT(loop, r.gone > 0);
	unlinkat(dir.fd, "born", 0);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 10);
	ck_assert(!dir_has(&dir, "born"));
	finish(&r);
}
END_TEST

START_TEST(free_kills)
{
	struct run	r;

	start(&r, "echo $$ >pid; echo x; exec sleep 99");
	WAIT(loop, buf_len(r.out.got) > 0);
	proc_free(r.p);
	WAIT(loop, !alive(pid_in("pid")));
	WAIT(loop, waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	loop_turn(loop, 0);
	ck_assert_int_eq(r.ends, 0);
	buf_free(r.out.got);
}
END_TEST

START_TEST(free_at_end)
{
	struct run	r;

	start(&r, "exit 4");
	r.free_at_end = true;
	WAIT(loop, r.ends > 0);
	WAIT(loop, waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	loop_turn(loop, 0);
	ck_assert_str_eq(end_text(&r), "exit status 4");
	buf_free(r.out.got);
	proc_free(NULL);
}
END_TEST

/* Freed before a single turn of the loop. */
START_TEST(free_at_once)
{
	struct run	r;

	start(&r, "sleep 99");
	proc_free(r.p);
	WAIT(loop, waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	loop_turn(loop, 0);
	ck_assert_int_eq(r.ends, 0);
	buf_free(r.out.got);
}
END_TEST

/* ---- deaths that nobody planned ---- */

static pid_t
parent_of(pid_t pid)
{
	char	path[64], line[256];
	long	ppid = 0;
	FILE	*f;

	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "PPid:", 5) == 0)
			ppid = strtol(line + 5, NULL, 10);
	fclose(f);
	return (pid_t)ppid;
}

START_TEST(keeper_killed)
{
	struct run	r;
	pid_t		pid;

	start(&r, "echo x; exec sleep 99");
	WAIT(loop, buf_len(r.out.got) > 0 && proc_pid(r.p) != 0);
	pid = proc_pid(r.p);
	ck_assert_int_eq(kill(parent_of(pid), SIGKILL), 0);
	WAIT(loop, r.ends > 0 && r.out.eofs > 0);
	ck_assert_int_eq(r.end.phase, PROC_SIGNALED);
	ck_assert_str_eq(end_text(&r), "signal: killed");
	ck_assert_str_eq(r.end.why, "the command's keeper died");
	WAIT(loop, !alive(pid));
	finish(&r);
}
END_TEST

/* A keeper has a session of its own, so that what a terminal sends to us does
 * not end it; and nothing but SIGKILL does. */
START_TEST(keeper_is_deaf)
{
	struct run	r;
	pid_t		keeper;

	start(&r, "echo x; exec sleep 99");
	WAIT(loop, buf_len(r.out.got) > 0 && proc_pid(r.p) != 0);
	keeper = parent_of(proc_pid(r.p));
	ck_assert_int_eq(getsid(keeper), keeper);
	kill(keeper, SIGTERM);
	kill(keeper, SIGINT);
	kill(keeper, SIGHUP);
	kill(keeper, SIGPIPE);
	loop_turn(loop, 50);
	ck_assert_int_eq(r.ends, 0);
	ck_assert(alive(proc_pid(r.p)));
	finish(&r);
}
END_TEST

static void
spawn_and_hang(const char *script)
{
	struct run	r;

	loop = loop_new(NULL);
	start(&r, script);
	for (;;)
		loop_turn(loop, 1000);
}

START_TEST(parent_killed)
{
	char	script[1024];
	pid_t	us;

	/* Orphans come to us, so that their end can be waited for. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	snprintf(script, sizeof script, "%s echo $$ >main; exec sleep 99", escaping);
	us = fork();
	ck_assert_int_ne(us, -1);
	if (us == 0)
		spawn_and_hang(script);
	WAIT(loop, pid_in("main") != 0);
	ck_assert(alive(pid_in("main")) && alive(pid_in("a")) && alive(pid_in("b")));
	kill(us, SIGKILL);
	WAIT(loop, waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	ck_assert(!alive(pid_in("main")));
	check_all_dead();
}
END_TEST

/* Two at once: neither keeper holds a pipe or the line of the other. */
START_TEST(strangers)
{
	struct run	a, b;

	start(&a, "echo x; exec sleep 99");
	start(&b, "exit 5");
	WAIT(loop, b.ends > 0 && b.out.eofs > 0 && buf_len(a.out.got) > 0);
	proc_free(b.p);
	buf_free(b.out.got);
	start(&b, "exec sleep 99");
	proc_kill(a.p, on_gone, &a);
	WAIT(loop, a.gone > 0 && a.out.eofs > 0);
	ck_assert_int_eq(b.ends, 0);
	proc_free(a.p);
	buf_free(a.out.got);
	finish(&b);
}
END_TEST

static bool
all_ended(const struct run *r, size_t n)
{
	while (n > 0 && r[n - 1].ends > 0)
		n--;
	return n == 0;
}

START_TEST(many)
{
	struct run	r[40];
	size_t		i;

	for (i = 0; i < nitems(r); i++)
		start(&r[i], "exit 9");
	WAIT(loop, all_ended(r, nitems(r)));
	for (i = 0; i < nitems(r); i++) {
		ck_assert_str_eq(end_text(&r[i]), "exit status 9");
		proc_free(r[i].p);
		buf_free(r[i].out.got);
	}
	WAIT(loop, waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	loop_turn(loop, 0);
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

	tcase_add_checked_fixture(t, setup, teardown);
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
	tcase_add_test(t, signal_group);
	tcase_add_test(t, signal_after_end);
	tcase_add_test(t, kill_plain);
	tcase_add_test(t, kill_escaped);
	tcase_add_test(t, daemons_live_on);
	tcase_add_test(t, kill_hopper);
	tcase_add_test(t, kill_bomb);
	tcase_add_test(t, free_kills);
	tcase_add_test(t, free_at_end);
	tcase_add_test(t, free_at_once);
	tcase_add_test(t, keeper_killed);
	tcase_add_test(t, keeper_is_deaf);
	tcase_add_test(t, parent_killed);
	tcase_add_test(t, strangers);
	tcase_add_test(t, many);
	tcase_add_test(t, texts);
	suite_add_tcase(s, t);
	return s;
}
