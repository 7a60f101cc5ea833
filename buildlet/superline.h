/*
 * superline.h - our end of the line to a supervisor (superlink.h): words that
 * are to go are sent together at the end of the turn, words that came are
 * given out one by one. Nothing here blocks.
 */
#ifndef BUILDLET_SUPERLINE_H
#define BUILDLET_SUPERLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "buildlet/superlink.h"

struct loop;
struct superline;

#define SUPERLINE_IN_MAX	(16 * 1024)	/* payload of a word to us */

struct superline_cb {
	/* From the loop; payload lives until it returns. */
	void (*word)(const struct superlink_word *, const void *payload, void *arg);
	/* The other side closed it, or spoke nonsense. Once, last. */
	void (*broken)(void *arg);
};

/* Takes fd, a non-blocking stream socket. cb is borrowed. */
struct superline *superline_new(struct loop *, int fd, const struct superline_cb *,
    void *arg) MUST;
/* Closes it; from its own callbacks too. NULL is fine. */
void superline_free(struct superline *);
/* The same, but the socket is the caller's again. -1 and it is closed where
 * words that went out, or came, are still in our hands. */
int  superline_take(struct superline *) MUST;

/* The first word, SUPER_JOB, at once, with n (1 or 2) descriptors, which stay
 * the caller's; read: SUPER_READ 0 goes with it. -1 and errno: nobody is there. */
int  superline_job(struct superline *, const void *payload, size_t len,
    const int *fds, size_t n, bool read) MUST;
void superline_say(struct superline *, enum superlink_what, uint64_t value);
void superline_send(struct superline *, enum superlink_what, uint64_t value,
    const void *payload, size_t len);
size_t superline_unsent(const struct superline *);	/* bytes */

#endif
