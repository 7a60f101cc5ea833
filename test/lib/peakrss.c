/*
 * peakrss.c FILE COMMAND ARG... - runs the command and writes its highest
 * resident size in KiB to FILE; exits as the command did. For tests that hold
 * short-lived programs to a bound of memory.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct rusage	 ru;
	FILE		*f;
	pid_t		 pid;
	int		 st;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid == -1 || wait4(pid, &st, 0, &ru) == -1 ||
	    (f = fopen(argv[1], "w")) == NULL) {
		perror("peakrss");
		return 1;
	}
	fprintf(f, "%ld\n", ru.ru_maxrss);
	if (fclose(f) != 0)
		return 1;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}
