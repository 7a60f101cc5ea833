/*
 * lib_rd.h - for the unit tests of revdial: a loop, users of streams that note
 * what happens to them, and the owner of a session that does.
 */
#ifndef LIB_RD_H
#define LIB_RD_H

#include "io/loop.h"
#include "revdial/carriers.h"

#define RD_TURNS	20000
#define RD_MAX		2000

struct evbuffer;

struct user {
	struct stream	*s;		/* NULL: none, or it broke */
	struct evbuffer	*got;
	bool		 paused;	/* does not read */
	bool		 answered;	/* its open was */
	bool		 eof, drained;
	struct err	 why;		/* of its open, or of the stream's end */
};

struct side {
	struct revdial	*r;
	struct user	*accepted[RD_MAX];
	size_t		 n;
	bool		 down;
	struct err	 why;
	bool		 free_in_accept, free_in_down;
};

extern struct loop *loop;
extern struct side dialer, listener;
extern const struct revdial_cb side_cb;	/* arg: the side */
extern const struct stream_cb user_cb;	/* arg: the user */

void rd_setup(void);
void rd_teardown(void);		/* closes users' streams, frees sessions and the loop */
struct user *user_new(void);	/* freed by rd_teardown */
void user_adopt(struct user *, struct stream *);
struct user *user_open(struct revdial *);	/* asks r for a stream */
void user_close(struct user *);
bool user_got(struct user *, const char *text);	/* exactly that so far */
void say(struct stream *, const char *text);
char *read_line(struct stream *);	/* malloc'ed; waits for it */
void line_is(struct stream *, const char *text);
void turns(int n);

#define UNTIL(cond) do {						\
	int left_ = RD_TURNS;						\
	while (!(cond) && left_-- > 0)					\
		loop_turn(loop, 1);					\
	ck_assert_msg(cond, "never became true: " #cond);		\
} while (0)

#endif
