/*
 * forkbomb.c - forks without end, half of its children into sessions of their own,
 * and goes on trying where it may not. Only to be run under a limit.
 */
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define PAUSE_MS	5

int
main(void)
{
	unsigned	n = 0;
	pid_t		pid;

	/* Nobody waits for them, and none is left as a zombie. */
	if (sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) == -1)
		return 1;
	for (;; n++) {
		pid = fork();
		if (pid == -1 && poll(NULL, 0, PAUSE_MS) == -1)
			return 1;
		if (pid == 0 && n % 2 == 0)
			setsid();
	}
}
