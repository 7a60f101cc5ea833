/*
 * invdiff.h - two inventories of one tree, of before and of now, side by side.
 * Plain data, no I/O.
 */
#ifndef CLIENT_INVDIFF_H
#define CLIENT_INVDIFF_H

#include <stdbool.h>

#include "api/inventory.h"

/* Size, times and inode. */
bool invdiff_same_times(const struct inv_entry *a, const struct inv_entry *b);
/* Is all that is known of it what was? */
bool invdiff_as_before(const struct inv_entry *x, const struct inv_entry *old);
/* From here on now can be written as changes of what old was written as (inventory.h),
 * if its entries are marked fresh, and those that are no more are told of. */
void invdiff_take_base(struct inventory *now, const struct inventory *old);
/* What a push has to look at: what is other or new now, and what that was or is gone.
 * Both are empty before, and share. */
void invdiff_changes(const struct inventory *now, const struct inventory *old,
    struct inventory *changed, struct inventory *former);

#endif
