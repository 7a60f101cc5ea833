/*
 * lib_super.h - for the tests of the supervisor (buildlet/super.h): one that is
 * forked here and now, a directory for its exec, and what it said.
 */
#ifndef LIB_SUPER_H
#define LIB_SUPER_H

#include <check.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "buildlet/superlink.h"
#include "lib_dir.h"

struct sup {
	pid_t		 pid;		/* the supervisor */
	int		 line;		/* our end; -1: closed */
	bool		 broken;	/* it closed the line */
	struct super_job job;		/* of the next sup_run */
	struct strs	 env;		/* likewise */
	const char	*where;		/* likewise; the exec's directory if NULL */
	int		 input;		/* likewise, -1 */

	pid_t		 command;
	uint64_t	 log, got, gone_left;
	size_t		 logs;		/* how often it told of the log */
	bool		 closed, ended, gone;
	struct super_end end;
	char		 state[1024], left[1024];
	struct str	 in;		/* half a word */
};

extern struct dir	 sup_dir;	/* of the exec */

void sup_setup(void);			/* a checked fixture */
void sup_teardown(void);
/* run is super_run: this file links to all tests, and not all to the buildlet. */
void sup_fork(struct sup *, void (*run)(int));
/* Kills it where it lives. */
void sup_free(struct sup *);

void sup_say(struct sup *, enum superlink_what, uint64_t value);
void sup_send(struct sup *, enum superlink_what, uint64_t value, const void *p, size_t len);
/* SUPER_JOB, with what is in job, env, where and input; these stay for the next. */
void sup_run(struct sup *, const char *path, char *const *argv);
void sup_shell(struct sup *, const char *script);	/* by sh -c */
/* Takes in what it says until cond holds; fails the test when it never does. */
#define SUP_WAIT(s, cond) do {						\
	int64_t sup_end_ = sup_now() + 30000;				\
	while (!(cond) && sup_now() < sup_end_)				\
		sup_turn((s), 20);					\
	ck_assert_msg((cond), "waited in vain for: %s", #cond);		\
} while (0)
int64_t sup_now(void);
void sup_turn(struct sup *, int ms);
/* Until it is gone, and then it can take the next job. */
void sup_wait_gone(struct sup *);
/* The line breaks; then a new one by "sock", with HELLO. */
void sup_break(struct sup *);
void sup_attach(struct sup *);
int  sup_connect(void);			/* to "sock"; says nothing */
bool sup_is_closed(int fd);		/* soon, by the other side */
bool sup_exits(struct sup *);		/* soon, by itself */

/* What lies in the log: stderr in brackets, a gap as <N>; malloc'ed. */
char *sup_text(void);
void sup_check_text(const char *want);
pid_t sup_pid_in(const char *file);	/* a number in a file of the directory; 0: none yet */
bool sup_alive(pid_t);

#endif
