/* lib_super.c - see lib_super.h. */
#include "lib_super.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/record.h"
#include "base/file.h"

struct dir	 sup_dir;

void
sup_setup(void)
{
	dir_make(&sup_dir);
}

void
sup_teardown(void)
{
	dir_drop(&sup_dir);
}

int64_t
sup_now(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- a supervisor ---- */

void
sup_fork(struct sup *s, void (*run)(int))
{
	sigset_t	all, old;
	int		fd[2];

	memset(s, 0, sizeof *s);
	s->input = -1;
	s->job.log_limit = 256 << 20;
	s->job.log_head = 128 << 20;
	s->job.grace_ms = s->job.drain_ms = 200;
	strs_add(&s->env, "PATH=/usr/bin:/bin");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	file_cloexec(fd[0]);
	file_cloexec(fd[1]);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	s->pid = fork();
	ck_assert_int_ne(s->pid, -1);
	if (s->pid == 0) {
		close(fd[0]);
		run(fd[1]);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fd[1]);
	file_nonblock(fd[0], true);
	s->line = fd[0];
}

static bool
reaped(struct sup *s)
{
	return s->pid == 0 || waitpid(s->pid, NULL, WNOHANG) != 0;
}

bool
sup_exits(struct sup *s)
{
	int64_t	until = sup_now() + 30000;

	while (!reaped(s)) {
		if (sup_now() > until)
			return false;
		poll(NULL, 0, 5);
	}
	s->pid = 0;
	return true;
}

void
sup_free(struct sup *s)
{
	if (s->line != -1)
		close(s->line);
	if (s->pid != 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	str_release(&s->in);
	strs_release(&s->env);
}

/* ---- words ---- */

static void
send_all(struct sup *s, const void *p, size_t len)
{
	struct pollfd	out = { .fd = s->line, .events = POLLOUT };
	size_t		done = 0;
	ssize_t		n;

	while (done < len) {
		n = send(s->line, (const char *)p + done, len - done, MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN)
			n = poll(&out, 1, 30000) > 0 ? 0 : -1;
		if (n == -1)
			return;		/* it closed the line, as reading tells */
		done += (size_t)n;
	}
}

void
sup_send(struct sup *s, enum superlink_what what, uint64_t value, const void *p, size_t len)
{
	const struct superlink_word	w = { (uint32_t)what, (uint32_t)len, value };

	send_all(s, &w, sizeof w);
	if (len > 0)
		send_all(s, p, len);
}

void
sup_say(struct sup *s, enum superlink_what what, uint64_t value)
{
	sup_send(s, what, value, NULL, 0);
}

static void
on_ended(struct sup *s, const char *p, size_t len)
{
	ck_assert_uint_ge(len, sizeof s->end);
	memcpy(&s->end, p, sizeof s->end);
	ck_assert_uint_eq(len, sizeof s->end + s->end.state_len + s->end.left_len);
	p += sizeof s->end;
	snprintf(s->state, sizeof s->state, "%.*s", (int)s->end.state_len, p);
	snprintf(s->left, sizeof s->left, "%.*s", (int)s->end.left_len, p + s->end.state_len);
	s->ended = true;
}

static void
on_word(struct sup *s, const struct superlink_word *w, const char *p)
{
	switch ((enum superlink_what)w->what) {
	case SUPER_STARTED:
		s->command = (pid_t)w->value;
		break;
	case SUPER_LOG:
		ck_assert_uint_ge(w->value, s->log);
		s->log = w->value;
		s->logs++;
		break;
	case SUPER_STDIN_GOT:
		s->got = w->value;
		break;
	case SUPER_STDIN_CLOSED:
		s->closed = true;
		break;
	case SUPER_ENDED:
		on_ended(s, p, w->len);
		break;
	case SUPER_GONE:
		s->gone = true;
		s->gone_left = w->value;
		break;
	default:
		ck_abort_msg("it said %u", w->what);
	}
}

static void
take_words(struct sup *s)
{
	struct superlink_word	w;
	size_t			at = 0;

	while (s->in.len - at >= sizeof w) {
		memcpy(&w, s->in.s + at, sizeof w);
		if (s->in.len - at - sizeof w < w.len)
			break;
		on_word(s, &w, s->in.s + at + sizeof w);
		at += sizeof w + w.len;
	}
	memmove(s->in.s, s->in.s + at, s->in.len - at);
	s->in.len -= at;
}

void
sup_turn(struct sup *s, int ms)
{
	struct pollfd	in = { .fd = s->line, .events = POLLIN };
	char		buf[4096];
	ssize_t		n;

	if (poll(&in, 1, ms) <= 0)
		return;
	n = recv(s->line, buf, sizeof buf, 0);
	if (n > 0) {
		str_addn(&s->in, buf, (size_t)n);
		take_words(s);
	} else if (n == 0 || errno != EAGAIN) {
		s->broken = true;
		close(s->line);
		s->line = -1;
	}
}

/* ---- jobs ---- */

static uint32_t
add_texts(struct str *out, char *const *v)
{
	uint32_t	n;

	for (n = 0; v[n] != NULL; n++)
		str_addn(out, v[n], strlen(v[n]) + 1);
	return n;
}

static void
send_job(struct sup *s, const struct str *text, const int *fds, size_t n)
{
	const struct superlink_word	w = { SUPER_JOB, (uint32_t)text->len, SUPERLINK_VERSION };
	union {
		struct cmsghdr	head;
		char		room[CMSG_SPACE(2 * sizeof(int))];
	}				control;
	struct iovec			v = { (void *)(uintptr_t)&w, sizeof w };
	struct msghdr			m = { .msg_iov = &v, .msg_iovlen = 1,
					    .msg_control = &control,
					    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	memset(&control, 0, sizeof control);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	ck_assert_int_eq(sendmsg(s->line, &m, MSG_NOSIGNAL), (ssize_t)sizeof w);
	send_all(s, text->s, text->len);
}

void
sup_run(struct sup *s, const char *path, char *const *argv)
{
	const int	fds[2] = { sup_dir.fd, s->input };
	const char	*where = s->where != NULL ? s->where : sup_dir.path;
	struct str	text = STR_INIT;

	s->ended = s->gone = s->closed = false;
	s->log = s->got = s->logs = 0;
	s->command = 0;
	str_addn(&text, &s->job, sizeof s->job);
	str_addn(&text, path, strlen(path) + 1);
	str_addn(&text, where, strlen(where) + 1);
	s->job.argc = add_texts(&text, argv);
	s->job.envc = add_texts(&text, s->env.v);
	memcpy(text.s, &s->job, sizeof s->job);
	send_job(s, &text, fds, s->input != -1 ? 2 : 1);
	str_release(&text);
}

void
sup_shell(struct sup *s, const char *script)
{
	char *const	argv[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };

	sup_run(s, "/bin/sh", argv);
}

void
sup_wait_gone(struct sup *s)
{
	SUP_WAIT(s, s->gone);
	ck_assert(s->ended);
}

void
sup_break(struct sup *s)
{
	close(s->line);
	s->line = -1;
	str_clear(&s->in);
}

int
sup_connect(void)
{
	struct sockaddr_un	sa = { .sun_family = AF_UNIX };
	int64_t			until = sup_now() + 30000;
	int			fd = socket(AF_UNIX, SOCK_STREAM, 0);

	file_cloexec(fd);
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", sup_dir.path);
	while (connect(fd, (const struct sockaddr *)&sa, sizeof sa) == -1) {
		ck_assert_int_lt(sup_now(), until);
		poll(NULL, 0, 5);
	}
	return fd;
}

bool
sup_is_closed(int fd)
{
	struct pollfd	in = { .fd = fd, .events = POLLIN };
	char		c;

	return poll(&in, 1, 30000) == 1 && recv(fd, &c, 1, MSG_DONTWAIT) <= 0;
}

void
sup_attach(struct sup *s)
{
	int	fd = sup_connect();

	if (s->line != -1)
		close(s->line);
	file_nonblock(fd, true);
	s->line = fd;
	s->broken = false;
	s->command = 0;
	str_clear(&s->in);
	sup_say(s, SUPER_HELLO, SUPERLINK_VERSION);
}

/* ---- what there is ---- */

static int
on_record(const struct record *r, const void *p, size_t len, void *arg, struct err *e)
{
	struct str	*text = arg;

	(void)e;
	if (r->kind == RECORD_STDERR)
		str_addc(text, '[');
	str_addn(text, p, len);
	if (r->kind == RECORD_STDERR)
		str_addc(text, ']');
	return 0;
}

static int
is_segment(const struct dirent *ent)
{
	return str_starts(ent->d_name, "log-");
}

char *
sup_text(void)
{
	struct str		text = STR_INIT;
	struct record_reader	rd;
	struct err		e = ERR_INIT;
	struct dirent		**all;
	char			path[600], *bytes;
	size_t			len;
	int			i, n = scandir(sup_dir.path, &all, is_segment, alphasort);

	ck_assert_int_ge(n, 0);
	record_reader_init(&rd, 0);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", sup_dir.path, all[i]->d_name);
		bytes = file_read(path, 512 << 20, &len, &e);
		ck_assert_msg(bytes != NULL, "%s", e.msg);
		ck_assert_msg(record_reader_feed(&rd, bytes, len, on_record, &text, &e) == 0,
		    "%s", e.msg);
		free(bytes);
		free(all[i]);
	}
	free(all);
	ck_assert(record_reader_whole(&rd));
	return str_take(&text);
}

void
sup_check_text(const char *want)
{
	char	*text = sup_text();

	ck_assert_str_eq(text, want);
	free(text);
}

pid_t
sup_pid_in(const char *file)
{
	char	*text = dir_read(&sup_dir, file);
	pid_t	 pid = text != NULL && strchr(text, '\n') != NULL ?
		    (pid_t)strtol(text, NULL, 10) : 0;

	free(text);
	return pid;
}

bool
sup_alive(pid_t pid)
{
	char	path[64], text[512] = "";
	char	*paren;
	FILE	*f;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	if (fgets(text, sizeof text, f) == NULL)
		text[0] = '\0';
	fclose(f);
	paren = strrchr(text, ')');
	return paren != NULL && paren[2] != 'Z' && paren[2] != 'X';
}
