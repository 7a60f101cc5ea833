/* packzst.c - a piece of a stream as a frame of zstd. */
#include "data/packzst.h"

#include "data/packlib.h"

#define PIECE		(2 * 1024 * 1024)
#define ROOM		(PIECE + PIECE / 128 + 1024)	/* zstd asks for less */
/* Enough: whoever reads a tree from memory and hashes it has 650 MB for them in a
 * second, of which each packs 450 at the fastest level (by measurement on source
 * trees). And each takes 3 to 6 MiB. */
#define THREADS		2

static bool
begin(void *state, int level, int summed)
{
	ZSTD_CCtx	**k = state;

	*k = ZSTD_createCCtx();
	return *k != NULL &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(*k, ZSTD_c_checksumFlag, summed)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(*k, ZSTD_c_compressionLevel, level));
}

static bool
summed_init(void *state, int level)
{
	return begin(state, level, 1);
}

static bool
bare_init(void *state, int level)
{
	return begin(state, level, 0);
}

/* Where all of the packed bytes have room, zstd packs in one go and copies nothing
 * into buffers of its own. */
static size_t
run(void *state, int level, const void *in, size_t len, void *out, size_t room)
{
	ZSTD_CCtx	**k = state;
	size_t		  n;

	ZSTD_CCtx_setParameter(*k, ZSTD_c_compressionLevel, level);
	n = ZSTD_compress2(*k, out, room, in, len);
	return ZSTD_isError(n) ? 0 : n;
}

static void
release(void *state)
{
	ZSTD_freeCCtx(*(ZSTD_CCtx **)state);
}

static const struct packer summed_frames = { "zstd", sizeof(ZSTD_CCtx *),
	summed_init, run, release };
static const struct packer bare_frames = { "zstd", sizeof(ZSTD_CCtx *),
	bare_init, run, release };

struct packring *
packzst_new(int level, bool summed, size_t after, tarout_write_fn write, void *arg,
    struct err *e)
{
	struct packring_spec	spec = {
		.packer = summed ? &summed_frames : &bare_frames,
		.level = level, .piece = PIECE, .room = ROOM,
		.threads = THREADS, .after = after,
		.write = write, .arg = arg,
	};

	return packring_new(&spec, e);
}
