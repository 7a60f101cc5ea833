/* lib_proc.c - see lib_proc.h. */
#include "lib_proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct loop	*run_loop;
struct dir	 run_dir;

void
run_setup(void)
{
	struct err	e;

	run_loop = loop_new(&e);
	ck_assert_ptr_nonnull(run_loop);
	dir_make(&run_dir);
}

void
run_teardown(void)
{
	loop_settle(run_loop, 5000);	/* a keeper may be left to be asked after */
	loop_free(run_loop);
	dir_drop(&run_dir);
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

void
run_on_gone(void *arg)
{
	struct run	*r = arg;

	r->gone++;
}

void
run_start_spec(struct run *r, const struct proc_spec *spec)
{
	struct err	e = ERR_INIT;

	memset(r, 0, sizeof *r);
	r->p = proc_spawn(run_loop, spec, on_end, r, &e);
	ck_assert_msg(r->p != NULL, "%s", e.msg);
	rec_init(&r->out, proc_out(r->p));
	if (spec->split)
		rec_init(&r->err, proc_err(r->p));
}

void
run_start(struct run *r, const char *script)
{
	char *const		 argv[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };
	char *const		 env[] = { "PATH=/usr/bin:/bin", NULL };
	struct proc_spec	 spec = { .path = "/bin/sh", .argv = argv,
		.env = env, .dir = run_dir.path };

	run_start_spec(r, &spec);
}

void
run_finish(struct run *r)
{
	int	before = r->gone;

	proc_kill(r->p, run_on_gone, r);
	WAIT(run_loop, r->gone > before);
	proc_free(r->p);
	r->out.s = r->err.s = NULL;	/* closed with the proc */
	buf_free(r->out.got);
	if (r->err.got != NULL)
		buf_free(r->err.got);
	loop_turn(run_loop, 0);
	WAIT(run_loop, run_childless());
}

bool
run_childless(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

const char *
run_end_text(const struct run *r)
{
	static char	buf[ERR_MAX];

	return proc_end_text(&r->end, buf);
}

pid_t
run_pid_in(const char *name)
{
	char	*text = dir_read(&run_dir, name);
	pid_t	 pid = text != NULL && strchr(text, '\n') != NULL ?
		    (pid_t)strtol(text, NULL, 10) : 0;

	free(text);
	return pid;
}

bool
run_alive(pid_t pid)
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
