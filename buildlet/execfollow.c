/* execfollow.c - from the log on disk into a reply. */
#include "buildlet/execfollow.h"

#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/record.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execlog.h"
#include "io/buf.h"

#define BLOCK	(32 * 1024)	/* copied at a time, where it is */
#define BIG	(64 * 1024)	/* read straight into the reply */

struct follow {
	struct buildlet		*b;
	struct exec		*x;
	struct exec_watch	*watch;
	struct body		*reply;
	struct follow_how	 how;
	struct logreader	*log;		/* NULL until there is something */
	struct record_reader	 records;	/* raw */
	uint64_t		 output;	/* raw: bytes of it in the reply */
	struct timer		*alive;		/* NULL: raw */
	follow_done_fn		 done;
	void			*arg;
};

/* ---- the end ---- */

/* why NULL: the reply was ended. */
static void
follow_finish(struct follow *f, const struct err *why)
{
	struct err	 copy = ERR_INIT;
	follow_done_fn	 done = f->done;
	void		*arg = f->arg;

	if (why != NULL)
		copy = *why;
	if (f->reply != NULL)
		body_fail(f->reply, &copy);
	logreader_free(f->log);
	timer_free(f->alive);
	if (done != NULL)
		done(why != NULL ? &copy : NULL, arg);
	exec_unwatch(f->watch);
	free(f);
}

static void
follow_trailers(struct follow *f, struct headers *t)
{
	const char	*status = exec_status(f->x), *names;
	size_t		 left = exec_left(f->x, &names);
	char		*text;

	if (status == NULL)
		return;
	headers_add(t, API_H_PROCESS_STATE, status);
	if (f->how.raw)
		return;
	if (exec_why(f->x)[0] != '\0')
		headers_add(t, API_H_EXEC_WHY, exec_why(f->x));
	if (left > 0) {
		text = xasprintf("%zu %s", left, names);
		headers_add(t, API_H_EXEC_LEFT, text);
		free(text);
	}
}

static void
raw_missing(struct follow *f, uint64_t bytes)
{
	f->output += bytes;
	buf_addf(body_buf(f->reply), "\n[buildlet: %llu bytes of output are missing "
	    "here]\n", (unsigned long long)bytes);
	body_wrote(f->reply);
}

static void
follow_end(struct follow *f)
{
	struct headers	*t = headers_new();
	uint64_t	 all = exec_output(f->x);

	if (f->how.raw && all > f->output)
		raw_missing(f, all - f->output);
	follow_trailers(f, t);
	body_end(f->reply, t);
	headers_free(t);
	f->reply = NULL;
	follow_finish(f, NULL);
}

/* ---- bytes ---- */

static int
on_record(const struct record *r, const void *p, size_t len, void *arg,
    struct err *e)
{
	struct follow	*f = arg;

	(void)r;
	(void)e;
	if (p == NULL) {
		raw_missing(f, len);
		return 0;
	}
	buf_add(body_buf(f->reply), p, len);
	f->output += len;
	return 0;
}

static ssize_t
read_block(struct follow *f, uint64_t end, struct err *e)
{
	char	block[BLOCK];
	size_t	max = sizeof block;
	ssize_t	n;

	/* After a big record comes another, mostly: its payload need not be copied. */
	if (f->how.raw && f->records.left == 0 && f->records.now.len >= BIG)
		max = RECORD_HEAD;
	n = logreader_read(f->log, block, max, end, e);
	if (n <= 0)
		return n;
	if (!f->how.raw)
		buf_add(body_buf(f->reply), block, (size_t)n);
	else if (record_reader_feed(&f->records, block, (size_t)n, on_record, f,
	    e) == -1)
		return -1;
	return n;
}

/* What lies in one file as it is sent: its length, 0: it does not. */
static size_t
find_bulk(struct follow *f, uint64_t end, int *fd, int64_t *at)
{
	size_t	len = f->how.raw ? f->records.left : BODY_HIGH;

	return len >= BIG && logreader_file(f->log, end, fd, at, &len) ? len : 0;
}

/* The next piece into the reply: its length on disk, 0 at the end, -1 and e. */
static ssize_t
read_piece(struct follow *f, uint64_t end, struct err *e)
{
	int	fd;
	int64_t	at;
	size_t	len = find_bulk(f, end, &fd, &at);
	ssize_t	n;

	if (len == 0)
		return read_block(f, end, e);
	n = buf_pread_fd(body_buf(f->reply), fd, at, len);
	if (n == -1)
		return err_errno(e, "read the log");
	if (n == 0)
		return err_set(e, "the log is shorter than was told");
	logreader_skip(f->log, (size_t)n);
	if (f->how.raw) {
		record_reader_pass(&f->records, (size_t)n);
		f->output += (uint64_t)n;
	}
	return n;
}

static int
log_open(struct follow *f, struct err *e)
{
	if (f->log != NULL)
		return 0;
	f->log = logreader_new(exec_dir(f->x), f->how.offset, e);
	return f->log == NULL ? -1 : 0;
}

static uint64_t
follow_offset(const struct follow *f)
{
	return f->log != NULL ? logreader_offset(f->log) : f->how.offset;
}

/* 1: all up to end is in the reply; 0: it is full; -1 and e. */
static int
follow_read(struct follow *f, uint64_t end, struct err *e)
{
	ssize_t	n = 1;
	bool	moved = false;

	while (n > 0 && follow_offset(f) < end && !body_full(f->reply)) {
		if (log_open(f, e) == -1 || (n = read_piece(f, end, e)) == -1)
			return -1;
		moved = true;
	}
	if (moved) {
		body_wrote(f->reply);
		if (f->alive != NULL)
			timer_set(f->alive, f->b->set->alive_ms);
	}
	exec_read(f->watch, follow_offset(f));
	return n == 0 || follow_offset(f) >= end;
}

static void
follow_pump(struct follow *f)
{
	struct err	e = ERR_INIT;
	bool		over = exec_state(f->x) >= EXEC_ENDED;
	uint64_t	end = exec_log_end(f->x);
	int		all;

	if (body_closed(f->reply)) {
		err_set(&e, "the client went away");
		follow_finish(f, &e);
		return;
	}
	if (end >= f->how.end) {
		end = f->how.end;
		over = true;
	}
	all = follow_read(f, end, &e);
	if (all == -1) {
		err_wrap(&e, "exec %s", exec_id(f->x));
		log_warn("%s", e.msg);
		follow_finish(f, &e);
	} else if (all == 1 && over)
		follow_end(f);
}

static void
on_changed(struct exec *x, void *arg)
{
	(void)x;
	follow_pump(arg);
}

static void
on_room(struct body *b, void *arg)
{
	(void)b;
	follow_pump(arg);
}

/* Nothing came for a while: that is said, so that a dead way can be told from a
 * silent command. Only between two records. */
static void
on_alive(void *arg)
{
	struct follow	*f = arg;
	struct record	 r = { .kind = RECORD_ALIVE };
	unsigned char	 head[RECORD_HEAD];

	timer_set(f->alive, f->b->set->alive_ms);
	if (follow_offset(f) < exec_log_end(f->x))
		return;
	r.time = clock_wall(loop_clock(f->b->loop));
	record_put(head, &r);
	buf_add(body_buf(f->reply), head, sizeof head);
	body_wrote(f->reply);
}

struct follow *
follow_new(struct buildlet *b, struct exec *x, struct body *reply,
    const struct follow_how *how, follow_done_fn done, void *arg)
{
	struct follow	*f = xcalloc(1, sizeof *f);

	f->b = b;
	f->x = x;
	f->reply = reply;
	f->how = *how;
	f->done = done;
	f->arg = arg;
	record_reader_init(&f->records, how->offset);
	if (!how->raw) {
		f->alive = timer_new(b->loop, on_alive, f);
		timer_set(f->alive, b->set->alive_ms);
	}
	f->watch = exec_watch(x, on_changed, f);
	body_on_room(reply, on_room, f);
	exec_watch_wake(f->watch);
	return f;
}
