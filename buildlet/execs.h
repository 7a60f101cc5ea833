/*
 * execs.h - the execs of this machine: what was run, runs, and has ended.
 *
 * Each lives in a directory of its own, STATE/execs/ID (workdir_state), which
 * outlives us: spec (JSON, what was asked for), the supervisor's log and state
 * (super.h). At start they are found again: a running one by its supervisor,
 * an ended one by its state; one with neither is "lost". They go when they are
 * forgotten, when the machine is wiped, and, ended ones, oldest first, when there
 * are too many or their logs pass the machine's budget.
 *
 * A struct exec lives from exec_start or execs_load until `forgotten`; keep it
 * only while you watch it.
 */
#ifndef BUILDLET_EXECS_H
#define BUILDLET_EXECS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "buildlet/execspec.h"
#include "data/json.h"

struct buildlet;
struct exec;
struct execs;

enum exec_state { EXEC_STARTING, EXEC_RUNNING, EXEC_ENDED, EXEC_LOST };

struct exec_wish {		/* beside the execspec */
	const char	*id;		/* api_exec_id_ok; NULL: one is made */
	bool		 pty, merge;
	uint16_t	 rows, cols;
	bool		 stdin_open;
	const char	*stdin_file;	/* below the work directory; NULL: none */
	int64_t		 timeout_ms;	/* 0: none */
	uint64_t	 log_limit;	/* 0: the machine's */
	bool		 transient;	/* POST /exec: gone with its watcher */
	/* Somebody will watch and read at once, from the beginning: the log is held
	 * for him from the first byte on. */
	bool		 followed;
};

/* Opens STATE/execs and finds what is there, waiting a little for supervisors.
 * Blocks. NULL and e. */
struct execs *execs_load(struct buildlet *, struct err *e) MUST;
bool	 execs_any(const struct execs *);	/* is one known, in whatever state? */
size_t	 execs_running(const struct execs *);
uint64_t execs_seq(const struct execs *);	/* grows with each change of any */
/* At an end that leaves commands running (SIGHUP, upgrade): frees memory alone. */
void	 execs_free(struct execs *);		/* NULL is fine */
/* Kills all, then forgets all; done(arg) once, deferred; left: how many processes
 * could not be killed. The directories (execs_path) are the caller's to empty.
 * Until execs_wiped none may be started. */
void	 execs_wipe(struct execs *, void (*done)(size_t left, void *arg), void *arg);
void	 execs_wiped(struct execs *);
const char *execs_path(const struct execs *);

struct exec *exec_find(struct execs *, const char *id);	/* NULL */
/* In order of creation, changed after seq (0: all). */
void	 execs_each(struct execs *, uint64_t seq, void (*fn)(struct exec *, void *arg), void *arg);

/* NULL and e, whose code is a HTTP status. That the program cannot be started
 * is no error here: the exec ends with the reason. */
struct exec *exec_start(struct execs *, const struct execspec *, const struct exec_wish *,
    struct err *e) MUST;
const char *exec_id(const struct exec *);
enum exec_state exec_state(const struct exec *);
/* As GET /execs/ID answers; brief, as in the list: long texts are cut. */
struct json *exec_json(const struct exec *, bool brief) MUST;
const char *exec_status(const struct exec *);	/* Process-State; NULL while it runs */
const char *exec_why(const struct exec *);	/* "", "killed", "timeout" or "disk" */
size_t	 exec_left(const struct exec *, const char **names);	/* what runs on after it */
int	 exec_dir(struct exec *);	/* for execlog.h, while you watch; -1: it is gone */
uint64_t exec_log_end(const struct exec *);
uint64_t exec_output(const struct exec *);	/* bytes of it in all; 0 while it runs */
/* exec_log_end may be a second old. Asks for news: watchers are told when they are
 * here and exec_asking is false. Nothing to do for one that has ended. */
void	 exec_ask(struct exec *);
bool	 exec_asking(const struct exec *);
/* Of stdin: what was given to exec_stdin; of that, what its supervisor has told
 * that it has. Only the latter counts once we were started again. */
uint64_t exec_stdin_sent(const struct exec *);
uint64_t exec_stdin_got(const struct exec *);

/* Words to the command; errors (ended, no pty, ...) are -1 and e with a HTTP status. */
int	 exec_signal(struct exec *, int signo, struct err *e) MUST;
int	 exec_kill(struct exec *, int64_t grace_ms, struct err *e) MUST;
int	 exec_resize(struct exec *, unsigned rows, unsigned cols, struct err *e) MUST;
/* How many bytes are taken now: 0 to len. */
size_t	 exec_stdin(struct exec *, const void *p, size_t len);
bool	 exec_stdin_open(const struct exec *);	/* may more come? */
bool	 exec_stdin_closed(const struct exec *);	/* by the command, or it has none */
int	 exec_stdin_eof(struct exec *, struct err *e) MUST;	/* twice is fine */
bool	 exec_stdin_eof_said(const struct exec *);
int	 exec_forget(struct exec *, struct err *e) MUST;	/* only an ended one */

/* Somebody looks. changed: the log has grown, stdin has room, or the state is
 * another; on a clean stack. After exec_unwatch none comes. A watcher that reads
 * the log says how far it has come (exec_read), which holds the log there. */
struct exec_watch;
typedef void (*exec_changed_fn)(struct exec *, void *arg);
struct exec_watch *exec_watch(struct exec *, exec_changed_fn, void *arg) MUST;
void	 exec_read(struct exec_watch *, uint64_t offset);
void	 exec_watch_wake(struct exec_watch *);	/* changed will be called, soon */
/* A transient exec is killed by this, and forgotten when it is gone. */
void	 exec_unwatch(struct exec_watch *);	/* NULL is fine */

#endif
