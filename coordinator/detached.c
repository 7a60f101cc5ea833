/* detached.c - processes that outlive us, told apart by a lock. */
#include "coordinator/detached.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/tree.h"
#include "base/xmalloc.h"

#define PID_MAX		(1 << 30)
#define LOG_KEEP	(64 * 1024)

static int
open_in(const char *dir, const char *name, int flags)
{
	char	*path = path_join(dir, name);
	int	 fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

	free(path);
	return fd;
}

static void
unlink_in(const char *dir, const char *name)
{
	char	*path = path_join(dir, name);

	(void)unlink(path);
	free(path);
}

static int
write_pid(const char *dir, pid_t pid, struct err *e)
{
	char	*path = path_join(dir, "pid");
	char	*text = xasprintf("%ld\n", (long)pid);
	int	 ret = file_write(path, text, strlen(text), 0600, e);

	free(text);
	free(path);
	return ret;
}

void
detached_env(struct strs *env)
{
	static const char *const	names[] = { "PATH", "HOME", "USER", "LOGNAME",
	    "LANG", "SHELL", "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" };
	const char			*v;
	size_t				 i;

	for (i = 0; i < nitems(names); i++) {
		v = getenv(names[i]);
		if (v != NULL)
			strs_addf(env, "%s=%s", names[i], v);
	}
	strs_add(env, "TERM=dumb");
}

/* All signals as a new program expects them; we ignore some. */
static void
spawn_attributes(posix_spawnattr_t *at)
{
	sigset_t	all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(at);
	posix_spawnattr_setsigdefault(at, &all);
	posix_spawnattr_setsigmask(at, &none);
	posix_spawnattr_setflags(at, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK);
}

static int
spawn(pid_t *pid, int in, int out, char *const *argv, char *const *env, struct err *e)
{
	posix_spawn_file_actions_t	fa;
	posix_spawnattr_t		at;
	int				error;

	spawn_attributes(&at);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	posix_spawn_file_actions_adddup2(&fa, out, 2);
	/* Nor what we were given by whoever started us: pipes of a shell, say,
	 * whose other end would wait for our buildlets to end. */
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	error = posix_spawn(pid, argv[0], &fa, &at, argv, env);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	if (error == 0)
		return 0;
	errno = error;
	return err_errno(e, "start %s", argv[0]);
}

int
detached_start(struct detached *d, const char *dir, char *const *argv,
    char *const *env, struct err *e)
{
	int	lock = -1, log = -1, ret = -1;
	pid_t	pid = 0;

	/* What a dead one left behind may hold the old one, as its standard input. Nor
	 * shall the new one's lock vouch for the old one's number. */
	unlink_in(dir, "pid");
	unlink_in(dir, "lock");
	lock = open_in(dir, "lock", O_RDWR | O_CREAT);
	log = open_in(dir, "log", O_WRONLY | O_CREAT | O_APPEND);
	if (lock == -1 || log == -1) {
		(void)err_errno(e, "open %s in %s", lock == -1 ? "lock" : "log", dir);
		goto out;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) == -1) {
		(void)err_errno(e, "lock %s", dir);
		goto out;
	}
	if (spawn(&pid, lock, log, argv, env, e) == -1)
		goto out;
	d->pid = pid;
	d->child = true;
	d->nameless = false;
	d->status = -1;
	if (write_pid(dir, pid, e) == -1) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &d->status, 0);
		d->pid = 0;
		goto out;
	}
	ret = 0;
out:
	if (lock != -1)
		close(lock);
	if (log != -1)
		close(log);
	return ret;
}

/* Does somebody hold the lock? */
static bool
is_locked(const char *dir)
{
	int	fd = open_in(dir, "lock", O_RDWR);
	bool	held;

	if (fd == -1)
		return false;
	held = flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

bool
detached_find(struct detached *d, const char *dir)
{
	char	*path = path_join(dir, "pid");
	char	*text = file_read_trimmed(path, 32, NULL);
	int64_t	 pid = 0;
	bool	 lives = is_locked(dir);

	memset(d, 0, sizeof *d);
	d->status = -1;
	if (lives && text != NULL && str_int64(text, 2, PID_MAX, &pid) == 0)
		d->pid = (pid_t)pid;
	else
		d->nameless = lives;
	free(text);
	free(path);
	return lives;
}

bool
detached_alive(struct detached *d, const char *dir)
{
	int	status = -1;

	if (d->pid == 0 && !d->nameless)
		return false;
	if (d->child) {
		if (waitpid(d->pid, &status, WNOHANG) == 0)
			return true;
		d->status = status;
	} else if (is_locked(dir)) {
		return true;
	}
	d->pid = 0;
	d->nameless = false;
	return false;
}

void
detached_signal(struct detached *d, const char *dir, int signo)
{
	if (detached_alive(d, dir) && !d->nameless)
		(void)kill(d->pid, signo);
}

const char *
detached_end(const struct detached *d, char *buf)
{
	if (d->status != -1 && WIFEXITED(d->status))
		snprintf(buf, ERR_MAX, "exited with status %d", WEXITSTATUS(d->status));
	else if (d->status != -1 && WIFSIGNALED(d->status))
		snprintf(buf, ERR_MAX, "was killed by signal %d", WTERMSIG(d->status));
	else
		snprintf(buf, ERR_MAX, "ended");
	return buf;
}

const char *
detached_last_words(const char *dir, char *buf)
{
	int	 fd = open_in(dir, "log", O_RDONLY);
	off_t	 end;
	ssize_t	 n = 0;
	char	*line;

	buf[0] = '\0';
	if (fd == -1)
		return buf;
	end = lseek(fd, 0, SEEK_END);
	if (end > 0)
		n = pread(fd, buf, ERR_MAX - 1, end > ERR_MAX - 1 ? end - (ERR_MAX - 1) : 0);
	close(fd);
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\r'))
		n--;
	buf[n < 0 ? 0 : n] = '\0';
	line = strrchr(buf, '\n');
	if (line != NULL)
		memmove(buf, line + 1, strlen(line + 1) + 1);
	return buf;
}

/* It appends, so it goes on at the new end. */
static void
keep_end(int fd, off_t size)
{
	char	*end = xmalloc(LOG_KEEP), *line;
	ssize_t	 n = pread(fd, end, LOG_KEEP, size - LOG_KEEP);

	if (n > 0 && ftruncate(fd, 0) == 0) {
		line = memchr(end, '\n', (size_t)n);
		line = line != NULL ? line + 1 : end;
		if (file_write_all(fd, line, (size_t)(end + n - line)) == -1) {
			/* The disk is full; there is room for the next words. */
		}
	}
	free(end);
}

void
detached_trim_log(const char *dir)
{
	int		fd = open_in(dir, "log", O_RDWR | O_APPEND);
	struct stat	st;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > DETACHED_LOG_MAX)
		keep_end(fd, st.st_size);
	close(fd);
}

/* In the child: nothing of ours may stay open in it. */
static void
remove_and_exit(const char *dir)
{
	char	*parent = path_dir(dir);
	int	 root;

	if (close_range(3, ~0u, 0) == -1)
		_exit(1);
	root = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_exit(root == -1 || tree_remove(root, path_base(dir), NULL) == -1);
}

pid_t
detached_remove(const char *dir)
{
	pid_t	pid = fork();

	if (pid == 0)
		remove_and_exit(dir);
	return pid;
}
