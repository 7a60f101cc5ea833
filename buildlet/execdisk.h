/*
 * execdisk.h - the directory of the execs, STATE/execs:
 *
 *	ID/		one exec: its spec is ours, though locked by the supervisor,
 *			whose the rest is (super.h)
 *	.next-*		becomes the next of them
 *	.slot-*		of transient ones, used one after another
 *	.gone-*		what is being removed
 *
 * What begins with a dot is of no use after a restart. Calls block for as long
 * as the disk takes for small files; big ones are removed by a helper. Commands
 * can reach all of it, so nothing is believed and no link followed.
 */
#ifndef BUILDLET_EXECDISK_H
#define BUILDLET_EXECDISK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "data/json.h"

struct execdisk;
struct execdisk_slot;
struct loop;

#define EXECDISK_NAME	"execs"		/* below STATE */

/* state: the directory above; NULL: there is none, and one is made in $TMPDIR, which
 * does not survive us. NULL and e. */
struct execdisk *execdisk_open(struct loop *, const char *state, struct err *e) MUST;
void	 execdisk_close(struct execdisk *);	/* NULL is fine */
const char *execdisk_path(const struct execdisk *);
/* Names of what is there: IDs into ids, all else is removed. */
void	 execdisk_list(struct execdisk *, struct strs *ids);
/* All of it will be emptied by somebody else: removes no more. */
void	 execdisk_stop(struct execdisk *);
/* It was emptied by somebody else: slots are no good any more. */
void	 execdisk_forget(struct execdisk *);

/* A new one with that spec: its descriptor; -1 and e, whose code is a HTTP status. */
int	 execdisk_make(struct execdisk *, const char *id, const struct json *spec,
    struct err *e) MUST;
int	 execdisk_find(struct execdisk *, const char *id) MUST;	/* -1: not there */
/* Out of sight now, off the disk soon. */
void	 execdisk_drop(struct execdisk *, const char *id);

struct json *execdisk_spec_read(int dir, struct err *e) MUST;
bool	 execdisk_held(int dir);	/* a supervisor lives */
/* Its "sock": a non-blocking socket, *pid its process; -1 and errno. */
int	 execdisk_connect(int dir, pid_t *pid) MUST;

/* A directory for a transient one; NULL and e. */
struct execdisk_slot *execdisk_slot(struct execdisk *, struct err *e) MUST;
int	 execdisk_slot_dir(const struct execdisk_slot *);
/* used: something was written there, which is removed, soon. */
void	 execdisk_slot_back(struct execdisk *, struct execdisk_slot *, bool used);

#endif
