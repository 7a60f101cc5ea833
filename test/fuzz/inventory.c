/*
 * inventory.c - what a file with an inventory may hold (api/inventory.h), which
 * both ends of a push keep and read again: inv_read, then inv_write, which must
 * give the same bytes, inv_find and inv_identify.
 * The first byte of an input is no part of the file: if it is 'S' the sum at the
 * end is put right first, so that changed inputs count; 'C' the same, and what
 * follows are changes (inv_read_changes) of an inventory of three entries, whose
 * stamp is put right, too.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/inventory.h"
#include "base/xmalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define SUM		8
#define CHANGES_HEAD	(19 + 16)	/* the line, and length and sum of the base */

static uint64_t
mix(uint64_t a, uint64_t w)
{
	a = (a ^ w) * 0xff51afd7ed558ccdULL;
	return a ^ a >> 32;
}

/* As invfile.c adds up; set_up finds out if that has changed. */
static uint64_t
sum_of(const uint8_t *p, size_t len)
{
	uint64_t	a[4] = { len, 1, 2, 3 }, w[4];
	size_t		i;

	for (; len >= sizeof w; p += sizeof w, len -= sizeof w) {
		memcpy(w, p, sizeof w);
		for (i = 0; i < 4; i++)
			a[i] = mix(a[i], w[i]);
	}
	for (; len > 0; p++, len--)
		a[0] = mix(a[0], *p);
	return mix(mix(mix(a[0], a[1]), a[2]), a[3]);
}

static void
repair(uint8_t *p, size_t len)
{
	uint64_t	sum = sum_of(p, len - SUM);
	size_t		i;

	for (i = 0; i < SUM; i++)
		p[len - SUM + i] = (uint8_t)(sum >> (8 * i));
}

static void
set_up(void)
{
	struct inventory	none;
	struct str		was = STR_INIT;
	uint8_t			*now;

	inv_init(&none);
	inv_write(&none, "name", &was);
	now = xmemdup(was.s, was.len);
	repair(now, was.len);
	if (memcmp(now, was.s, was.len) != 0)
		abort();
	free(now);
	str_release(&was);
}

/* Takes the second. */
static void
is_written_alike(struct inventory *inv, struct inventory *again)
{
	struct str	a = STR_INIT, b = STR_INIT;

	inv_write(inv, "name", &a);
	inv_write(again, "name", &b);
	if (a.len != b.len || memcmp(a.s, b.s, a.len) != 0)
		abort();
	inv_release(again);
	str_release(&a);
	str_release(&b);
}

static void
check(struct inventory *inv)
{
	struct inventory	again;
	struct str		a = STR_INIT;
	size_t			i;

	for (i = 0; i < inv->n; i++)
		if (inv_find(inv, inv->v[i].path) != &inv->v[i] ||
		    !inv_path_ok(inv->v[i].path, strlen(inv->v[i].path)))
			abort();
	if (inv_identify(inv) && !inv->identified)
		abort();
	inv_write(inv, "name", &a);
	inv_init(&again);
	if (inv_read(&again, xmemdup(a.s, a.len), a.len, "name", NULL) == -1)
		abort();
	str_release(&a);
	is_written_alike(inv, &again);
}

/* Of a directory, a file in it, and a link. */
static void
make_base(struct inventory *inv)
{
	struct inventory	three;
	struct str		bytes = STR_INIT;

	inv_init(&three);
	inv_add(&three, "a")->kind = INV_DIR;
	inv_add(&three, "a/b")->kind = INV_FILE;
	inv_add(&three, "c")->kind = INV_LINK;
	inv_write(&three, "name", &bytes);
	inv_init(inv);
	if (inv_read(inv, bytes.s, bytes.len, NULL, NULL) == -1)
		abort();
	inv_release(&three);
}

static void
put_number(uint8_t *p, uint64_t n)
{
	size_t	i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

/* What they lead to must be an inventory, whose changes lead there, too. */
static void
check_changes(struct inventory *inv)
{
	struct inventory	again;
	struct str		a = STR_INIT;
	size_t			i;

	for (i = 1; i < inv->n; i++)
		if (inv_compare(inv->v[i - 1].path, inv->v[i].path) >= 0)
			abort();
	inv_write_changes(inv, "name", &a);
	make_base(&again);
	if (inv_read_changes(&again, xmemdup(a.s, a.len), a.len, "name", NULL) == -1)
		abort();
	str_release(&a);
	is_written_alike(inv, &again);
}

static void
changes(const uint8_t *data, size_t len)
{
	struct inventory	 inv;
	struct err		 e = ERR_INIT;
	uint8_t			*copy = xmemdup(data, len);

	make_base(&inv);
	if (len > CHANGES_HEAD + SUM) {
		put_number(copy + CHANGES_HEAD - 16, inv.base.len);
		put_number(copy + CHANGES_HEAD - 8, inv.base.sum);
		repair(copy, len);
	}
	if (inv_read_changes(&inv, (char *)copy, len, NULL, &e) == 0) {
		check_changes(&inv);
		check(&inv);
	} else if (e.msg[0] == '\0' || inv.n != 0)
		abort();
	inv_release(&inv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool		 ready;
	struct inventory	 inv;
	struct err		 e = ERR_INIT;
	uint8_t			*copy;

	if (!ready)
		set_up();
	ready = true;
	if (len == 0)
		return 0;
	if (data[0] == 'C') {
		changes(data + 1, len - 1);
		return 0;
	}
	copy = xmemdup(data + 1, len - 1);
	if (data[0] == 'S' && len > SUM)
		repair(copy, len - 1);
	inv_init(&inv);
	if (inv_read(&inv, (char *)copy, len - 1, NULL, &e) == 0)
		check(&inv);
	else if (e.msg[0] == '\0' || inv.n != 0)
		abort();
	inv_release(&inv);
	return 0;
}
