/*
 * lib_pub.h - for the unit tests of the public library (revdial.h): two sessions
 * in one event loop, and users of their streams that note what happens to them.
 */
#ifndef LIB_PUB_H
#define LIB_PUB_H

#include <check.h>
#include <event2/event.h>
#include <stdbool.h>

#include "revdial/revdial.h"

#define PUB_MAX		300
#define PUB_TURNS	20000

struct pub_user {
	struct revdial_stream	*st;		/* NULL: closed */
	size_t			 got;
	unsigned		 sum;		/* of what it got */
	bool			 paused;	/* does not read */
	bool			 eof, ended;
	int			 writable;
	enum revdial_end	 end;
	char			 why[200];
	bool			 free_in_read, close_in_read;
};

struct pub_side {
	struct revdial_session	*s;		/* NULL: freed */
	struct pub_user		 users[PUB_MAX]; /* as they came or were opened */
	size_t			 n;
	bool			 paused;	/* those that come do not read */
	bool			 free_in_accepted;
	int			 may_open;
	bool			 over;
	enum revdial_end	 end;
	char			 why[200];
};

extern struct event_base *pub_base;
extern struct pub_side opener, server;	/* args of their sessions' events */
extern int pub_fds[2];			/* their sockets */
extern const struct revdial_events pub_events;

void pub_setup(void);			/* the loop and the sockets; no sessions */
void pub_teardown(void);		/* closes, frees, and looks for what is left */
/* Both sessions; options may be NULL. */
void pub_begin(const struct revdial_options *of_opener,
    const struct revdial_options *of_server);
void pub_turn(void);
struct pub_user *pub_open(struct pub_side *);	/* NULL and errno */
void pub_close(struct pub_user *);
void pub_write(struct pub_user *, const char *text);	/* is taken whole */
unsigned pub_sum(const char *text);

/* cond is looked at once a turn, and may do something. */
#define PUB_UNTIL(cond) do {						\
	int	left_ = PUB_TURNS;					\
	bool	is_;							\
	while (!(is_ = (cond)) && left_-- > 0)				\
		pub_turn();						\
	ck_assert_msg(is_, "never became true: " #cond);		\
} while (0)

#endif
