/*
 * loop.h - the event loop: one a program, one thread (DESIGN, Decisions).
 *
 * Everything here may be called from any callback. A callback never runs
 * inside a call of the code that asked for it: it comes from the loop.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct loop;
struct timer;		/* one-shot */
struct watch;		/* a descriptor */
struct event_base;

typedef void (*loop_fn)(void *arg);

/* Sets the malloc options that STREAM.md found to matter, ignores SIGPIPE,
 * routes libevent's own messages into the log. NULL and e where the system
 * has no more descriptors. */
struct loop *loop_new(struct err *e) MUST;
void loop_free(struct loop *);
/* Runs until loop_stop, or until nothing is left that could ever happen. */
void loop_run(struct loop *);
/* One turn: waits for at most ms, runs what is ready. For tests, and with 0 ms to see
 * what has happened already. */
void loop_turn(struct loop *, int64_t ms);
void loop_stop(struct loop *);
/* Runs until the helpers and commands that were let go of (helper_free,
 * proc_free) are reaped, for at most ms: what a program does before it frees its
 * loop and ends. Others' callbacks run meanwhile. */
void loop_settle(struct loop *, int64_t ms);
struct clock *loop_clock(struct loop *);
int64_t loop_now(struct loop *);	/* clock_mono of this turn */
struct event_base *loop_base(struct loop *); /* for lib/io, lib/http, revdial */

/* Calls fn(arg) once, later in this turn, on a clean stack, in the order of
 * the calls. A deferred call cannot be taken back, except by loop_undefer,
 * which drops all that are waiting with this fn and arg. */
void loop_defer(struct loop *, loop_fn fn, void *arg);
void loop_undefer(struct loop *, loop_fn fn, void *arg);
/* Calls fn(arg) once, when nothing else is left to be done in this turn, at the
 * latest from loop_free: for what nobody waits for, such as a line in the log. It
 * cannot be taken back. */
void loop_after(struct loop *, loop_fn fn, void *arg);

struct timer *timer_new(struct loop *, loop_fn fn, void *arg) MUST;
void timer_set(struct timer *, int64_t ms);	/* from now; replaces an earlier setting */
/* The same, but up to a quarter of a second late: thousands of those wake the
 * loop up four times a second, together. */
void timer_set_coarse(struct timer *, int64_t ms);
void timer_stop(struct timer *);
bool timer_armed(const struct timer *);
void timer_free(struct timer *);		/* NULL is fine; also from its own callback */

/* Calls fn every ms until freed: for sweeps (STYLE 22). */
struct timer *loop_every(struct loop *, int64_t ms, loop_fn fn, void *arg) MUST;

/* fn runs when the signal came; several handlers for one signal are an error of ours. */
void loop_signal(struct loop *, int signo, loop_fn fn, void *arg);
/* It means again what it meant before loop_signal. Nothing if that was not called. */
void loop_unsignal(struct loop *, int signo);

/* Calls fn when fd can be read, level-triggered, until freed. fd stays the caller's. */
struct watch *watch_readable(struct loop *, int fd, loop_fn fn, void *arg) MUST;
/* The same for writing: have one only while there is something to be written. */
struct watch *watch_writable(struct loop *, int fd, loop_fn fn, void *arg) MUST;
void watch_free(struct watch *);		/* NULL is fine */

#endif
