/*
 * execfollow.h - the log of an exec into a reply, as it grows: as records, or as
 * the bare bytes of output. Pulled by the reader; while it is slow the log is held
 * for it (execs.h).
 */
#ifndef BUILDLET_EXECFOLLOW_H
#define BUILDLET_EXECFOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "buildlet/execs.h"
#include "http/body.h"

#define FOLLOW_TRAILERS	"Process-State, Exec-Why, Exec-Left"

struct follow;
struct buildlet;

struct follow_how {
	uint64_t offset;	/* where to begin */
	uint64_t end;		/* where to stop; UINT64_MAX: when the exec has ended */
	bool	 raw;		/* no heads; a gap is told by a line of text */
};

/* Once, from the loop: all is in the reply, which was ended with trailers; or
 * why not. It is free by then; the exec may be, if it is transient. */
typedef void (*follow_done_fn)(const struct err *why, void *arg);

/* Takes the writer's end of reply. done may be NULL. */
struct follow *follow_new(struct buildlet *, struct exec *, struct body *reply,
    const struct follow_how *, follow_done_fn done, void *arg);

#endif
