/*
 * packlib.h - zlib, libzstd and libdeflate, each loaded when its first function
 * is called (dynlib.h): each is from here on a member of a table. For pack.c,
 * packgz.c and packzst.c alone.
 */
#ifndef DATA_PACKLIB_H
#define DATA_PACKLIB_H

#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include "base/dynlib.h"

#define ZLIB_FUNCTIONS(F) \
	F(deflate) \
	F(deflateEnd) \
	F(deflateInit2_) \
	F(deflateReset) \
	F(inflate) \
	F(inflateEnd) \
	F(inflateInit2_) \
	F(inflateReset)

#define ZSTD_FUNCTIONS(F) \
	F(ZSTD_CCtx_setParameter) \
	F(ZSTD_compress2) \
	F(ZSTD_compressStream2) \
	F(ZSTD_createCCtx) \
	F(ZSTD_createDCtx) \
	F(ZSTD_decompressStream) \
	F(ZSTD_freeCCtx) \
	F(ZSTD_freeDCtx) \
	F(ZSTD_getErrorName) \
	F(ZSTD_isError)

#define DEFLATE_FUNCTIONS(F) \
	F(libdeflate_alloc_compressor) \
	F(libdeflate_free_compressor) \
	F(libdeflate_gzip_compress)

struct zlib { ZLIB_FUNCTIONS(DYNLIB_MEMBER) };
struct zstd { ZSTD_FUNCTIONS(DYNLIB_MEMBER) };
struct libdeflate { DEFLATE_FUNCTIONS(DYNLIB_MEMBER) };

/* Once one has returned its table, any thread may call it again. */

/* Die where it is not installed. */
const struct zlib *packlib_zlib(void);
const struct zstd *packlib_zstd(void);
/* NULL where it is not: zlib does the same, slower. */
const struct libdeflate *packlib_deflate(void);

#define deflate				(packlib_zlib()->deflate)
#define deflateEnd			(packlib_zlib()->deflateEnd)
#define deflateInit2_			(packlib_zlib()->deflateInit2_)
#define deflateReset			(packlib_zlib()->deflateReset)
#define inflate				(packlib_zlib()->inflate)
#define inflateEnd			(packlib_zlib()->inflateEnd)
#define inflateInit2_			(packlib_zlib()->inflateInit2_)
#define inflateReset			(packlib_zlib()->inflateReset)

#define libdeflate_alloc_compressor	(packlib_deflate()->libdeflate_alloc_compressor)
#define libdeflate_free_compressor	(packlib_deflate()->libdeflate_free_compressor)
#define libdeflate_gzip_compress	(packlib_deflate()->libdeflate_gzip_compress)

#define ZSTD_CCtx_setParameter		(packlib_zstd()->ZSTD_CCtx_setParameter)
#define ZSTD_compress2			(packlib_zstd()->ZSTD_compress2)
#define ZSTD_compressStream2		(packlib_zstd()->ZSTD_compressStream2)
#define ZSTD_createCCtx			(packlib_zstd()->ZSTD_createCCtx)
#define ZSTD_createDCtx			(packlib_zstd()->ZSTD_createDCtx)
#define ZSTD_decompressStream		(packlib_zstd()->ZSTD_decompressStream)
#define ZSTD_freeCCtx			(packlib_zstd()->ZSTD_freeCCtx)
#define ZSTD_freeDCtx			(packlib_zstd()->ZSTD_freeDCtx)
#define ZSTD_getErrorName		(packlib_zstd()->ZSTD_getErrorName)
#define ZSTD_isError			(packlib_zstd()->ZSTD_isError)

#endif
