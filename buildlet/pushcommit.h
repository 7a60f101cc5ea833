/*
 * pushcommit.h - puts what is staged into place: renames, then removals, then
 * the record. For helpers, with the lock of the push held.
 *
 * It may be killed at any moment: the journal says what was to be done, and
 * doing it again from the start gives the same.
 */
#ifndef BUILDLET_PUSHCOMMIT_H
#define BUILDLET_PUSHCOMMIT_H

#include "buildlet/pushdir.h"

/* Do the changes lead from the record to the id that they say? */
bool pushcommit_leads(const struct inventory *record,
    const struct inventory *changes) MUST;
/* Puts the changes (pushstage.h), whose id is that of the record after them, into
 * place and writes the record, in which a directory that could not go stays,
 * marked INV_LEFT. record is empty where there was none; afterwards it is what it
 * became, and shares with the changes. -1 and e: PUSH_CONFLICT before anything was
 * touched, else an errno, and the journal stays. */
int  pushcommit_run(struct pushdir *, struct inventory *record,
    struct inventory *changes, struct err *e) MUST;
/* Is there a journal? Then what is staged is still to come into place. */
bool pushcommit_pending(const struct pushdir *);
/* Loads the record, after finishing what the journal tells of, if there is one.
 * False where there is none: record is empty then. */
bool pushcommit_begin(struct pushdir *, struct inventory *record);

#endif
