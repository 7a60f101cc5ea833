/* lib_child.c - runs a function in a child process (lib_child.h). */
#include "lib_child.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define OUTPUT_MAX (64 * 1024)

static void
child_run(int fd, void (*fn)(void))
{
	const struct rlimit	 none = { 0, 0 };
	struct sigaction	 dfl = { .sa_handler = SIG_DFL };

	alarm(30);	/* whatever happens, the parent does not wait for ever */
	setrlimit(RLIMIT_CORE, &none);
	sigaction(SIGABRT, &dfl, NULL);
	dup2(fd, STDERR_FILENO);
	fn();
	_exit(0);
}

char *
child_stderr(void (*fn)(void), int *status)
{
	char	*text = malloc(OUTPUT_MAX + 1);
	int	 fds[2];
	ssize_t	 n;
	pid_t	 pid;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		child_run(fds[1], fn);
	close(fds[1]);
	n = file_read_full(fds[0], text, OUTPUT_MAX);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, status, 0), pid);
	return text;
}

bool
child_dies(void (*fn)(void), const char *text)
{
	int	 status;
	char	*said = child_stderr(fn, &status);
	bool	 dies = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
		    strstr(said, " fatal: ") != NULL &&
		    strstr(said, text) != NULL;

	free(said);
	return dies;
}
