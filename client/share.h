/*
 * share.h - what the gomotes of one broadcast do once for all of them. A task has
 * a name; who claims it first does it and tells what came of it, the others wait
 * for that. A claim ends with its process, and then another one takes over.
 *
 * Where: in a directory of the broadcast's own, which each is told of by its
 * environment. NAME.claim is locked by who works at it, and touched by its loop
 * while that turns; NAME is what came of it. Where nothing stirs for a while one
 * does without the others. Tasks can only save work: whoever cannot share does
 * all of it.
 */
#ifndef CLIENT_SHARE_H
#define CLIENT_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct loop;
struct share;
struct share_task;

/* --- for who starts them. */

/* The directory, malloc'ed; NULL: none can be made. */
char *share_make(void) MUST;
/* For their environment, malloc'ed: "NAME=VALUE". Is var such a one? */
char *share_mark(const char *dir) MUST;
bool  share_is_mark(const char *var);
void  share_invite(const char *dir);	/* puts it into our own, for forks of us */
/* What was told of a task, malloc'ed; NULL: nothing. */
char *share_told(const char *dir, const char *name) MUST;
int64_t share_told_age(const char *dir, const char *name);	/* ms; -1: nothing yet */
void  share_remove(char *dir);		/* frees, too; NULL is fine */

/* --- for them. */

/* NULL: there is nobody to share with. Only the first call finds one. */
struct share *share_join(void) MUST;
void share_leave(struct share *);	/* NULL is fine */

enum share_turn {
	SHARE_OURS,		/* claimed: share_tell, or share_task_free gives it back */
	SHARE_TOLD,		/* done, with this result */
	SHARE_OTHERS,		/* another one is at it */
	SHARE_ALONE,		/* nothing is to be had: do it for yourself */
};

/* name: letters, digits and '-'. The share must outlive it. */
struct share_task *share_task_new(struct share *, struct loop *, const char *name) MUST;
void share_task_free(struct share_task *);	/* NULL is fine */
enum share_turn share_try(struct share_task *, struct str *told);
/* Runs the loop until it is not SHARE_OTHERS. */
enum share_turn share_wait(struct share_task *, struct str *told);
/* Nothing happens where it is not SHARE_OURS: who is alone may take away what its
 * text names as soon as it does not need that any more. */
void share_tell(struct share_task *, const char *text);

#endif
