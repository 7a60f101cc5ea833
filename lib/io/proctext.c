/* proctext.c - how a command ended, in Go's words (proc.h). */
#include "io/proc.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* syscall.Signal.String() of Go on Linux; the others are "signal N". */
static const struct { int signo; const char *name; } signal_names[] = {
	{ SIGHUP, "hangup" },
	{ SIGINT, "interrupt" },
	{ SIGQUIT, "quit" },
	{ SIGILL, "illegal instruction" },
	{ SIGTRAP, "trace/breakpoint trap" },
	{ SIGABRT, "aborted" },
	{ SIGBUS, "bus error" },
	{ SIGFPE, "floating point exception" },
	{ SIGKILL, "killed" },
	{ SIGUSR1, "user defined signal 1" },
	{ SIGSEGV, "segmentation fault" },
	{ SIGUSR2, "user defined signal 2" },
	{ SIGPIPE, "broken pipe" },
	{ SIGALRM, "alarm clock" },
	{ SIGTERM, "terminated" },
};

static const char core_dumped[] = " (core dumped)";

static const char *
signal_text(const struct proc_end *end, char *buf)
{
	const char	*core = end->core ? core_dumped : "";
	size_t		 i;

	for (i = 0; i < nitems(signal_names); i++)
		if (signal_names[i].signo == end->status) {
			snprintf(buf, ERR_MAX, "signal: %s%s",
			    signal_names[i].name, core);
			return buf;
		}
	snprintf(buf, ERR_MAX, "signal: signal %d%s", end->status, core);
	return buf;
}

const char *
proc_end_text(const struct proc_end *end, char *buf)
{
	switch (end->phase) {
	case PROC_RUNNING:
		snprintf(buf, ERR_MAX, "running");
		break;
	case PROC_EXITED:
		if (end->status == 0)
			snprintf(buf, ERR_MAX, "ok");
		else
			snprintf(buf, ERR_MAX, "exit status %d", end->status);
		break;
	case PROC_SIGNALED:
		return signal_text(end, buf);
	case PROC_UNSTARTED:
		snprintf(buf, ERR_MAX, "%s", end->why);
		break;
	}
	return buf;
}

static int
signal_status(const char *name, size_t len)
{
	char	number[16];
	int64_t	signo;
	size_t	i;

	for (i = 0; i < nitems(signal_names); i++)
		if (strlen(signal_names[i].name) == len &&
		    memcmp(signal_names[i].name, name, len) == 0)
			return 128 + signal_names[i].signo;
	if (len <= 7 || len >= 7 + sizeof number || memcmp(name, "signal ", 7) != 0)
		return -1;
	memcpy(number, name + 7, len - 7);
	number[len - 7] = '\0';
	if (str_int64(number, 1, 127, &signo) == -1)
		return -1;
	return 128 + (int)signo;
}

int
proc_text_status(const char *text)
{
	int64_t	status;
	size_t	len;

	if (str_eq(text, "ok"))
		return 0;
	if (str_starts(text, "exit status ")) {
		if (str_int64(text + strlen("exit status "), 0, 255, &status) == 0)
			return (int)status;
		return -1;
	}
	if (!str_starts(text, "signal: "))
		return -1;
	text += strlen("signal: ");
	len = strlen(text);
	if (str_ends(text, core_dumped))
		len -= strlen(core_dumped);
	return signal_status(text, len);
}
