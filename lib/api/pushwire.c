/*
 * pushwire.c - items by a table of their fields, both ways. Numbers are seven
 * bits a byte, the lowest first, the top bit set in all but the last; texts a
 * number and so many bytes.
 */
#include "api/pushwire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/xmalloc.h"

#define CHUNKS_MAX	(64 * 1024 * 1024)	/* of one file: 64 GiB at least */

/* n num, g flags, P path, T target, B path of the base, M mode, t mtime, S size,
 * D digest, b digest of the base, C chunks. */
static const struct layout {
	char		 letter;
	const char	*fields;
} layouts[] = {
	{ PUSH_HEAD, "ngD" },
	{ PUSH_END, "D" },
	{ PUSH_KEPT, "D" },
	{ PUSH_DIFFS, "" },
	{ PUSH_ALL, "" },
	{ PUSH_ENTRY, "PMSDC" },
	{ PUSH_EMPTIED, "P" },
	{ PUSH_HERE, "P" },
	{ PUSH_DIR, "PM" },
	{ PUSH_LINK, "PT" },
	{ PUSH_GONE, "P" },
	{ PUSH_FILE, "PMtS" },
	{ PUSH_USE, "PMtSD" },
	{ PUSH_SAME, "PMtSDB" },
	{ PUSH_PATCH, "PMtBb" },
	{ PUSH_MODE, "PM" },
	{ PUSH_DISOWN, "P" },
	{ PUSH_ONCE, "PMtS" },
};

static const struct layout *
layout_of(char letter)
{
	size_t	i;

	for (i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
		if (layouts[i].letter == letter)
			return &layouts[i];
	return NULL;
}

/* --- writing ------------------------------------------------------------------- */

static void
put_num(struct str *s, uint64_t n)
{
	unsigned char	b[10];
	size_t		len = 0;

	while (n > 0x7f) {
		b[len++] = (unsigned char)(0x80 | (n & 0x7f));
		n >>= 7;
	}
	b[len++] = (unsigned char)n;
	str_addn(s, b, len);
}

static void
put_text(struct str *s, const void *p, size_t len)
{
	put_num(s, len);
	str_addn(s, p, len);
}

static void
put_chunks(struct str *s, const unsigned char *chunks, uint32_t n)
{
	put_num(s, n);
	str_addn(s, chunks, (size_t)n * INV_CHUNK);
}

static void
put_field(struct str *s, char field, const struct push_item *x)
{
	switch (field) {
	case 'n':
		put_num(s, x->num);
		break;
	case 'g':
		put_num(s, x->flags);
		break;
	case 'P':
		put_text(s, x->path, strlen(x->path));
		break;
	case 'T':
	case 'B':
		put_text(s, x->other, strlen(x->other));
		break;
	case 'M':
		put_num(s, x->mode);
		break;
	case 't':
		put_num(s, (uint64_t)x->mtime);
		break;
	case 'S':
		put_num(s, x->size);
		break;
	case 'D':
		str_addn(s, x->digest, INV_DIGEST);
		break;
	case 'b':
		str_addn(s, x->base, INV_DIGEST);
		break;
	case 'C':
		put_chunks(s, x->chunks, x->nchunks);
		break;
	}
}

void
push_write(struct str *s, const struct push_item *x)
{
	const char	*f = layout_of(x->letter)->fields;

	str_addc(s, x->letter);
	for (; *f != '\0'; f++)
		put_field(s, *f, x);
}

void
push_write_entry(struct str *s, const struct inv_entry *x)
{
	struct push_item	i = { .path = x->path, .other = x->target,
		.mode = x->mode, .size = x->size, .nchunks = x->nchunks,
		.chunks = x->chunks };

	i.letter = x->kind == INV_DIR ? PUSH_DIR :
	    x->kind == INV_LINK ? PUSH_LINK : PUSH_ENTRY;
	memcpy(i.digest, x->digest, INV_DIGEST);
	push_write(s, &i);
}

void
push_write_path(struct str *s, enum push_letter letter, const char *path)
{
	const struct push_item	i = { .letter = (char)letter, .path = path };

	push_write(s, &i);
}

void
push_write_chunks(struct str *s, const struct inv_entry *x)
{
	put_chunks(s, x->chunks, x->nchunks);
}

void
push_write_op(struct str *s, enum push_letter letter, uint64_t offset, uint64_t len)
{
	str_addc(s, (char)letter);
	if (letter == PUSH_OP_COPY)
		put_num(s, offset);
	if (letter != PUSH_OP_END)
		put_num(s, len);
}

/* --- reading -------------------------------------------------------------------- */

struct push_reader {
	push_source		 source;
	void			*arg;
	const unsigned char	*p, *end;	/* what it gave and is not yet taken */
	struct str		 path, other, chunks;
};

struct push_reader *
push_reader_new(push_source source, void *arg)
{
	struct push_reader	*r = xcalloc(1, sizeof *r);

	r->source = source;
	r->arg = arg;
	return r;
}

void
push_reader_free(struct push_reader *r)
{
	if (r == NULL)
		return;
	str_release(&r->path);
	str_release(&r->other);
	str_release(&r->chunks);
	free(r);
}

/* 1: there is something to take, 0: the end. */
static int
fill(struct push_reader *r, struct err *e)
{
	const void	*p;
	ssize_t		 n;

	if (r->p != r->end)
		return 1;
	if ((n = r->source(r->arg, &p, e)) <= 0)
		return (int)n;
	r->p = p;
	r->end = r->p + n;
	return 1;
}

ssize_t
push_read_bytes(struct push_reader *r, uint64_t max, const void **p, struct err *e)
{
	size_t	n;
	int	got = fill(r, e);

	if (got == 0)
		return err_code(e, EINVAL, "the push broke off");
	if (got == -1)
		return -1;
	n = (size_t)(r->end - r->p);
	if (n > max)
		n = (size_t)max;
	*p = r->p;
	r->p += n;
	return (ssize_t)n;
}

bool
push_at_end(struct push_reader *r, struct err *e)
{
	return fill(r, e) == 0;
}

static int
get_bytes(struct push_reader *r, void *to, size_t len, struct err *e)
{
	unsigned char	*at = to;
	const void	*p = NULL;
	ssize_t		 n;

	if (r->p != NULL && (size_t)(r->end - r->p) >= len) {
		memcpy(to, r->p, len);
		r->p += len;
		return 0;
	}
	for (; len > 0; len -= (size_t)n, at += n) {
		if ((n = push_read_bytes(r, len, &p, e)) == -1)
			return -1;
		memcpy(at, p, (size_t)n);
	}
	return 0;
}

static int
get_num(struct push_reader *r, uint64_t *n, struct err *e)
{
	unsigned char	b;
	unsigned	shift = 0;

	*n = 0;
	do {
		if (get_bytes(r, &b, 1, e) == -1)
			return -1;
		if (shift > 63 || (shift == 63 && b > 1))
			return err_code(e, EINVAL, "a number is too long");
		*n |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while ((b & 0x80) != 0);
	return 0;
}

/* A number, times unit bytes, at most max of those. */
static int
get_text(struct push_reader *r, struct str *to, size_t unit, uint64_t max,
    struct err *e)
{
	uint64_t	 n;
	const void	*p = NULL;
	ssize_t		 got;

	str_clear(to);
	if (get_num(r, &n, e) == -1)
		return -1;
	if (n > max / unit)
		return err_code(e, EINVAL, "a text is too long");
	for (n *= unit; n > 0; n -= (uint64_t)got) {
		if ((got = push_read_bytes(r, n, &p, e)) == -1)
			return -1;
		str_addn(to, p, (size_t)got);
	}
	return 0;
}

static int
get_path(struct push_reader *r, struct str *to, const char **path, struct err *e)
{
	if (get_text(r, to, 1, PATH_WIRE_MAX, e) == -1)
		return -1;
	*path = str_text(to);
	return inv_path_ok(*path, to->len) ? 0 :
	    err_code(e, EINVAL, "a path is not acceptable");
}

static int
get_target(struct push_reader *r, struct push_item *x, struct err *e)
{
	if (get_text(r, &r->other, 1, PATH_WIRE_MAX, e) == -1)
		return -1;
	x->other = str_text(&r->other);
	return r->other.len > 0 && strlen(x->other) == r->other.len ? 0 :
	    err_code(e, EINVAL, "the target of a link is not acceptable");
}

static int
get_mode(struct push_reader *r, struct push_item *x, struct err *e)
{
	uint64_t	n;

	if (get_num(r, &n, e) == -1)
		return -1;
	x->mode = (uint16_t)n;
	return n <= 0777 ? 0 : err_code(e, EINVAL, "a mode is not acceptable");
}

int
push_read_chunks(struct push_reader *r, const unsigned char **p, uint32_t *n,
    struct err *e)
{
	if (get_text(r, &r->chunks, INV_CHUNK, CHUNKS_MAX, e) == -1)
		return -1;
	*p = (const unsigned char *)str_text(&r->chunks);
	*n = (uint32_t)(r->chunks.len / INV_CHUNK);
	return 0;
}

static int
get_field(struct push_reader *r, char field, struct push_item *x, struct err *e)
{
	uint64_t	n;

	switch (field) {
	case 'n':
		return get_num(r, &x->num, e);
	case 'g':
		return get_num(r, &x->flags, e);
	case 'P':
		return get_path(r, &r->path, &x->path, e);
	case 'B':
		return get_path(r, &r->other, &x->other, e);
	case 'T':
		return get_target(r, x, e);
	case 'M':
		return get_mode(r, x, e);
	case 't':
		if (get_num(r, &n, e) == -1)
			return -1;
		x->mtime = (int64_t)n;
		return 0;
	case 'S':
		if (get_num(r, &x->size, e) == -1)
			return -1;
		return x->size <= INT64_MAX ? 0 :
		    err_code(e, EINVAL, "a size is not acceptable");
	case 'D':
		return get_bytes(r, x->digest, INV_DIGEST, e);
	case 'b':
		return get_bytes(r, x->base, INV_DIGEST, e);
	default:
		return push_read_chunks(r, &x->chunks, &x->nchunks, e);
	}
}

int
push_read(struct push_reader *r, struct push_item *x, struct err *e)
{
	const struct layout	*l;
	const char		*f;

	memset(x, 0, sizeof *x);
	x->path = x->other = "";
	if (get_bytes(r, &x->letter, 1, e) == -1)
		return -1;
	if ((l = layout_of(x->letter)) == NULL)
		return err_code(e, EINVAL, "no item begins with byte %d",
		    (unsigned char)x->letter);
	for (f = l->fields; *f != '\0'; f++)
		if (get_field(r, *f, x, e) == -1)
			return -1;
	return 0;
}

int
push_read_digest(struct push_reader *r, unsigned char digest[INV_DIGEST],
    struct err *e)
{
	return get_bytes(r, digest, INV_DIGEST, e);
}

int
push_read_op(struct push_reader *r, char *letter, uint64_t *offset,
    uint64_t *len, struct err *e)
{
	*offset = *len = 0;
	if (get_bytes(r, letter, 1, e) == -1)
		return -1;
	if (*letter == PUSH_OP_COPY && get_num(r, offset, e) == -1)
		return -1;
	if (*letter == PUSH_OP_END)
		return 0;
	if (*letter != PUSH_OP_COPY && *letter != PUSH_OP_DATA)
		return err_code(e, EINVAL, "no operation begins with byte %d",
		    (unsigned char)*letter);
	if (get_num(r, len, e) == -1)
		return -1;
	return *offset <= INT64_MAX && *len <= INT64_MAX - *offset ? 0 :
	    err_code(e, EINVAL, "an operation is out of bounds");
}
