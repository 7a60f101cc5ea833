/*
 * upload.h - how the bytes of a PUT /write travel to the helper that writes
 * the file, so that a file takes its place only when all of it came.
 *
 * What the helper reads (ring.h) are frames: a length of 4 bytes, big endian,
 * then so many bytes. A frame of length 0 says: that was all, put it into
 * place. The end of input without it (the client went away, the body
 * was short, this program was killed) says: forget it. So no order of signals
 * and closed descriptors can turn half a file into a file.
 */
#ifndef BUILDLET_UPLOAD_H
#define BUILDLET_UPLOAD_H

#include <stdint.h>

#include "base/err.h"
#include "http/body.h"
#include "io/ring.h"

#define UPLOAD_FRAME_MAX (1024 * 1024)
#define UPLOAD_HEAD	 4

/* The sending side, in the loop: takes src and gives the same as frames. A src
 * that breaks off breaks the result off. */
struct body *upload_frames(struct loop *, struct body *src) MUST;

/* The receiving side, in the helper: copies frames from in to the file out.
 * 0 once the last frame said so. Else -1 and e; code 0: the sender broke off
 * or sent nonsense, an errno: the file could not be written. */
int upload_receive(struct ring *in, int out, uint64_t *bytes, struct err *e) MUST;

#endif
