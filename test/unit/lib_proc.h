/*
 * lib_proc.h - commands run by the tests of io/proc.h, with a loop and a
 * directory of their own.
 */
#ifndef LIB_PROC_H
#define LIB_PROC_H

#include "lib_dir.h"
#include "lib_io.h"

#include "io/proc.h"

struct run {
	struct proc	*p;
	struct proc_end	 end;
	int		 ends, gone;
	bool		 free_at_end;
	struct rec	 out, err;
};

extern struct loop	*run_loop;
extern struct dir	 run_dir;		/* where commands run */

void run_setup(void);			/* a checked fixture */
void run_teardown(void);
void run_start_spec(struct run *, const struct proc_spec *);
void run_start(struct run *, const char *script);	/* with sh */
/* Frees it and waits until its keeper has been reaped. */
void run_finish(struct run *);
const char *run_end_text(const struct run *);
void run_on_gone(void *run);
/* A process number that a script wrote into a file; 0 while there is none. */
pid_t run_pid_in(const char *name);
/* Every keeper was reaped. */
bool run_childless(void);
/* Zombies are dead: whose child it is reaps it when it can. */
bool run_alive(pid_t);

#endif
