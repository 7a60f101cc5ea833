/*
 * job.h - a request that a helper answers: the body goes into it, its output
 * becomes the reply, its exit status the status (roles.h).
 *
 * A job without output answers when it has ended. One with output answers 200
 * with the first byte, or at its end if there was none; if it fails after that
 * the reply is broken off. A client that goes away ends the job: its input
 * ends without confirmation, so that it can tidy up; else it is killed.
 */
#ifndef BUILDLET_JOB_H
#define BUILDLET_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "http/body.h"
#include "http/req.h"

struct buildlet;

struct job_spec {
	const char *const *argv;	/* role (a literal) and arguments */
	struct body	*input;		/* taken; NULL: none */
	const char	*output;	/* Content-Type of what it prints; NULL: nothing */
	const char	*ok;		/* answer of a job without output */
	bool		 confirmed;	/* input tells its own end (upload.h), so that the
					 * helper's success says it was whole */
	bool		 ring;		/* the role reads its input by ring.h */
	int64_t		 ms;		/* 0: settings' helper_ms */
};

void job_start(struct buildlet *, struct http_req *, const struct job_spec *);

#endif
