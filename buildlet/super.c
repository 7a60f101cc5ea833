/*
 * super.c - a supervisor: its lines, and the one loop in which it waits for
 * everything (super.h). What it does for the exec is in superexec.c.
 */
#include "buildlet/super.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "buildlet/super_int.h"
#include "io/pipes.h"

#define LISTEN_AGAIN_MS	1000
#define BACKLOG		4
#define GOODBYE_MS	2000	/* for the last words to be taken */

/* ---- the line ---- */

static void NORETURN
leave(struct super *s)
{
	if (s->listener != -1)
		unlinkat(s->job.dir, "sock", 0);
	superwords_drain(&s->line, GOODBYE_MS);
	_exit(0);
}

/* In the exec's directory, whose path may be longer than that of a socket may. */
static int
listen_there(int dir)
{
	const struct sockaddr_un	sa = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int				fd = socket(AF_UNIX, SOCK_STREAM, 0), ret = -1;
	mode_t				mask;

	if (fd == -1)
		return -1;
	file_cloexec(fd);
	file_nonblock(fd, true);
	mask = umask(077);
	if (fchdir(dir) == 0 && (unlink(sa.sun_path) == 0 || errno == ENOENT) &&
	    bind(fd, (const struct sockaddr *)&sa, sizeof sa) == 0)
		ret = listen(fd, BACKLOG);
	umask(mask);
	if (chdir("/") == -1 || ret == -1)
		pipes_close(&fd);
	return fd;
}

static void
listen_try(struct super *s)
{
	struct stat	st;

	s->listen_at = 0;
	s->listener = listen_there(s->job.dir);
	if (s->listener != -1)
		return;
	if (fstat(s->job.dir, &st) == 0 && st.st_nlink == 0)
		s->lost = true;
	else
		s->listen_at = brood_now() + LISTEN_AGAIN_MS;
}

/* Of a transient exec that is its end. */
void
super_line_lost(struct super *s)
{
	superwords_close(&s->line);
	s->own_line = false;
	s->read_to = UINT64_MAX;
	s->more_asked = false;
	superin_forget(&s->in);
	if (s->phase == SUPER_WAITING)
		leave(s);
	if (s->job.set.flags & SUPER_TRANSIENT)
		superexec_kill(s, SUPER_WHY_LINE, 0);
	else if (s->listener == -1)
		listen_try(s);
}

/* False: the line is to be closed. */
static bool
on_word(struct super *s, const struct superlink_word *w, const unsigned char *payload)
{
	if (w->what != SUPER_HELLO)
		return superexec_word(s, w, payload);
	if (w->value != SUPERLINK_VERSION)
		return false;
	superexec_hello(s);
	return true;
}

/* Those that have come; alive: there may be more. */
static void
on_words(struct super *s, bool alive)
{
	struct superlink_word	 w;
	const unsigned char	*payload;
	int			 got;

	while ((got = superwords_next(&s->line, &w, &payload)) == 1)
		if (!on_word(s, &w, payload)) {
			got = -1;
			break;
		}
	if (!alive || got == -1)
		super_line_lost(s);
}

static void
on_line(struct super *s)
{
	on_words(s, superwords_read(&s->line));
}

/* ---- the next buildlet ---- */

static bool
is_our_user(int fd)
{
#ifdef __linux__
	struct ucred	peer;
	socklen_t	len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    peer.uid == geteuid();
#else
	uid_t	uid;
	gid_t	gid;

	return getpeereid(fd, &uid, &gid) == 0 && uid == geteuid();
#endif
}

static void
on_listener(struct super *s)
{
	int	fd = accept(s->listener, NULL, NULL);

	if (fd == -1)
		return;
	file_cloexec(fd);
	if (is_our_user(fd))
		superwords_open(&s->guest, fd);	/* the newest counts */
	else
		close(fd);
}

/* Who says HELLO, in our version, has the line from now on. */
static void
on_guest(struct super *s)
{
	struct superlink_word	 w;
	const unsigned char	*payload;
	bool			 alive = superwords_read(&s->guest);
	int			 got = superwords_next(&s->guest, &w, &payload);

	if (got == 1 && w.what == SUPER_HELLO && w.value == SUPERLINK_VERSION) {
		superwords_move(&s->line, &s->guest);
		s->own_line = false;
		superin_forget(&s->in);
		superexec_hello(s);
		on_line(s);
	} else if (!alive || got != 0)
		superwords_close(&s->guest);
}

/* ---- waiting for everything ---- */

enum place { AT_LINE, AT_LISTENER, AT_GUEST, AT_STDIN, AT_OUT,
	PLACES = AT_OUT + SUPEROUT_FDS };

static void
places(struct super *s, struct pollfd p[PLACES])
{
	int	i;

	p[AT_LINE] = (struct pollfd){ .fd = s->line.fd, .events = (short)(POLLIN |
	    (superwords_unsent(&s->line) ? POLLOUT : 0)) };
	p[AT_LISTENER] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
	p[AT_GUEST] = (struct pollfd){ .fd = s->guest.fd, .events = POLLIN };
	/* With no event asked for it still tells when nobody reads any more. */
	p[AT_STDIN] = (struct pollfd){ .fd = s->in.fd,
	    .events = superin_waits(&s->in) ? POLLOUT : 0 };
	for (i = AT_OUT; i < PLACES; i++)
		p[i] = (struct pollfd){ .fd = -1 };
	s->held = superexec_held(s);
	if (!s->held)
		superout_poll(&s->out, p + AT_OUT);
}

static void
sooner(int64_t *first, int64_t at)
{
	if (at != 0 && at < *first)
		*first = at;
}

static int
wait_ms(const struct super *s)
{
	int64_t	now = brood_now(), first = INT64_MAX;

	if (!s->held && superout_waits(&s->out))
		return 0;
	sooner(&first, s->timeout_at);
	sooner(&first, s->kill_at);
	if (s->phase == SUPER_DRAINING && !s->brood.killing)
		sooner(&first, s->drain_at);
	sooner(&first, s->listen_at);
	if (s->held)
		sooner(&first, s->read_by);
	if (s->brood.killing)
		sooner(&first, now + BROOD_KILL_WAIT_MS);
	if (first == INT64_MAX)
		return -1;
	first = first > now ? first - now : 0;
	return first > 60000 ? 60000 : (int)first;
}

static void
on_stdin_ready(struct super *s)
{
	if (superin_waits(&s->in)) {
		superexec_write(s);
		return;
	}
	superin_close(&s->in);
	superwords_say(&s->line, SUPER_STDIN_CLOSED, 0);
}

static void
serve(struct super *s, const struct pollfd p[PLACES])
{
	bool	output = !s->held && superout_waits(&s->out);
	int	i;

	for (i = AT_OUT; i < PLACES; i++)
		output = output || p[i].revents != 0;
	if (output)
		superexec_read(s);
	if (p[AT_STDIN].revents != 0)
		on_stdin_ready(s);
	if (p[AT_LINE].revents & ~POLLOUT)
		on_line(s);
	if (p[AT_GUEST].revents != 0)
		on_guest(s);
	if (p[AT_LISTENER].revents != 0)
		on_listener(s);
	if (s->listen_at != 0 && brood_now() >= s->listen_at)
		listen_try(s);
}

static void
run(struct super *s)
{
	struct pollfd	p[PLACES];

	on_words(s, true);	/* that came with the job */
	while (!superexec_turn(s)) {
		if (!superwords_flush(&s->line))
			super_line_lost(s);
		places(s, p);
		if (brood_wait(p, PLACES, wait_ms(s)) >= 0)
			serve(s, p);
	}
	if (!s->own_line || s->unkilled > 0)
		leave(s);
	if (!superwords_flush(&s->line))
		leave(s);
	superexec_release(s);
}

/* ---- from job to job ---- */

/* Words that were still meant for the exec before are of no use any more. */
static bool
take_job(struct super *s)
{
	struct superlink_word	 w;
	const unsigned char	*payload;
	size_t			 n;
	int			 got;

	while ((got = superwords_next(&s->line, &w, &payload)) == 1) {
		if (w.what == SUPER_JOB) {
			n = s->line.fds_n;
			s->line.fds_n = 0;
			if (w.value == SUPERLINK_VERSION &&
			    superjob_parse(&s->job, payload, w.len, s->line.fds, n))
				return true;
			leave(s);
		}
		if (w.what < SUPER_JOB || w.what > SUPER_MORE)
			leave(s);
	}
	if (got == -1)
		leave(s);
	return false;
}

static void
wait_for_job(struct super *s)
{
	struct pollfd	p = { .fd = s->line.fd };

	while (!take_job(s)) {
		p.events = (short)(POLLIN | (superwords_unsent(&s->line) ? POLLOUT : 0));
		if (brood_wait(&p, 1, -1) == -1)
			continue;
		if (((p.revents & ~POLLOUT) != 0 && !superwords_read(&s->line)) ||
		    !superwords_flush(&s->line))
			leave(s);
	}
}

void
super_run(int line)
{
	struct super	s = {
		.line = SUPERWORDS_INIT, .own_line = true, .guest = SUPERWORDS_INIT,
		.listener = -1, .job = SUPERJOB_INIT, .lock = -1, .reserved = -1,
		.out = SUPEROUT_INIT, .in = SUPERIN_INIT, .null = -1,
	};

	brood_mother("supervisor", &line, 1);
	if (chdir("/") == -1)
		_exit(1);
	superwords_open(&s.line, line);
	for (;;) {
		superexec_release(&s);
		superexec_prepare(&s);
		wait_for_job(&s);
		superexec_start(&s);
		run(&s);
	}
}
