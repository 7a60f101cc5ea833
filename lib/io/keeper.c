/*
 * keeper.c - starts one command, waits for it and for whatever it leaves
 * behind, and kills all of it on demand (keeper.h, brood.h).
 *
 * Runs after fork() in a process with one thread. It writes no log and never
 * returns.
 */
#include "io/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/file.h"
#include "io/brood.h"

struct keeper {
	int		 talk;
	bool		 told;		/* how the command ended */
	struct brood	 brood;
};

static void
say(const struct keeper *k, enum keeper_what what, int value)
{
	struct keeper_word	w = { (int32_t)what, value };

	/* Nobody may be listening any more; then the end of file comes. */
	if (file_write_all(k->talk, &w, sizeof w) == -1)
		return;
}

static bool
reap(struct keeper *k)
{
	bool	more = brood_reap(&k->brood);

	if (k->brood.ended && !k->told) {
		k->told = true;
		say(k, KEEPER_ENDED, k->brood.status);
	}
	return more;
}

/* False at the end of file. */
static bool
obey(const struct keeper *k)
{
	unsigned char	signals[64];
	ssize_t		n = read(k->talk, signals, sizeof signals), i;

	if (n == -1)
		return errno == EINTR || errno == EAGAIN;
	for (i = 0; i < n; i++)
		brood_signal(&k->brood, signals[i]);
	return n > 0;
}

/* Its last word. Our end costs time that others need now, to tell what has
 * ended: so it is left until they close the line. */
static void NORETURN
end(const struct keeper *k, int left)
{
	char	signals[64];
	ssize_t	n;

	say(k, KEEPER_GONE, left);
	do
		n = read(k->talk, signals, sizeof signals);
	while (n > 0 || (n == -1 && errno == EINTR));
	_exit(0);
}

static void NORETURN
end_killed(struct keeper *k)
{
	int	left;

	brood_kill_begin(&k->brood);
	while ((left = brood_kill_go_on(&k->brood)) == BROOD_KILLING)
		brood_wait(NULL, 0, BROOD_KILL_WAIT_MS);
	reap(k);
	end(k, left);
}

static enum keeper_what
failure_what(enum brood_failure f)
{
	switch (f) {
	case BROOD_NO_CHDIR:
		return KEEPER_NO_CHDIR;
	case BROOD_NO_EXEC:
		return KEEPER_NO_EXEC;
	case BROOD_STARTED:
	case BROOD_NO_FORK:
		break;
	}
	return KEEPER_NO_FORK;
}

void
keeper_run(const struct keeper_job *job)
{
	const int		kept[] = { job->command.in, job->command.out,
				    job->command.err, job->talk };
	struct keeper		k = { .talk = job->talk };
	struct pollfd		line = { .fd = job->talk, .events = POLLIN };
	enum brood_failure	f;
	int			error = 0;

	brood_mother("keeper", kept, nitems(kept));
	f = brood_start(&k.brood, &job->command, &error);
	if (f != BROOD_STARTED) {
		say(&k, failure_what(f), error);
		_exit(0);
	}
	say(&k, KEEPER_STARTED, (int)k.brood.leader);
	close(job->command.in);		/* ours would keep the pipes open */
	close(job->command.out);
	if (job->command.err != job->command.out)
		close(job->command.err);
	while (reap(&k))
		if (brood_wait(&line, 1, -1) > 0 && !obey(&k))
			end_killed(&k);
	end(&k, 0);
}
