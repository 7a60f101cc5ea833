/*
 * inventory.c - what a file with an inventory may hold (api/inventory.h), which
 * both ends of a push keep and read again: inv_read, then inv_write, which must
 * give the same bytes, inv_find and inv_identify.
 * The first byte of an input is no part of the file: if it is 'S' the sum at the
 * end is put right first, so that changed inputs count.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/inventory.h"
#include "base/xmalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define SUM 8

/* As invfile.c adds up; set_up finds out if that has changed. */
static uint64_t
sum_of(const uint8_t *p, size_t len)
{
	uint64_t	a = 0x9e3779b97f4a7c15ULL ^ len, w;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&w, p, 8);
		a = (a ^ w) * 0xff51afd7ed558ccdULL;
		a ^= a >> 32;
	}
	for (; len > 0; p++, len--)
		a = (a ^ *p) * 0xc4ceb9fe1a85ec53ULL;
	return a ^ (a >> 29);
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

static void
check(struct inventory *inv)
{
	struct str	a = STR_INIT, b = STR_INIT;
	struct inventory again;
	size_t		i;

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
	inv_write(&again, "name", &b);
	if (a.len != b.len || memcmp(a.s, b.s, a.len) != 0)
		abort();
	inv_release(&again);
	str_release(&a);
	str_release(&b);
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
