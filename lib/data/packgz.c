/* packgz.c - a piece of a stream as a member of gzip. */
#include "data/packgz.h"

#include "data/packlib.h"

#define PIECE		(1024 * 1024)
#define ROOM		(PIECE + PIECE / 8)	/* what does not shrink grows by far less */
#define THREADS		8
/* By measurement on source trees: as small as what gzip makes by its default
 * level, in a third of its time; by zlib 5 % more in half of it. */
#define FAST_LEVEL	5
#define ZLIB_LEVEL	4
#define GZIP_WINDOW	(15 + 16)	/* 32 KiB, with header and sum of gzip */

/* --- libdeflate ------------------------------------------------------------------ */

static bool
fast_init(void *state, int level)
{
	struct libdeflate_compressor	**k = state;

	*k = libdeflate_alloc_compressor(level);
	return *k != NULL;
}

static size_t
fast_run(void *state, int level, const void *in, size_t len, void *out, size_t room)
{
	struct libdeflate_compressor	**k = state;

	(void)level;
	return libdeflate_gzip_compress(*k, in, len, out, room);
}

static void
fast_release(void *state)
{
	struct libdeflate_compressor	**k = state;

	if (*k != NULL)
		libdeflate_free_compressor(*k);
}

/* --- zlib ------------------------------------------------------------------------ */

struct zlib_state {
	z_stream	z;
	bool		begun;
};

static bool
zlib_init(void *state, int level)
{
	struct zlib_state	*k = state;

	k->begun = deflateInit2(&k->z, level, Z_DEFLATED, GZIP_WINDOW, 9,
	    Z_DEFAULT_STRATEGY) == Z_OK;
	return k->begun;
}

static size_t
zlib_run(void *state, int level, const void *in, size_t len, void *out, size_t room)
{
	z_stream	*z = &((struct zlib_state *)state)->z;

	(void)level;
	if (deflateReset(z) != Z_OK)
		return 0;
	z->next_in = (z_const Bytef *)in;
	z->avail_in = (uInt)len;
	z->next_out = out;
	z->avail_out = (uInt)room;
	return deflate(z, Z_FINISH) == Z_STREAM_END ? room - z->avail_out : 0;
}

static void
zlib_release(void *state)
{
	struct zlib_state	*k = state;

	if (k->begun)
		deflateEnd(&k->z);
}

/* --- which of the two --------------------------------------------------------------- */

static const struct packer fast = { "gzip", sizeof(struct libdeflate_compressor *),
	fast_init, fast_run, fast_release };
static const struct packer zlib = { "gzip", sizeof(struct zlib_state),
	zlib_init, zlib_run, zlib_release };

/* Settled here: threads that looked for the library, too, would get in each other's
 * way, and might find another one. */
struct packring *
packgz_new(int level, bool plain, tarout_write_fn write, void *arg, struct err *e)
{
	bool			is_fast = !plain && packlib_deflate() != NULL;
	struct packring_spec	spec = {
		.packer = is_fast ? &fast : &zlib,
		.level = level != 0 ? level : is_fast ? FAST_LEVEL : ZLIB_LEVEL,
		.piece = PIECE, .room = ROOM, .threads = THREADS,
		.write = write, .arg = arg,
	};

	return packring_new(&spec, e);
}
