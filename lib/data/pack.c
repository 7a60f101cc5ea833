/* pack.c - gzip, zstd, or nothing, behind one interface, both ways (pack.h). */
#include "data/pack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "data/packgz.h"
#include "data/packlib.h"

#define OUT_SIZE	(128 * 1024)
#define IN_SIZE		(128 * 1024)	/* unpacking */
#define PIECE_SIZE	(256 * 1024)
/* By measurement on source trees: the next levels cost more time than what they
 * save takes to send at 1 Gbit/s. */
#define ZSTD_LEVEL	1
#define GZIP_WINDOW	(15 + 16)	/* 32 KiB, with header and sum of gzip */

struct pack_ops {
	/* Packs all of p; the end if it is the last. */
	int	(*add)(struct pack *, const void *p, size_t len, bool last, struct err *);
	void	(*free)(struct pack *);
};

struct pack {
	const struct pack_ops	*ops;
	tarout_write_fn		 write;
	void			*arg;
	struct packring		*gzip;
	ZSTD_CCtx		*zstd;
	size_t			 len;		/* in out */
	unsigned char		*out;		/* OUT_SIZE */
};

static int
pack_flush(struct pack *k, struct err *e)
{
	int	r = k->len > 0 ? k->write(k->arg, k->out, k->len) : 0;

	k->len = 0;
	return r == -1 ? err_errno(e, "write the archive") : 0;
}

/* ---- as it is ---- */

static int
plain_add(struct pack *k, const void *p, size_t len, bool last, struct err *e)
{
	if (k->len + len > OUT_SIZE && pack_flush(k, e) == -1)
		return -1;
	if (len >= OUT_SIZE)
		return k->write(k->arg, p, len) == -1 ?
		    err_errno(e, "write the archive") : 0;
	if (len > 0)
		memcpy(k->out + k->len, p, len);
	k->len += len;
	return last ? pack_flush(k, e) : 0;
}

static void
plain_free(struct pack *k)
{
	(void)k;
}

/* ---- gzip ---- */

static int
gzip_add(struct pack *k, const void *p, size_t len, bool last, struct err *e)
{
	if (len > 0 && packring_add(k->gzip, p, len, e) == -1)
		return -1;
	return last ? packring_finish(k->gzip, e) : 0;
}

static void
gzip_free(struct pack *k)
{
	packring_free(k->gzip);
}

/* ---- zstd ---- */

static int
zstd_add(struct pack *k, const void *p, size_t len, bool last, struct err *e)
{
	ZSTD_inBuffer	in = { p, len, 0 };
	ZSTD_outBuffer	out;
	size_t		left;

	do {
		out = (ZSTD_outBuffer){ k->out, OUT_SIZE, k->len };
		left = ZSTD_compressStream2(k->zstd, &out, &in,
		    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return err_code(e, ENOMEM, "pack with zstd: %s",
			    ZSTD_getErrorName(left));
		k->len = out.pos;
		if ((k->len == OUT_SIZE || (last && left == 0)) &&
		    pack_flush(k, e) == -1)
			return -1;
	} while (last ? left != 0 : in.pos < in.size);
	return 0;
}

static void
zstd_free(struct pack *k)
{
	ZSTD_freeCCtx(k->zstd);
}

/* ---- */

static const struct pack_ops plain_ops = { plain_add, plain_free };
static const struct pack_ops gzip_ops = { gzip_add, gzip_free };
static const struct pack_ops zstd_ops = { zstd_add, zstd_free };

static int
pack_begin(struct pack *k, enum tarout_format format, int level, struct err *e)
{
	switch (format) {
	case TAROUT_TAR:
		k->ops = &plain_ops;
		return 0;
	case TAROUT_TAR_GZ:
		k->gzip = packgz_new(level, false, k->write, k->arg, e);
		k->ops = &gzip_ops;
		return k->gzip != NULL ? 0 : -1;
	case TAROUT_TAR_ZST:
		k->zstd = ZSTD_createCCtx();
		if (k->zstd == NULL)
			return err_code(e, ENOMEM, "pack with zstd: out of memory");
		k->ops = &zstd_ops;
		ZSTD_CCtx_setParameter(k->zstd, ZSTD_c_checksumFlag, 1);
		if (ZSTD_isError(ZSTD_CCtx_setParameter(k->zstd,
		    ZSTD_c_compressionLevel, level != 0 ? level : ZSTD_LEVEL)))
			return err_code(e, EINVAL, "pack with zstd: level %d", level);
		return 0;
	}
	return err_code(e, EINVAL, "unknown archive format");
}

struct pack *
pack_new(enum tarout_format format, int level, tarout_write_fn write, void *arg,
    struct err *e)
{
	struct pack	*k = xcalloc(1, sizeof *k);

	k->write = write;
	k->arg = arg;
	if (pack_begin(k, format, level, e) == -1) {
		pack_free(k);
		return NULL;
	}
	k->out = xmalloc(OUT_SIZE);
	return k;
}

int
pack_add(struct pack *k, const void *p, size_t len, struct err *e)
{
	return k->ops->add(k, p, len, false, e);
}

int
pack_finish(struct pack *k, struct err *e)
{
	return k->ops->add(k, NULL, 0, true, e);
}

void
pack_free(struct pack *k)
{
	if (k == NULL)
		return;
	if (k->ops != NULL)
		k->ops->free(k);
	free(k->out);
	free(k);
}

/* ---- unpacking ---- */

enum unpack_kind { UNPACK_UNKNOWN, UNPACK_PLAIN, UNPACK_GZIP, UNPACK_ZSTD, UNPACK_END };

struct unpack {
	int			 fd;
	enum unpack_kind	 kind;
	bool			 between;	/* members or frames */
	bool			 gzip;		/* z was begun */
	bool			 any;		/* a byte came */
	bool			 eof;
	bool			 full;		/* piece was filled: there may be more without input */
	z_stream		 z;
	ZSTD_DCtx		*zstd;
	size_t			 at, len;	/* what of in is not yet unpacked */
	unsigned char		*buf;		/* IN_SIZE; NULL: the bytes are given */
	const unsigned char	*in;		/* buf, or those bytes */
	unsigned char		*piece;		/* PIECE_SIZE */
	unpack_source_fn	 source;	/* NULL: fd, or bytes that are given */
	void			*source_arg;
	const unsigned char	*more;		/* its, and not yet in in */
	size_t			 nmore;
};

struct unpack *
unpack_new(int fd)
{
	struct unpack	*u = xcalloc(1, sizeof *u);

	u->fd = fd;
	u->between = true;
	u->in = u->buf = xmalloc(IN_SIZE);
	return u;
}

struct unpack *
unpack_new_bytes(const void *p, size_t len)
{
	struct unpack	*u = xcalloc(1, sizeof *u);

	u->fd = -1;
	u->between = u->eof = true;
	u->any = len > 0;
	u->in = p;
	u->len = len;
	return u;
}

struct unpack *
unpack_new_from(unpack_source_fn read, void *arg)
{
	struct unpack	*u = unpack_new(-1);

	u->source = read;
	u->source_arg = arg;
	return u;
}

/* What the source gave becomes in; only where bytes are left of the last, which
 * are few, they are put together. */
static void
take_more(struct unpack *u)
{
	size_t	n = u->nmore;

	if (u->len == 0) {
		u->in = u->more;
	} else {
		if (n > IN_SIZE - u->len)
			n = IN_SIZE - u->len;
		memmove(u->buf, u->in + u->at, u->len);
		memcpy(u->buf + u->len, u->more, n);
		u->in = u->buf;
	}
	u->at = 0;
	u->len += n;
	u->more += n;
	u->nmore -= n;
}

static int
fill_from(struct unpack *u, struct err *e)
{
	const void	*p = NULL;
	ssize_t		 n;

	if (u->nmore == 0) {
		/* What is left may be the source's, and would go. */
		memmove(u->buf, u->in + u->at, u->len);
		u->in = u->buf;
		u->at = 0;
		if ((n = u->source(u->source_arg, &p, e)) == -1)
			return -1;
		u->eof = n == 0;
		u->any = u->any || n > 0;
		u->more = p;
		u->nmore = (size_t)n;
	}
	if (u->nmore > 0)
		take_more(u);
	return 0;
}

/* More into in, behind what is there. */
static int
unpack_fill(struct unpack *u, struct err *e)
{
	ssize_t	n;

	if (u->source != NULL)
		return fill_from(u, e);
	if (u->at > 0) {
		memmove(u->buf, u->buf + u->at, u->len);
		u->at = 0;
	}
	do
		n = read(u->fd, u->buf + u->len, IN_SIZE - u->len);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return err_errno(e, "read the archive");
	u->eof = n == 0;
	u->any = u->any || n > 0;
	u->len += (size_t)n;
	return 0;
}

static bool
is_zstd(const unsigned char *p)
{
	static const unsigned char	frame[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const unsigned char	skipped[3] = { 0x2a, 0x4d, 0x18 };

	return memcmp(p, frame, sizeof frame) == 0 ||
	    (p[0] >> 4 == 5 && memcmp(p + 1, skipped, sizeof skipped) == 0);
}

static int
unpack_begin(struct unpack *u, struct err *e)
{
	while (u->len < 4 && !u->eof)
		if (unpack_fill(u, e) == -1)
			return -1;
	u->kind = UNPACK_PLAIN;
	if (u->len >= 2 && u->in[0] == 0x1f && u->in[1] == 0x8b) {
		if (inflateInit2(&u->z, GZIP_WINDOW) != Z_OK)
			return err_code(e, ENOMEM, "unpack gzip: out of memory");
		u->kind = UNPACK_GZIP;
		u->gzip = true;
	} else if (u->len >= 4 && is_zstd(u->in)) {
		u->zstd = ZSTD_createDCtx();
		if (u->zstd == NULL)
			return err_code(e, ENOMEM, "unpack zstd: out of memory");
		u->kind = UNPACK_ZSTD;
	}
	if (u->kind != UNPACK_PLAIN)
		u->piece = xmalloc(PIECE_SIZE);
	return 0;
}

/* Both: how many bytes of piece were filled, and -1 and e. */
static ssize_t
unpack_gzip(struct unpack *u, struct err *e)
{
	int	r;

	if (u->between && u->in[u->at] != 0x1f) {
		u->kind = UNPACK_END;
		return 0;
	}
	if (u->between)
		inflateReset(&u->z);
	u->z.next_in = (z_const Bytef *)(u->in + u->at);
	u->z.avail_in = (uInt)u->len;
	u->z.next_out = u->piece;
	u->z.avail_out = PIECE_SIZE;
	r = inflate(&u->z, Z_NO_FLUSH);
	u->at += u->len - u->z.avail_in;
	u->len = u->z.avail_in;
	u->between = r == Z_STREAM_END;
	u->full = u->z.avail_out == 0 && !u->between;
	if (r == Z_MEM_ERROR)
		return err_code(e, ENOMEM, "unpack gzip: out of memory");
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return err_code(e, EINVAL, "broken gzip data: %s",
		    u->z.msg != NULL ? u->z.msg : "no reason known");
	return PIECE_SIZE - (ssize_t)u->z.avail_out;
}

static ssize_t
unpack_zstd(struct unpack *u, struct err *e)
{
	ZSTD_inBuffer	in = { u->in + u->at, u->len, 0 };
	ZSTD_outBuffer	out = { u->piece, PIECE_SIZE, 0 };
	size_t		left = ZSTD_decompressStream(u->zstd, &out, &in);

	if (ZSTD_isError(left))
		return err_code(e, EINVAL, "broken zstd data: %s", ZSTD_getErrorName(left));
	u->at += in.pos;
	u->len -= in.pos;
	u->between = left == 0;
	u->full = out.pos == PIECE_SIZE && !u->between;
	return (ssize_t)out.pos;
}

static ssize_t
unpack_plain(struct unpack *u, const void **p)
{
	size_t	n = u->len;

	*p = u->in + u->at;
	u->at += n;
	u->len = 0;
	return (ssize_t)n;
}

static ssize_t
unpack_more(struct unpack *u, const void **p, struct err *e)
{
	if (u->len == 0 && !u->full) {
		if (!u->eof && unpack_fill(u, e) == -1)
			return -1;
		if (u->len == 0 && u->kind != UNPACK_PLAIN && !u->between)
			return err_code(e, EINVAL, "broken %s data: it is cut off",
			    u->kind == UNPACK_GZIP ? "gzip" : "zstd");
		if (u->len == 0) {
			u->kind = UNPACK_END;
			return 0;
		}
	}
	*p = u->piece;
	if (u->kind == UNPACK_GZIP)
		return unpack_gzip(u, e);
	return u->kind == UNPACK_ZSTD ? unpack_zstd(u, e) : unpack_plain(u, p);
}

ssize_t
unpack_read(struct unpack *u, const void **p, struct err *e)
{
	ssize_t	n = 0;

	if (u->kind == UNPACK_UNKNOWN && unpack_begin(u, e) == -1)
		return -1;
	while (n == 0 && u->kind != UNPACK_END)
		n = unpack_more(u, p, e);
	return n;
}

int
unpack_drain(struct unpack *u, struct err *e)
{
	while (!u->eof) {
		u->at = u->len = 0;
		if (unpack_fill(u, e) == -1)
			return -1;
	}
	return 0;
}

bool
unpack_was_empty(const struct unpack *u)
{
	return !u->any;
}

void
unpack_free(struct unpack *u)
{
	if (u == NULL)
		return;
	if (u->gzip)
		inflateEnd(&u->z);
	ZSTD_freeDCtx(u->zstd);
	free(u->buf);
	free(u->piece);
	free(u);
}
