/* superexec.c - one exec of a supervisor, from the job to the end (super.h). */
#include "buildlet/super_int.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "buildlet/execstate.h"
#include "io/pipes.h"

#define LATER(now, ms)	((ms) > INT64_MAX - (now) ? INT64_MAX : (now) + (ms))

static const struct clock real_clock = CLOCK_INIT;

static bool
is_transient(const struct super *s)
{
	return (s->job.set.flags & SUPER_TRANSIENT) != 0;
}

/* ---- output ---- */

static void
on_output(enum record_kind kind, const void *p, size_t len, void *arg)
{
	struct super	*s = arg;

	if (s->phase == SUPER_OVER)
		return;		/* after the end: read, so that nobody waits, and dropped */
	if (logwriter_add(s->log, kind, clock_wall(&real_clock), p, len) == -1 &&
	    errno == ENOENT)
		s->lost = true;
}

static size_t
read_max(const struct super *s)
{
	size_t	max = logwriter_burst(s->log) / SUPEROUT_FDS;

	return max < SUPEROUT_READ ? max : SUPEROUT_READ;
}

/* Out of one pipe at once, as one record. */
static size_t
bulk_max(const struct super *s)
{
	size_t	max = logwriter_burst(s->log), record = logwriter_record(s->log);

	return max < record ? max : record;
}

/* The most that one superexec_read adds to the log. */
static size_t
add_max(const struct super *s)
{
	size_t	plain = SUPEROUT_FDS * read_max(s), bulk = bulk_max(s);

	return bulk > plain ? bulk : plain;
}

static void
tell_log(struct super *s)
{
	if (s->more_asked && logwriter_end(s->log) > s->more && s->phase != SUPER_OVER) {
		s->more_asked = false;
		superwords_say(&s->line, SUPER_LOG, logwriter_end(s->log));
	}
}

/* False: it was not possible, or what is there must be read to be dropped. */
static bool
take_bulk(struct super *s)
{
	enum record_kind	kind;
	size_t			len;
	int			fd;

	if (s->no_bulk || s->phase == SUPER_OVER)
		return false;
	len = superout_bulk(&s->out, bulk_max(s), &fd, &kind);
	if (len == 0)
		return false;
	if (logwriter_take(s->log, kind, clock_wall(&real_clock), fd, len) == 0)
		return true;
	s->lost = s->lost || errno == ENOENT;
	s->no_bulk = errno == EINVAL;
	return false;
}

void
superexec_read(struct super *s)
{
	if (!take_bulk(s))
		superout_read(&s->out, read_max(s), on_output, s);
	tell_log(s);
}

bool
superexec_held(struct super *s)
{
	if (s->read_to == UINT64_MAX || s->phase == SUPER_OVER ||
	    !logwriter_would_cut(s->log, add_max(s), s->read_to))
		return false;
	if (brood_now() < s->read_by)
		return true;
	s->read_to = UINT64_MAX;	/* it had its time */
	return false;
}

void
superexec_write(struct super *s)
{
	if (!superin_write(&s->in))
		superwords_say(&s->line, SUPER_STDIN_CLOSED, 0);
	if (superin_tell(&s->in))
		superwords_say(&s->line, SUPER_STDIN_GOT, s->in.got);
}

/* ---- starting ---- */

struct ends {		/* the command's */
	int	in, out[2];
};

static void
ends_close(struct ends *d)
{
	if (d->out[1] == d->out[0])
		d->out[1] = -1;
	if (d->in == d->out[0])
		d->in = -1;
	pipes_close(&d->in);
	pipes_close(&d->out[0]);
	pipes_close(&d->out[1]);
}

/* What others would wait for while it is made. Each command gets a /dev/null of
 * its own: flags and locks of an open file are shared by all who have it. */
void
superexec_prepare(struct super *s)
{
	superout_prepare(&s->out);
	if (s->null == -1)
		s->null = pipes_null(O_RDONLY);
}

static int
take_null(struct super *s)
{
	int	fd = s->null != -1 ? s->null : pipes_null(O_RDONLY);

	s->null = -1;
	return fd;
}

static int
open_stdin(struct super *s, struct ends *d)
{
	int	fd[2];

	if ((s->job.set.flags & SUPER_STDIN_OPEN) == 0) {
		d->in = s->job.input != -1 ? fcntl(s->job.input, F_DUPFD_CLOEXEC, 3) :
		    take_null(s);
		return d->in == -1 ? -1 : 0;
	}
	if (s->out.tty) {
		d->in = d->out[0];
		fd[1] = superout_tty_dup(&s->out);
	} else {
		if (pipes_open(fd) == -1)
			return -1;
		d->in = fd[0];
	}
	if (fd[1] != -1)
		superin_open(&s->in, fd[1], s->out.tty);
	return fd[1] == -1 ? -1 : 0;
}

static int
open_ends(struct super *s, struct ends *d)
{
	const struct super_job	*set = &s->job.set;
	enum superout_kind	 kind = SUPEROUT_APART;

	if (set->flags & SUPER_PTY)
		kind = SUPEROUT_TTY;
	else if (set->flags & SUPER_MERGE)
		kind = SUPEROUT_MERGED;
	if (superout_open(&s->out, kind, set->rows, set->cols, d->out) == -1)
		return -1;
	return open_stdin(s, d);
}

static enum brood_failure
start_command(struct super *s, int *error)
{
	struct ends		d = { -1, { -1, -1 } };
	enum brood_failure	f = BROOD_NO_FORK;

	if (open_ends(s, &d) == 0) {
		const struct brood_command	c = {
			.path = s->job.path, .argv = s->job.argv, .env = s->job.env,
			.dir = s->job.where[0] != '\0' ? s->job.where : NULL,
			.in = d.in, .out = d.out[0], .err = d.out[1],
			.tty = s->out.tty ? d.out[0] : -1,
		};

		f = brood_start(&s->brood, &c, error);
	} else
		*error = errno;
	ends_close(&d);
	return f;
}

/* So that others see that somebody looks after it. */
static void
take_lock(struct super *s)
{
	s->lock = openat(s->job.dir, "spec", O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC, 0600);
	if (s->lock != -1 && flock(s->lock, LOCK_EX | LOCK_NB) == -1)
		pipes_close(&s->lock);
}

static void
end_unstarted(struct super *s, enum brood_failure f, int error)
{
	struct proc_end	end;

	brood_failure_end(&end, f, error, s->job.path, s->job.where);
	proc_end_text(&end, s->state);
	superout_close(&s->out);
	superin_close(&s->in);
	s->phase = SUPER_DRAINING;
}

/* In pieces that the log takes. */
static void
say_first(struct super *s)
{
	const char	*p = s->job.says;
	size_t		 len = strlen(p), max = read_max(s), n;

	for (; len > 0; p += n, len -= n) {
		n = len < max ? len : max;
		on_output(RECORD_STDOUT, p, n, s);
	}
}

/* The command runs while what has time is done. */
void
superexec_start(struct super *s)
{
	const struct super_job	*set = &s->job.set;
	enum brood_failure	 f;
	int			 error = 0;
	int64_t			 now = brood_now();

	s->end.started = clock_wall(&real_clock);
	f = start_command(s, &error);
	s->log = logwriter_new(s->job.dir, set->log_limit, set->log_head);
	if (s->job.says != NULL)
		say_first(s);
	if (f == BROOD_STARTED) {
		s->phase = SUPER_RUNNING;
		s->timeout_at = set->timeout_ms > 0 ? LATER(now, set->timeout_ms) : 0;
		superwords_say(&s->line, SUPER_STARTED, (uint64_t)s->brood.leader);
		if (!superwords_flush(&s->line))
			super_line_lost(s);
	} else
		end_unstarted(s, f, error);
	take_lock(s);
	s->saved = is_transient(s);
	if (!s->saved)
		s->reserved = execstate_reserve(s->job.dir);
	if (s->job.says != NULL)
		superexec_read(s);	/* it tells how long the log is */
}

void
superexec_release(struct super *s)
{
	superout_close(&s->out);
	superin_close(&s->in);
	logwriter_free(s->log);
	s->log = NULL;
	pipes_close(&s->lock);
	pipes_close(&s->reserved);
	superjob_release(&s->job);
	s->brood = (struct brood)BROOD_INIT;
	memset(&s->end, 0, sizeof s->end);
	s->state[0] = s->left[0] = '\0';
	s->childless = s->lost = s->saved = s->no_bulk = false;
	s->unkilled = 0;
	s->timeout_at = s->kill_at = s->drain_at = s->listen_at = s->read_by = 0;
	s->read_to = UINT64_MAX;
	s->more = 0;
	s->more_asked = true;
	s->phase = SUPER_WAITING;
}

/* ---- killing ---- */

static void
signal_group(struct super *s, int signo)
{
	pid_t	front = superout_foreground(&s->out);

	if (front > 0 && front != s->brood.group)
		kill(-front, signo);
	brood_signal(&s->brood, signo);
}

static void
give_why(struct super *s, enum super_why why)
{
	if (s->phase == SUPER_RUNNING && !s->brood.ended &&
	    s->end.why == SUPER_WHY_NONE)
		s->end.why = (uint32_t)why;
}

/* TERM now, KILL after ms; a second time at once. */
void
superexec_kill(struct super *s, enum super_why why, int64_t ms)
{
	give_why(s, why);
	if (ms <= 0 || s->kill_at != 0)
		s->kill_at = 1;
	else {
		signal_group(s, SIGTERM);
		s->kill_at = LATER(brood_now(), ms);
	}
}

static void
kill_go_on(struct super *s)
{
	int	left = brood_kill_go_on(&s->brood);

	if (left == BROOD_KILLING)
		return;
	s->brood.killing = false;
	s->childless = left == 0;
	s->unkilled = left;
	if (left > 0 && !s->brood.ended) {	/* the command is one of them */
		s->brood.ended = true;
		s->brood.status = SIGKILL;
	}
}

static void
kill_now(struct super *s)
{
	s->kill_at = 0;
	if (s->childless || s->brood.killing)
		return;
	brood_kill_begin(&s->brood);
	kill_go_on(s);
}

/* ---- the end ---- */

static void
command_ended(struct super *s, int64_t now)
{
	struct proc_end	end;

	brood_status_end(&end, s->brood.status);
	proc_end_text(&end, s->state);
	superin_close(&s->in);
	s->timeout_at = 0;
	s->drain_at = LATER(now, s->job.set.drain_ms);
	s->phase = SUPER_DRAINING;
}

static void
save(struct super *s)
{
	int	reserved = s->reserved;

	if (s->saved)
		return;
	s->reserved = -1;
	s->saved = execstate_write(s->job.dir, reserved, &s->end, s->state, s->left,
	    NULL) == 0;
	if (!s->saved && errno == ENOENT)
		s->lost = true;
}

static void
tell_ended(struct super *s)
{
	char	text[sizeof s->end + sizeof s->state + sizeof s->left];

	s->end.state_len = (uint32_t)strlen(s->state);
	s->end.left_len = (uint32_t)strlen(s->left);
	memcpy(text, &s->end, sizeof s->end);
	memcpy(text + sizeof s->end, s->state, s->end.state_len);
	memcpy(text + sizeof s->end + s->end.state_len, s->left, s->end.left_len);
	superwords_send(&s->line, SUPER_ENDED, 0, text,
	    sizeof s->end + s->end.state_len + s->end.left_len);
}

static void
finish(struct super *s)
{
	if (s->unkilled > 0 || !s->childless)
		s->end.left = (uint32_t)brood_count(s->left);
	s->end.ended = clock_wall(&real_clock);
	s->end.log_end = logwriter_end(s->log);
	s->end.output = logwriter_output(s->log);
	s->end.dropped = logwriter_dropped(s->log);
	s->phase = SUPER_OVER;
	if (s->out.tty)
		superout_close(&s->out);	/* it hangs up */
	save(s);
	tell_ended(s);
	if (is_transient(s) && s->unkilled == 0)
		kill_now(s);
}

/* Output is still held open, and the time for it is over. Of a transient one the
 * tree is killed first; somebody outside of it may hold the pipe as well. */
static bool
drain_again(struct super *s, int64_t now)
{
	if (!is_transient(s) || s->childless || s->unkilled > 0)
		return false;
	kill_now(s);
	s->drain_at = LATER(now, s->job.set.drain_ms);
	return true;
}

static void
advance(struct super *s, int64_t now)
{
	if (s->timeout_at != 0 && now >= s->timeout_at) {
		s->timeout_at = 0;
		superexec_kill(s, SUPER_WHY_TIMEOUT, s->job.set.grace_ms);
	}
	if (s->kill_at != 0 && now >= s->kill_at)
		kill_now(s);
	if (s->phase == SUPER_RUNNING && s->brood.ended)
		command_ended(s, now);
	if (s->phase != SUPER_DRAINING || s->brood.killing)
		return;		/* what is being killed is not left */
	if (!superout_done(&s->out) && now >= s->drain_at && superexec_held(s))
		s->drain_at = LATER(now, s->job.set.drain_ms);
	if (superout_done(&s->out) || (now >= s->drain_at && !drain_again(s, now)))
		finish(s);
}

bool
superexec_turn(struct super *s)
{
	s->childless = !brood_reap(&s->brood);
	if (s->brood.killing)
		kill_go_on(s);
	if (s->lost)
		kill_now(s);
	advance(s, brood_now());
	if (s->phase != SUPER_OVER || (!s->childless && s->unkilled == 0))
		return false;
	save(s);
	superwords_say(&s->line, SUPER_GONE, s->childless ? 0 : (uint64_t)s->unkilled);
	return true;
}

/* ---- words ---- */

void
superexec_hello(struct super *s)
{
	s->more_asked = false;
	s->read_to = UINT64_MAX;
	if (s->brood.group != 0)
		superwords_say(&s->line, SUPER_STARTED, (uint64_t)s->brood.group);
	superwords_say(&s->line, SUPER_STDIN_GOT, s->in.got);
	s->in.said = s->in.got;
	if (s->in.fd == -1)
		superwords_say(&s->line, SUPER_STDIN_CLOSED, 0);
	superwords_say(&s->line, SUPER_LOG, logwriter_end(s->log));
	if (s->phase == SUPER_OVER)
		tell_ended(s);
}

static bool
on_stdin(struct super *s, const unsigned char *payload, size_t len)
{
	bool	open = s->in.fd != -1;

	if (!superin_add(&s->in, payload, len))
		return false;
	if (open)
		superexec_write(s);
	else
		superwords_say(&s->line, SUPER_STDIN_CLOSED, 0);
	return true;
}

static void
on_signal_word(struct super *s, uint64_t signo)
{
	pid_t	front = superout_foreground(&s->out);

	if (signo == 0 || signo >= NSIG)
		return;
	if (front > 0)
		kill(-front, (int)signo);
	else
		brood_signal(&s->brood, (int)signo);
}

bool
superexec_word(struct super *s, const struct superlink_word *w,
    const unsigned char *payload)
{
	switch ((enum superlink_what)w->what) {
	case SUPER_READ:
		s->read_to = w->value;
		s->read_by = LATER(brood_now(), SUPER_PATIENCE_MS);
		return true;
	case SUPER_STDIN:
		return on_stdin(s, payload, w->len);
	case SUPER_STDIN_EOF:
		superin_end(&s->in);
		superexec_write(s);
		return true;
	case SUPER_RESIZE:
		superout_resize(&s->out, w->value >> 16 & 0xffff, w->value & 0xffff);
		return true;
	case SUPER_SIGNAL:
		on_signal_word(s, w->value);
		return true;
	case SUPER_KILL:
		superexec_kill(s, SUPER_WHY_KILLED, w->value > INT64_MAX ? INT64_MAX :
		    (int64_t)w->value);
		return true;
	case SUPER_MORE:
		s->more = w->value;
		s->more_asked = true;
		tell_log(s);
		return true;
	default:
		return false;
	}
}
