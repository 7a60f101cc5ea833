/*
 * input.c - stdin on its way (input.h).
 *
 * Two pieces: `next` is being filled, `sent` is under way. The answer to a
 * piece says that the exec has all of it; without one it is sent again as it
 * was, for the buildlet skips what it has had.
 */
#include "client/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/xmalloc.h"
#include "client/say.h"
#include "client/side.h"
#include "http/url.h"
#include "io/loop.h"

#define READ_MAX	(64 * 1024)

struct piece {
	char	*p;		/* INPUT_WINDOW, made when first needed */
	size_t	 len;
	bool	 eof;		/* stdin ends behind it */
};

struct input {
	struct loop	*loop;
	struct side	*side;
	char		*path;		/* "/execs/ID/stdin" */
	int		 fd;
	bool		 polled;	/* a pipe, socket or terminal; else always readable */
	bool		 began, over;
	struct watch	*watch;		/* while next has room */
	struct piece	 next, sent;
	bool		 sending;
	uint64_t	 offset;	/* of sent in all of stdin */
	struct backoff	 backoff;
	struct timer	*again;
};

/* --- what there is ---------------------------------------------------------- */

static bool
is_dev_null(const struct stat *st)
{
	struct stat	null;

	return S_ISCHR(st->st_mode) && stat("/dev/null", &null) == 0 &&
	    st->st_rdev == null.st_rdev;
}

/* The writers of a pipe are gone and nothing is in it. */
static bool
is_drained(int fd)
{
	struct pollfd	p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0 &&
	    (p.revents & POLLIN) == 0;
}

bool
input_is_there(int fd)
{
	struct stat	st;

	if (fstat(fd, &st) == -1 || S_ISDIR(st.st_mode) || is_dev_null(&st))
		return false;
	if (S_ISREG(st.st_mode))
		return lseek(fd, 0, SEEK_CUR) < st.st_size;
	return !S_ISFIFO(st.st_mode) || !is_drained(fd);
}

/* --- sending ---------------------------------------------------------------- */

static void	input_send(struct input *);

static void
stop_reading(struct input *in)
{
	watch_free(in->watch);
	in->watch = NULL;
}

/* The command does not want more: our end closes, as a pipe's would. */
static void
input_over(struct input *in)
{
	int	null;

	in->over = true;
	stop_reading(in);
	timer_stop(in->again);
	if ((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1)
		return;
	if (dup2(null, in->fd) == -1)
		say_note("stdin: %s", strerror(errno));
	if (null != in->fd)
		close(null);
}

static void
on_again(void *arg)
{
	struct input	*in = arg;

	if (!in->sending && !in->over)
		input_send(in);
}

/* Not had yet, or not known: whoever follows the exec says it if the
 * connection is lost. */
static bool
may_heal(int status)
{
	return status == 0 || status == 408 || (status >= 502 && status <= 504);
}

static void	input_read(struct input *);

static void
input_had(struct input *in)
{
	bool	eof = in->sent.eof;

	backoff_reset(&in->backoff);
	in->offset += in->sent.len;
	in->sent.len = 0;
	in->sent.eof = false;
	if (eof)
		in->over = true;
	else
		input_read(in);
}

static void
on_answer(const struct side_answer *a, void *arg)
{
	struct input	*in = arg;

	in->sending = false;
	if (a->status == 200)
		input_had(in);
	else if (may_heal(a->status))
		timer_set(in->again, backoff_next(&in->backoff));
	else {
		if (a->status != 410 && a->status != 404)
			say_note("stdin is not passed on any more: %.*s",
			    (int)strcspn(a->text, "\r\n"), a->text);
		input_over(in);
	}
}

static void
input_send(struct input *in)
{
	struct form		*query = form_new();
	struct side_request	 q = { .method = "PUT", .path = in->path,
		.query = query, .data = in->sent.p, .len = in->sent.len,
		.head_ms = -1 };

	form_addf(query, "offset", "%llu", (unsigned long long)in->offset);
	if (in->sent.eof)
		form_add(query, "eof", "true");
	in->sending = true;
	side_ask(in->side, &q, on_answer, in);
	form_free(query);
}

/* What was read becomes what is sent, when that is done. */
static void
input_turn(struct input *in)
{
	struct piece	free_one = in->sent;

	if (!in->began || in->over || in->sent.len > 0 || in->sent.eof ||
	    (in->next.len == 0 && !in->next.eof))
		return;
	in->sent = in->next;
	in->next = free_one;
	input_send(in);
}

/* --- reading ---------------------------------------------------------------- */

/* One read; false: enough for now, or for ever. */
static bool
read_once(struct input *in)
{
	struct piece	*to = &in->next;
	size_t		 room = INPUT_WINDOW - to->len;
	ssize_t		 n;

	if (to->p == NULL)
		to->p = xmalloc(INPUT_WINDOW);
	n = read(in->fd, to->p + to->len, room < READ_MAX ? room : READ_MAX);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n == -1)
		say_note("read stdin: %s", strerror(errno));
	if (n <= 0) {
		to->eof = true;
		stop_reading(in);
		return false;
	}
	to->len += (size_t)n;
	return true;
}

static void
on_readable(void *arg)
{
	struct input	*in = arg;

	read_once(in);
	if (in->next.len == INPUT_WINDOW)
		stop_reading(in);
	input_turn(in);
}

/* Goes on reading where there is room. */
static void
input_read(struct input *in)
{
	if (in->over || !in->began)
		return;
	input_turn(in);
	if (in->next.eof || in->next.len == INPUT_WINDOW || in->sent.eof)
		return;
	if (!in->polled) {
		while (in->next.len < INPUT_WINDOW && read_once(in))
			;
		input_turn(in);
	} else if (in->watch == NULL)
		in->watch = watch_readable(in->loop, in->fd, on_readable, in);
}

/* --- life ------------------------------------------------------------------- */

struct input *
input_new(struct loop *loop, const struct cred *cred, const char *instance,
    const char *id, int fd, uint64_t offset, struct err *e)
{
	struct side	*side = side_new(loop, cred, instance, e);
	struct input	*in;
	struct stat	 st;

	if (side == NULL)
		return NULL;
	in = xcalloc(1, sizeof *in);
	in->loop = loop;
	in->side = side;
	in->path = xasprintf("/execs/%s/stdin", id);
	in->fd = fd;
	in->polled = fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) ||
	    S_ISSOCK(st.st_mode) || isatty(fd));
	in->offset = offset;
	in->backoff = (struct backoff)BACKOFF_INIT(100, 5000);
	in->again = timer_new(loop, on_again, in);
	return in;
}

void
input_go(struct input *in)
{
	if (in->over)
		return;
	if (in->sending) {	/* over a connection that may be dead */
		side_reset(in->side);
		input_send(in);
	} else if (timer_armed(in->again))
		input_send(in);
	timer_stop(in->again);
	in->began = true;
	input_read(in);
}

void
input_free(struct input *in)
{
	if (in == NULL)
		return;
	stop_reading(in);
	timer_free(in->again);
	side_free(in->side);
	free(in->path);
	free(in->next.p);
	free(in->sent.p);
	free(in);
}
