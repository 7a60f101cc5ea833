/*
 * pushanswer.c - what a server may answer to GET /push: remote_parse, packed or
 * not, and what delta.h makes of it for a small tree here. The first byte is not
 * part of the answer: its lowest bit says whether a rule keeps something.
 *
 * Nothing that is not in the answer may be removed, nor what is here and equal.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/pushwire.h"
#include "client/delta.h"
#include "client/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
add(struct inventory *to, const char *path, enum inv_kind kind)
{
	struct inv_entry	*x = inv_add(to, path);

	x->kind = (unsigned char)kind;
	x->mode = 0644;
	x->hashed = kind == INV_FILE;
	x->target = kind == INV_LINK ? "to" : "";
}

static void
check_order(const struct inventory *inv)
{
	size_t	i;

	for (i = 1; i < inv->n; i++)
		if (inv_compare(inv->v[i - 1].path, inv->v[i].path) >= 0)
			abort();
}

static void
check_delta(const struct delta *d, const struct inventory *here)
{
	size_t	i;

	for (i = 0; i < d->n; i++) {
		if (d->v[i].here == NULL && d->v[i].there == NULL)
			abort();
		if (d->v[i].letter == PUSH_GONE &&
		    inv_find(here, d->v[i].there->path) != NULL)
			abort();
	}
}

static void
compare(const struct remote *r, bool keep)
{
	struct inventory	 here;
	struct rules		*rules = rules_new();
	struct strs		 dirs = STRS_INIT;
	struct str		 items = STR_INIT;
	struct delta		 d;

	if (keep && rules_add(rules, "keep b\n", "rules", NULL) == -1)
		abort();
	inv_init(&here);
	add(&here, "a", INV_DIR);
	add(&here, "a/b", INV_FILE);
	add(&here, "l", INV_LINK);
	delta_init(&d, &here, r, rules);
	delta_dirs(&d, &dirs);
	if (delta_guests(&d, &dirs) == NULL) {
		delta_count(&d);
		delta_items(&d, r, false, &items);
	}
	check_delta(&d, &here);
	if (delta_is_blind(&here, r))
		abort();		/* all of it was read */
	delta_release(&d);
	strs_release(&dirs);
	str_release(&items);
	rules_free(rules);
	inv_release(&here);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err	e = ERR_INIT;
	struct remote	r;

	if (len == 0)
		return 0;
	if (remote_parse(&r, data + 1, len - 1, &e) == -1) {
		if (e.msg[0] == '\0')
			abort();
		return 0;
	}
	check_order(&r.record);
	check_order(&r.differs);
	compare(&r, data[0] & 1);
	remote_release(&r);
	return 0;
}
